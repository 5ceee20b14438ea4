"""Closed conversations when their time is over: gone from every room; what is newer, or open, stays."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
import yaml

from functions.conversations import layout
from functions.conversations.model import State
from functions.erasure.expiry import Expiry
from functions.errors import NotFound, Unavailable
from functions.identity.merging import Who
from functions.message import Address, Inbound, Kind, thread_key
from functions.ports import Entity, Op, Write
from functions.routing.inbound import Delivery
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.desk.kit import now
from tests.operations.erasing import House, open_house, somebody
from tests.operations.test_erasing_rooms import SHARED, found

KEPT = timedelta(days=30)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(azurite: Azurite, blob_service: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with open_house(azurite, blob_service, servicebus) as house:
        configurations = house.services.configurations
        text = yaml.safe_load(await configurations.text(1))
        await configurations.apply(yaml.safe_dump({**text, "retention": "P30D"}), "tests")
        yield house


async def expire(house: House, until: datetime) -> int:
    """Let the timer run when what closed before `until` has been kept long enough."""
    one = house.services
    closings, live = one.threads.indexes.closings, one.configurations.current
    return await Expiry(one.erasure, closings, one.parked, live, lambda: until + KEPT).run()


async def texted(house: House, customer: str, text: str = "Hei", kind: Kind = Kind.MESSAGE) -> str:
    """Let a customer write on the custom channel; give the conversation."""
    item = Inbound(
        channel="custom",
        provider="dynamics",
        account="portal",
        thread=customer,
        event=uuid4().hex,
        kind=kind,
        sender=Address(id=customer),
        text=text,
        received_at=now(),
    )
    await house.services.router.route(
        "inbound-custom", [Delivery(item.id, item.session, item.json_text(), 1)]
    )
    row = await house.services.threads._store.newest(item.session)
    assert row
    return f"{item.session}-{layout.LAST - int(row.key[2:]):06d}"


async def close(house: House, conversation: str) -> None:
    await house.services.threads.transition(conversation, State.CLOSED, agent="a")


async def test_what_closed_long_enough_ago_is_gone_from_every_room(house: House) -> None:
    customer = await house.known(somebody())
    between = now()
    other = await house.known(somebody())
    before, files = await house.everything()
    assert await expire(house, between - timedelta(days=1)) == 0
    assert await house.everything() == (before, files)

    assert await expire(house, between) == 3
    after, left = await house.everything()
    # What is parked since then is not old enough itself.
    assert all(where.startswith("('parked'") for where in found(customer, after, left))
    gone = set(before) - set(after)
    assert {where[0] for where in gone} >= {
        "threads",
        "due",
        "inbox",
        "sends",
        "identities",
        "chats",
        "calls",
    }
    assert len(left) == len(files) - 1
    assert set(after) <= set(before)
    assert [where for where in after if after[where] != before[where] and where[0] not in SHARED] == []
    assert len(found(other, after, left)) == len(found(other, before, files)) > 30
    assert await expire(house, between) == 0


@pytest.mark.parametrize("table", ["sends", "callwatch", "customs", "threads", "identities", "recordlinks"])
async def test_what_was_cut_off_is_done_by_the_next_run(house: House, table: str) -> None:
    customer = await house.known(somebody())
    house.weather.failing = table
    with pytest.raises(Unavailable):
        await expire(house, now())
    assert found(customer, *await house.everything())
    await expire(house, now())
    rows, _ = await house.everything()
    assert all(where.startswith("('parked'") for where in found(customer, rows, {}))
    assert not [where for where in rows if where[1].startswith("closed:")]


async def test_a_newer_conversation_stays_with_its_customer(house: House) -> None:
    customer = f"custom-{uuid4().hex}"
    first = await texted(house, customer)
    await close(house, first)
    between = now()
    second = await texted(house, customer, "Hei taas")
    assert second == f"{first[:-1]}2"
    await close(house, second)
    third = await texted(house, customer, "Ja vielä")
    assert await expire(house, between) == 1
    threads = house.services.threads
    with pytest.raises(NotFound):
        await threads.conversation(first)
    assert [one.text for one in (await threads.messages(second, None, 1)).items] == ["Hei taas"]
    assert await expire(house, now()) == 1
    assert (await threads.conversation(third)).state is State.OPEN
    assert await house.services.identities.get("custom", "portal", customer)
    rows, _ = await house.everything()
    assert not [
        where for where, row in rows.items() if first in f"{where} {row}" or second in f"{where} {row}"
    ]


async def test_who_opted_out_stays_known(house: House) -> None:
    customer, stranger = f"custom-{uuid4().hex}", f"custom-{uuid4().hex}"
    for who in (customer, stranger):
        conversation = await texted(house, who)
        if who == customer:
            await texted(house, who, "STOP", Kind.OPT_OUT)
        await close(house, conversation)
    assert await expire(house, now()) == 2
    identities = house.services.identities
    known = await identities.get("custom", "portal", customer)
    assert known
    assert known.opted_out_at
    assert await identities.get("custom", "portal", stranger) is None


async def test_who_is_merged_stays_known(house: House) -> None:
    one, other = f"custom-{uuid4().hex}", f"custom-{uuid4().hex}"
    conversations = [await texted(house, one), await texted(house, other)]
    primary, alias = (Who(channel="custom", account="portal", id=name) for name in (one, other))
    await house.services.merger.merge(primary, alias, "admin")
    await close(house, conversations[1])
    assert await expire(house, now()) == 1
    known = await house.services.identities.get("custom", "portal", one)
    assert known
    assert [alias.id for alias in known.aliases] == [other]


async def test_a_row_that_nobody_can_read_holds_up_no_other(house: House) -> None:
    broken, well = [await texted(house, f"custom-{uuid4().hex}") for _ in range(2)]
    for conversation in (broken, well):
        await close(house, conversation)
    place = layout.place(broken)
    head = Entity(place.partition, layout.head_key(place.number), {"json0": "{"})
    table = house.services.erasure._table("threads")
    await table.commit([Op(Write.UPSERT, head)])
    assert await expire(house, now()) == 1
    with pytest.raises(NotFound):
        await house.services.threads.conversation(well)
    await table.commit([Op(Write.DELETE, head)])
    assert await expire(house, now()) == 0  # its head is gone, and so is the row that named it
    rows, _ = await house.everything()
    assert not [where for where in rows if where[1].startswith("closed:") and broken in where[2]]


async def test_what_was_parked_long_ago_is_forgotten(house: House) -> None:
    parked, made = house.services.parked, now()
    names = {}
    for age in (timedelta(), timedelta(days=1)):
        key = f"{9_999_999_999 - int((made - age).timestamp()):010d}-{thread_key('a', 'b', str(age))}"
        properties = {"queue": "media", "session": "", "message": "m", "reason": "r"}
        await parked.record(key, "body", {**properties, "parkedAt": (made - age).isoformat()})
        names[age] = key
    await expire(house, made - timedelta(hours=1))
    assert (await parked.get(names[timedelta()])).body == "body"
    with pytest.raises(NotFound):
        await parked.get(names[timedelta(days=1)])


async def test_without_a_retention_all_is_kept(house: House) -> None:
    conversation = await texted(house, f"custom-{uuid4().hex}")
    await close(house, conversation)
    configurations = house.services.configurations
    text = yaml.safe_load(await configurations.text(2))
    await configurations.apply(yaml.safe_dump({**text, "retention": None}), "tests")
    assert await expire(house, now() + timedelta(days=10_000)) == 0
    assert (await house.services.threads.conversation(conversation)).state is State.CLOSED
