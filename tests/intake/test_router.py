"""The routing function over real tables and queues: poison never blocks a thread, and nothing comes twice."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio

from functions.conversations.model import State, StoredMessage
from functions.message import Inbound, Kind
from functions.routing.inbound import PARK_AFTER, Delivery, NotRouted
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.delivery.house import House, open_house
from tests.desk.kit import now
from tests.intake.reading import read
from tests.intake.samples import inbound

QUEUE = "inbound-sms"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with open_house(azurite, servicebus) as opened:
        yield opened


def items(count: int) -> list[Inbound]:
    """One customer's messages."""
    first = inbound(received_at=now(), text="0")
    return [first.model_copy(update={"event": f"SM{uuid4().hex}", "text": f"{n}"}) for n in range(count)]


def delivery(item: Inbound, count: int = 1) -> Delivery:
    return Delivery(item.id, item.session, item.json_text(), count)


def poison(session: str, count: int = 1, body: str = "{}") -> Delivery:
    return Delivery(uuid4().hex, session, body, count)


def unstorable(item: Inbound) -> Inbound:
    """Readable, but no time can be told at which its conversation will have rested too long."""
    return item.model_copy(update={"received_at": datetime.max.replace(tzinfo=UTC), "text": "a private word"})


async def stored(house: House, customer: str) -> list[StoredMessage]:
    threads = house.services.threads
    page = await threads.inbox("support", State.OPEN, None, 100)
    for found in page.items:
        if found.customer.id == customer:
            return list((await threads.messages(found.id, None, 100)).items)
    return []


async def reasons(servicebus: ServiceBus, *messages: str) -> list[str]:
    """Why these were parked, in the order of their parking."""
    arrived = await read(servicebus, "parked", count=len(messages))
    found = [{k.decode(): v.decode() for k, v in m.application_properties.items()} for m in arrived]  # type: ignore[union-attr]
    return [one["reason"] for one in found if one["message"] in messages]


async def test_a_batch_is_one_conversation_in_order_and_redelivery_adds_nothing(house: House) -> None:
    sent = items(20)
    batch = [delivery(item) for item in sent]
    for _ in range(2):
        await house.services.router.route(QUEUE, batch)
    found = await stored(house, sent[0].sender.id)
    assert [message.text for message in found] == [f"{n}" for n in range(20)]


async def test_what_nobody_can_read_is_parked_and_its_neighbours_are_stored(
    house: House, servicebus: ServiceBus
) -> None:
    sent = items(2)
    broken = [poison(sent[0].session, body=body) for body in ("not json", '{"version": 2}')]
    batch = [delivery(sent[0]), broken[0], broken[1], delivery(sent[1])]
    await house.services.router.route(QUEUE, batch)
    assert [message.text for message in await stored(house, sent[0].sender.id)] == ["0", "1"]
    said = await reasons(servicebus, broken[0].message, broken[1].message)
    assert len(said) == 2
    assert all(reason.startswith("not a message of ours: ") for reason in said)


async def test_what_cannot_be_stored_is_delivered_again_and_parked_in_the_end(
    house: House, servicebus: ServiceBus, caplog: pytest.LogCaptureFixture
) -> None:
    sent = items(2)
    before, last = delivery(sent[0]), unstorable(sent[1])
    with caplog.at_level(logging.DEBUG, "monikanava"):
        for count in range(1, PARK_AFTER):
            with pytest.raises(NotRouted) as refused:
                await house.services.router.route(QUEUE, [before, delivery(last, count)])
            assert "private" not in str(refused.value)
        await house.services.router.route(QUEUE, [before, delivery(last, PARK_AFTER)])
    assert [message.text for message in await stored(house, sent[0].sender.id)] == ["0"]
    [reason] = await reasons(servicebus, last.id)
    assert reason.startswith(f"failed {PARK_AFTER} times, last with ")
    assert "private" not in caplog.text
    assert sent[0].sender.id not in caplog.text


async def test_who_closed_an_apple_thread_and_writes_again_may_be_answered(house: House) -> None:
    one = inbound(channel="apple", provider="apple", received_at=now(), kind=Kind.OPT_OUT)
    identities = house.services.identities
    await house.services.router.route("inbound-apple", [delivery(one)])
    left = await identities.get("apple", one.account, one.sender.id)
    assert left
    assert left.opted_out_at
    again = {"event": uuid4().hex, "kind": Kind.MESSAGE, "received_at": now()}
    await house.services.router.route("inbound-apple", [delivery(one.model_copy(update=again))])
    back = await identities.get("apple", one.account, one.sender.id)
    assert back
    assert back.opted_out_at is None
