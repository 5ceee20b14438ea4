"""What one network may ask of a public chat: counted for all instances, in windows of ten minutes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from functions.channels.contract import Request
from functions.cloud.tables import AzureTable, open_tables
from functions.directline.call import Call
from functions.directline.client import network
from functions.directline.limits import SHARDS, WINDOW, WINDOWS, Limits
from functions.errors import TooMany
from local.azurite import Azurite
from tests.directline.kit import ALLOWED, SECRET, Chats, Told
from tests.waiting import early_in

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
FILE = b"x" * 1000


@pytest_asyncio.fixture
async def table(azurite: Azurite) -> AsyncIterator[AzureTable]:
    opened = open_tables(azurite.connection_string)
    yield opened.table(f"t{uuid4().hex}")
    await opened.close()


@pytest.mark.parametrize(
    ("header", "proxies", "found"),
    [
        ("203.0.113.5:52011", 0, "203.0.113.5"),
        ("203.0.113.5", 0, "203.0.113.5"),
        ("198.51.100.7, 203.0.113.5:52011", 0, "203.0.113.5"),  # what stands before is the caller's word
        ("198.51.100.7,203.0.113.5:52011", 1, "198.51.100.7"),
        ("192.0.2.1, 198.51.100.7, 203.0.113.5:52011", 1, "198.51.100.7"),
        ("203.0.113.5:52011", 1, "203.0.113.5"),
        ("[2001:db8:1:2:3::4]:443", 0, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::4", 0, "2001:db8:1:2::/64"),
        ("[::ffff:203.0.113.5]:1", 0, "203.0.113.5"),
        ("", 0, ""),
        ("somebody", 0, ""),
        ("203.0.113.999:1", 0, ""),
        ("203.0.113.5:1, ", 0, ""),
    ],
)
def test_the_network_of_a_caller(header: str, proxies: int, found: str) -> None:
    assert network({"x-forwarded-for": header}, proxies) == found


def test_nobody_tells() -> None:
    assert network({}, 0) == ""


def calling(chats: Chats, who: str = "203.0.113.5", at: datetime = NOON) -> Call:
    rooms: Any = None  # counting needs none
    request = Request("POST", "", "", {"x-forwarded-for": f"{who}:5000"}, b"", at)
    return Call(request, chats.account("public"), rooms)


async def spent(limits: Limits, call: Call, units: int = 1, limit: int = 3) -> int | None:
    """Give after how many seconds to come again; None when it is let in."""
    try:
        await limits.spend(call, "begin", units, limit)
    except TooMany as refused:
        return refused.retry_after
    return None


async def test_all_instances_count_together(chats: Chats, table: AzureTable) -> None:
    first, second = Limits(table), Limits(table)
    call = calling(chats, at=NOON + timedelta(minutes=9))
    assert [await spent(one, call) for one in (first, second, first, second, first)] == [
        None,
        None,
        None,
        60,
        60,
    ]
    assert await spent(second, calling(chats, at=NOON + WINDOW)) is None
    assert await spent(second, calling(chats, "203.0.113.6", NOON + WINDOW)) is None


async def test_many_at_once_get_no_more(chats: Chats, table: AzureTable) -> None:
    houses = [Limits(table) for _ in range(4)]
    answers = await asyncio.gather(*(spent(houses[n % 4], calling(chats), limit=10) for n in range(60)))
    assert 1 <= answers.count(None) <= 10


async def test_without_a_limit_nothing_is_counted(chats: Chats, table: AzureTable) -> None:
    assert [await spent(Limits(table), calling(chats), limit=0) for _ in range(3)] == [None] * 3
    assert await table.range(WINDOWS) == []


async def test_what_is_kept_tells_nobodys_address_and_goes(chats: Chats, table: AzureTable) -> None:
    limits = Limits(table)
    for n in range(30):
        await spent(limits, calling(chats, f"203.0.113.{n}"))
    [window] = await table.range(WINDOWS)
    rows = [row for shard in SHARDS for row in await table.range(f"{window.key}:{shard}")]
    assert len(rows) == 30
    assert len({row.partition for row in rows}) > 4
    assert all("203" not in str(row.values) and len(row.key) == 32 for row in rows)
    again = [row.key for row in rows]
    await limits.forget(NOON + WINDOW)
    assert len(await table.range(WINDOWS)) == 1
    await spent(limits, calling(chats, at=NOON + 2 * WINDOW))
    await limits.forget(NOON + 2 * WINDOW)
    assert [row.key for row in await table.range(WINDOWS)] != [window.key]
    assert [row for shard in SHARDS for row in await table.range(f"{window.key}:{shard}")] == []
    [later] = await table.range(WINDOWS)
    rows = [row for shard in SHARDS for row in await table.range(f"{later.key}:{shard}")]
    assert len(rows) == 1
    assert rows[0].key not in again  # the same network has another name in each window


async def test_another_account_counts_for_itself(chats: Chats, table: AzureTable) -> None:
    limits, call = Limits(table), calling(chats)
    other = replace(call, account=replace(call.account, id="twin"))
    found = [await spent(limits, one, limit=1) for one in (call, other, call, other)]
    assert found == [None, None, 600, 600]


@pytest_asyncio.fixture
async def one_window() -> None:
    """The platform's clock is the machine's: begin no test at the end of a window."""
    await early_in(WINDOW)


async def begin(chats: Chats, account: str, who: str = "") -> Told:
    headers = {"X_Forwarded_For": who} if who else {}
    return await chats.call("POST", "/session", {}, account=account, Origin=chats.url, **headers)


@pytest.mark.usefixtures("one_window")
async def test_chats_begun_from_one_network(chats: Chats) -> None:
    """The header that the caller writes helps nobody."""
    told = [await begin(chats, "public", f"203.0.113.{n}") for n in range(6)]
    assert Counter(one.status for one in told) == {201: 3, 429: 3}
    refused = told[-1]
    assert refused.code == "TooManyRequests"
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    for _ in range(4):  # the account's own backend is not counted
        await chats.start("public")


@pytest.mark.usefixtures("one_window")
async def test_networks_behind_a_proxy(chats: Chats) -> None:
    for who in (f"203.0.113.{uuid4().int % 250}", f"198.51.100.{uuid4().int % 250}"):
        statuses = [(await begin(chats, "fronted", f"1.1.1.{n}, {who}")).status for n in range(4)]
        assert statuses == [201, 201, 201, 429]


@pytest.mark.usefixtures("one_window")
async def test_files_from_one_network(chats: Chats) -> None:
    talks = [await chats.start("fronted") for _ in range(2)]
    who = {"X_Forwarded_For": "192.0.2.44"}
    told = [await talk.call("POST", "upload", data=FILE, **who) for talk in talks * 3]
    assert [one.status for one in told] == [200, 200, 200, 429, 429, 429]
    elsewhere = await talks[0].call("POST", "upload", data=FILE, X_Forwarded_For="192.0.2.45")
    assert elsewhere.status == 200
    backend = await talks[0].call("POST", "upload", data=FILE, token=SECRET, **who)
    assert backend.status == 200
    assert (await talks[0].post(text="moi")).status == 200  # words are not counted


@pytest.mark.usefixtures("one_window")
async def test_megabytes_count(chats: Chats) -> None:
    talk = await chats.start("fronted")
    who = {"X_Forwarded_For": "192.0.2.46", "Origin": ALLOWED}
    told = [await talk.call("POST", "upload", data=BytesIO(b"x" * 2_900_000), **who) for _ in range(3)]
    assert [one.status for one in told] == [403] * 3  # who may not call is not counted
    del who["Origin"]
    told = [await talk.call("POST", "upload", data=BytesIO(b"x" * 2_900_000), **who) for _ in range(3)]
    assert [one.status for one in told] == [200, 200, 429]
