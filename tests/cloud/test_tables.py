"""Table Storage through our protocol, against a real table service (Azurite)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio

from functions.cloud.tables import DEADLINE, AzureTable, Tables, open_tables
from functions.errors import AlreadyExists, Stale, Unavailable
from functions.ports import Entity, Op, Table, Value, Write
from local.azurite import ACCOUNT, KEY, Azurite


@pytest_asyncio.fixture(scope="session")
async def tables(azurite: Azurite) -> AsyncIterator[Tables]:
    opened = open_tables(azurite.connection_string)
    yield opened
    await opened.close()


@pytest.fixture
def table(tables: Tables) -> AzureTable:
    return tables.table(f"t{uuid4().hex}")


def row(key: str, version: str = "", **values: Value) -> Entity:
    return Entity("p'1", key, values, version)


async def put(table: Table, *keys: str) -> None:
    await table.commit([Op(Write.INSERT, row(key, n=key)) for key in keys])


async def keys(table: Table, start: str = "", end: str = "\uffff", limit: int | None = None) -> list[str]:
    return [entity.key for entity in await table.range("p'1", start, end, limit)]


async def test_every_kind_of_value_comes_back_as_it_went(table: AzureTable) -> None:
    values: dict[str, Value] = {
        "text": "hyvää päivää 👋\n'\"",
        "small": -7,
        "big": 2**40,
        "float": 1.5,
        "whole": 2.0,
        "yes": True,
        "when": datetime(2026, 8, 1, 12, 30, 15, 123456, tzinfo=UTC),
        "bytes": b"\x00\xff",
        "empty": "",
    }
    await table.commit([Op(Write.INSERT, Entity("p'1", "k", values))])
    found = await table.get("p'1", "k")
    assert found is not None
    assert found.values == values
    assert {name: type(value) for name, value in found.values.items()} == {
        name: type(value) for name, value in values.items()
    }
    assert found.etag
    assert found.partition == "p'1"


async def test_a_missing_table_reads_as_empty_and_is_created_by_the_first_write(table: AzureTable) -> None:
    assert await table.get("p'1", "a") is None
    assert await table.range("p'1") == []
    await put(table, "a", "b")
    assert await keys(table) == ["a", "b"]


async def test_two_first_writers_of_a_table_both_succeed(tables: Tables) -> None:
    name = f"t{uuid4().hex}"
    await asyncio.gather(*(put(tables.table(name), key) for key in "abcd"))
    assert await keys(tables.table(name)) == ["a", "b", "c", "d"]


async def test_a_range_is_half_open_ordered_and_limited(table: AzureTable) -> None:
    await put(table, "a", "b", "c", "d")
    assert await keys(table, "b", "d") == ["b", "c"]
    assert await keys(table, limit=3) == ["a", "b", "c"]
    assert await keys(table, limit=0) == []
    assert await keys(table, "c") == ["c", "d"]


async def test_a_range_over_several_pages_is_whole(table: AzureTable) -> None:
    wanted = [f"{n:04d}" for n in range(1100)]
    for start in range(0, 1100, 100):
        await put(table, *wanted[start : start + 100])
    assert await keys(table) == wanted
    assert await keys(table, limit=1050) == wanted[:1050]


@pytest.mark.parametrize("others", [0, 2])
async def test_an_insert_over_a_row_names_its_place(table: AzureTable, others: int) -> None:
    await put(table, "taken")
    ops = [Op(Write.INSERT, row(f"new{n}")) for n in range(others)]
    with pytest.raises(AlreadyExists) as error:
        await table.commit([*ops, Op(Write.INSERT, row("taken", n="changed"))])
    assert error.value.index == others
    assert await keys(table) == ["taken"]


@pytest.mark.parametrize("write", [Write.REPLACE, Write.DELETE])
@pytest.mark.parametrize("others", [0, 1])
async def test_a_changed_row_is_stale_and_nothing_is_written(
    table: AzureTable, write: Write, others: int
) -> None:
    await put(table, "a")
    read = await table.get("p'1", "a")
    assert read is not None
    await table.commit([Op(Write.UPSERT, row("a", n="newer"))])
    ops = [Op(Write.INSERT, row("b"))] * others + [Op(write, row("a", read.etag, n="older"))]
    with pytest.raises(Stale):
        await table.commit(ops)
    assert [entity.values for entity in await table.range("p'1")] == [{"n": "newer"}]


@pytest.mark.parametrize("write", [Write.REPLACE, Write.DELETE])
@pytest.mark.parametrize("others", [0, 1])
async def test_a_row_that_went_is_stale(table: AzureTable, write: Write, others: int) -> None:
    await put(table, "a")
    read = await table.get("p'1", "a")
    assert read is not None
    await table.commit([Op(Write.DELETE, row("a"))])
    with pytest.raises(Stale):
        await table.commit(
            [Op(Write.INSERT, row("b"))] * others + [Op(write, row("a", read.etag, n="older"))]
        )
    assert await keys(table) == []


async def test_replace_drops_the_properties_that_it_does_not_name(table: AzureTable) -> None:
    await table.commit([Op(Write.INSERT, row("a", x=1, y=2))])
    read = await table.get("p'1", "a")
    assert read is not None
    await table.commit([Op(Write.REPLACE, row("a", read.etag, x=3))])
    await table.commit([Op(Write.UPSERT, row("b", z=4))])
    assert [entity.values for entity in await table.range("p'1")] == [{"x": 3}, {"z": 4}]


async def test_deleting_what_is_gone_is_well_and_the_rest_is_done(table: AzureTable) -> None:
    await put(table, "taken")
    gone = [Op(Write.DELETE, row(f"gone{n}")) for n in range(2)]
    await table.commit(gone[:1])
    await table.commit([gone[0], Op(Write.INSERT, row("new")), gone[1]])
    assert await keys(table) == ["new", "taken"]
    with pytest.raises(AlreadyExists) as error:
        await table.commit([*gone, Op(Write.INSERT, row("taken"))])
    assert error.value.index == 2


async def test_one_of_many_writers_of_one_version_wins(table: AzureTable) -> None:
    await put(table, "a")
    read = await table.get("p'1", "a")
    assert read is not None
    results = await asyncio.gather(
        *(table.commit([Op(Write.REPLACE, row("a", read.etag, n=n))]) for n in range(8)),
        return_exceptions=True,
    )
    assert results.count(None) == 1
    assert sum(isinstance(result, Stale) for result in results) == 7


async def test_a_dead_service_is_unavailable_in_time() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        await _expect_unavailable(port, lambda table: table.get("p", "k"))
        await _expect_unavailable(port, lambda table: put(table, "k"))


async def test_a_service_that_never_answers_is_unavailable_in_time() -> None:
    held: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        await _expect_unavailable(server.sockets[0].getsockname()[1], lambda table: put(table, "k"))
        assert held
        for writer in held:
            writer.close()


async def _expect_unavailable(port: int, call: Callable[[AzureTable], Awaitable[object]]) -> None:
    tables = open_tables(
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
        f"TableEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )
    try:
        async with asyncio.timeout(DEADLINE + 1):
            with pytest.raises(Unavailable):
                await call(tables.table("nowhere"))
    finally:
        await tables.close()


async def test_what_the_machine_says_of_proxies_is_not_asked(
    table: AzureTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    await put(table, "a")
    assert await keys(table) == ["a"]
