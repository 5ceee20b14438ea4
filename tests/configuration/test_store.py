"""The store, against a real table service: versions, polling, outages, imports."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from functions.cloud.tables import AzureTable, Tables
from functions.configuration.check import InvalidDocument
from functions.configuration.document import Record
from functions.configuration.store import Configurations
from functions.configuration.versions import CURRENT, PARTITION, Head, Versions
from functions.errors import Conflict, NotFound, TooLarge, Unavailable
from functions.identity.records import Records
from functions.ports import Entity, Op, Table
from tests.configuration.kit import Clock, callback, store, vault
from tests.configuration.samples import TWILIO_TOKEN, text
from tests.identity.finding import by_phone


class Unreliable:
    """A real table that can be unplugged, and counts what it is asked."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.plugged = True
        self.calls = 0

    async def get(self, partition: str, key: str) -> Entity | None:
        self._used()
        return await self._table.get(partition, key)

    async def range(
        self, partition: str, start: str = "", end: str = "\uffff", limit: int | None = None
    ) -> list[Entity]:
        self._used()
        return await self._table.range(partition, start, end, limit)

    async def commit(self, ops: Sequence[Op]) -> None:
        self._used()
        await self._table.commit(ops)

    def _used(self) -> None:
        self.calls += 1
        if not self.plugged:
            raise Unavailable("unplugged")


async def test_before_the_first_there_is_an_empty_one(table: AzureTable, clock: Clock) -> None:
    live = await store(table, clock).current()
    assert (live.version, live.document.accounts) == (0, ())
    with pytest.raises(NotFound):
        await live.account("sms", "sms-twilio")


async def test_what_is_applied_is_in_force_here_at_once_and_elsewhere_after_two_seconds(
    table: AzureTable, clock: Clock
) -> None:
    here, elsewhere = store(table, clock), store(table, clock)
    assert (await elsewhere.current()).version == 0
    applied = await here.apply(text(), "anna")
    assert applied.version == 1
    assert (await here.current()).version == 1
    assert (await elsewhere.current()).version == 0
    clock.pass_seconds(2)
    assert (await elsewhere.current()).version == 1
    assert (await elsewhere.current()).rulebook.version == 1


async def test_every_version_is_kept_with_its_author(table: AzureTable, clock: Clock) -> None:
    here = store(table, clock)
    second = text(("defaultRegion", "SE"))
    await here.apply(text(), "anna")
    applied = await here.apply(second, "bertta")
    assert (applied.version, [change.path for change in applied.changes]) == (2, ["defaultRegion"])
    assert [await here.text(version) for version in (1, 2)] == [text(), second]
    assert here.default_region() == "SE"
    row = await table.get(PARTITION, "v00000002")
    assert row is not None
    assert (row.values["author"], row.values["applied_at"]) == ("bertta", clock.now)
    with pytest.raises(NotFound):
        await here.text(3)


async def test_no_change_tells_a_secret(table: AzureTable, clock: Clock) -> None:
    assert TWILIO_TOKEN not in (await store(table, clock).apply(text(), "anna")).json_text()


async def test_the_same_text_again_is_no_new_version(table: AzureTable, clock: Clock) -> None:
    here = store(table, clock)
    await here.apply(text(), "anna")
    again = await here.apply(text(), "anna")
    assert (again.version, again.changes) == (1, ())


async def test_a_wrong_one_changes_nothing(table: AzureTable, clock: Clock) -> None:
    here = store(table, clock)
    await here.apply(text(), "anna")
    with pytest.raises(InvalidDocument) as refused:
        await here.apply(text(("accounts.0.workstream", "x"), ("entitlements", [])), "anna")
    assert len(refused.value.problems) == 3
    clock.pass_seconds(5)
    assert (await here.current()).version == 1


