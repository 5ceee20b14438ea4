"""What a visitor tells before a chat is dropped when nothing is said in it, and only then."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, islice
from uuid import uuid4

import pytest_asyncio

from functions.cloud.blobs import AzureBlobs
from functions.cloud.tables import AzureTable, open_tables
from functions.directline.sessions import ROW, SHARDS, Session, Sessions, begun
from functions.directline.unspoken import KEPT, PAGE, forget
from functions.errors import NotFound
from functions.message import digest
from functions.ports import Entity, Op, Write
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.directline.house import House, house, now

LATER = KEPT + timedelta(minutes=1)


@dataclass
class Desk:
    """Where chats begin, and who looks after what is left of them."""

    house: House
    table: AzureTable
    sessions: Sessions

    async def begin(self, conversation: str = "", at: datetime | None = None) -> str:
        told = Session(
            conversation=conversation or uuid4().hex,
            user="dl_anna",
            name="Anna",
            email="anna@example.com",
            created_at=at or now(),
        )
        return (await self.sessions.open("web", told)).conversation

    async def tidy(self, after: timedelta) -> None:
        await forget(self.table, self.house.services.threads, now() + after)

    async def knows(self, conversation: str) -> bool:
        try:
            await self.sessions.get("web", conversation)
        except NotFound:
            return False
        return True

    async def noted(self) -> int:
        return sum([len(await self.table.range(begun(shard))) for shard in SHARDS])


@pytest_asyncio.fixture
async def desk(azurite: Azurite, servicebus: ServiceBus, blob_service: Azurite) -> AsyncIterator[Desk]:
    blobs, tables = AzureBlobs(blob_service.connection_string), open_tables(azurite.connection_string)
    table = tables.table(f"t{uuid4().hex}")
    async with house(azurite.connection_string, servicebus.connection_string, None, blobs) as made:
        yield Desk(made, table, Sessions(table))
    await tables.close()
    await blobs.close()


async def test_a_silent_chat_is_forgotten_when_its_tokens_are_over(desk: Desk) -> None:
    silent = await desk.begin()
    await desk.tidy(timedelta(days=7))
    assert await desk.knows(silent)
    await desk.tidy(LATER)
    assert (await desk.knows(silent), await desk.noted()) == (False, 0)


async def test_a_chat_in_which_something_was_said_stays_until_it_is_erased(desk: Desk) -> None:
    spoken = await desk.begin()
    await desk.house.customer_says(spoken, "Hei")
    await desk.tidy(LATER)
    assert (await desk.knows(spoken), await desk.noted()) == (True, 0)


async def test_who_comes_back_silently_is_known_for_another_while(desk: Desk) -> None:
    visitor = await desk.begin()
    assert await desk.begin(visitor, now() + timedelta(days=5)) == visitor
    assert await desk.noted() == 1
    await desk.tidy(LATER)
    assert (await desk.knows(visitor), await desk.noted()) == (True, 1)
    await desk.tidy(LATER + timedelta(days=5))
    assert (await desk.knows(visitor), await desk.noted()) == (False, 0)


async def test_more_than_a_page_of_one_partition(desk: Desk) -> None:
    names = (uuid4().hex for _ in count())
    same = list(islice((name for name in names if digest("web", name).startswith("0")), PAGE + 5))
    for conversation in same:
        await desk.begin(conversation)
    await desk.tidy(LATER)
    assert [one for one in same if await desk.knows(one)] == []
    assert await desk.noted() == 0
    await desk.tidy(LATER)  # once more is well


async def test_an_erasure_leaves_nothing_of_a_session(desk: Desk) -> None:
    gone = await desk.begin()
    for days in (1, 2, 2):
        await desk.begin(gone, now() + timedelta(days=days))
    await desk.sessions.erase("web", gone)
    await desk.sessions.erase("web", gone)
    assert (await desk.knows(gone), await desk.noted()) == (False, 0)


async def test_one_whose_session_is_gone_holds_up_no_other(desk: Desk) -> None:
    gone, silent = await desk.begin(), await desk.begin()
    await desk.table.commit([Op(Write.DELETE, Entity(digest("web", gone), ROW, {}))])
    await desk.tidy(LATER)
    assert (await desk.knows(silent), await desk.noted()) == (False, 0)