async def test_two_at_once_do_not_overwrite_each_other(table: AzureTable, clock: Clock) -> None:
    here, elsewhere = store(table, clock), store(table, clock)
    await here.apply(text(), "anna")
    texts = [text(("defaultRegion", region)) for region in ("SE", "NO")]
    done = await asyncio.gather(
        here.apply(texts[0], "anna"), elsewhere.apply(texts[1], "bertta"), return_exceptions=True
    )
    winners = [one.version for one in done if not isinstance(one, BaseException)]
    # Either both were at work at once and one was refused, or one came wholly after the other.
    assert sorted(winners) in ([2], [2, 3])
    assert all(isinstance(one, Conflict) for one in done if isinstance(one, BaseException))
    with pytest.raises(Conflict):
        await Versions(table).append(Head(1, 'W/"old"'), "x", "anna", clock.now)


async def test_an_edit_can_insist_on_what_it_began_with(table: AzureTable, clock: Clock) -> None:
    here = store(table, clock)
    await here.apply(text(), "anna", expected=0)
    with pytest.raises(Conflict):
        await here.apply(text(("defaultRegion", "SE")), "anna", expected=0)


async def test_the_last_good_one_stays_while_the_table_is_down(table: AzureTable, clock: Clock) -> None:
    unreliable = Unreliable(table)
    here = store(unreliable, clock)
    await here.apply(text(), "anna")
    unreliable.plugged = False
    clock.pass_seconds(60)
    assert (await here.current()).version == 1
    unreliable.plugged = True
    await store(table, clock).apply(text(("defaultRegion", "SE")), "bertta")
    clock.pass_seconds(2)
    assert (await here.current()).version == 2


async def test_with_nothing_loaded_and_the_table_down_it_is_unavailable(
    table: AzureTable, clock: Clock
) -> None:
    unreliable = Unreliable(table)
    unreliable.plugged = False
    with pytest.raises(Unavailable):
        await store(unreliable, clock).current()


async def test_what_cannot_be_read_here_is_not_taken_over(table: AzureTable, clock: Clock) -> None:
    here = store(table, clock)
    await here.apply(text(), "anna")
    row = await table.get(PARTITION, CURRENT)
    assert row is not None
    await Versions(table).append(
        Head(1, row.etag), "newer: [than, this]", "a later version of ours", clock.now
    )
    clock.pass_seconds(2)
    assert (await here.current()).version == 1
    with pytest.raises(Unavailable):
        await store(table, clock).current()
    mended = await here.apply(text(), "anna")
    assert mended.version == 3


async def test_polling_is_one_point_read_in_two_seconds(table: AzureTable, clock: Clock) -> None:
    unreliable = Unreliable(table)
    here = store(unreliable, clock)
    await here.apply(text(), "anna")
    calls = unreliable.calls
    for _ in range(100):
        await here.current()
    assert unreliable.calls == calls
    clock.pass_seconds(2)
    await asyncio.gather(*(here.current() for _ in range(100)))
    assert unreliable.calls == calls + 1


async def test_large_texts_are_kept_whole(table: AzureTable, clock: Clock) -> None:
    noise = "".join(f"# {uuid4().hex}\n" for _ in range(20_000))
    here = store(table, clock)
    await here.apply(text() + noise, "anna")
    assert await here.text(1) == text() + noise
    with pytest.raises(TooLarge):
        await here.apply(text() + noise + "".join(f"# {uuid4().hex}\n" for _ in range(40_000)), "anna")


async def test_records_are_imported_with_the_new_region_and_again_after_a_failure(
    table: AzureTable, tables: Tables, clock: Clock
) -> None:
    failures = [Unavailable("once")]

    async def put(record: Record) -> Record:
        if failures:
            raise failures.pop()
        return await records.put(record)

    here = Configurations(table, vault(), clock, callback, put)
    records = Records(tables.table(f"t{uuid4().hex}"), clock, here.default_region)
    swedish = text(("defaultRegion", "SE"), ("records.0.phones", ["070 123 45 67"]))
    with pytest.raises(Unavailable):
        await here.apply(swedish, "anna")
    assert (await here.apply(swedish, "anna")).version == 1
    assert [ref.id for ref in await by_phone(records, "+46701234567")] == ["c-1"]
