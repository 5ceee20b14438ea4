"""Parked messages, from the queue that gave up to the queue they go to again."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

import pytest
from azure.servicebus import ServiceBusReceivedMessage

from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import AzureTable, Tables
from functions.errors import Invalid, NotFound
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked
from functions.message import QUEUE_LIMIT
from functions.paging import encode_cursor
from local.servicebus.launch import ServiceBus
from tests.intake.reading import read, text
from tests.intake.samples import NOW, Clock


@pytest.fixture
def parked(bus: AzureBus, tables: Tables, table: AzureTable, clock: Clock) -> Parked:
    return Parked(table, Outbox(bus, tables.table(f"s{uuid4().hex}"), clock), clock)


def properties(message: ServiceBusReceivedMessage) -> Mapping[str, str]:
    pairs = (message.application_properties or {}).items()
    return {name.decode(): value.decode() for name, value in pairs}  # type: ignore[union-attr]


async def put(parked: Parked, servicebus: ServiceBus, session: str, message: str, body: str = "{}") -> str:
    """Park one, and write down what came from the queue, as the function does; give its id."""
    await parked.park("inbound-sms", session, message, body, "broken: ä 👋")
    for arrived in await read(servicebus, "parked", count=1):
        if properties(arrived)["message"] == message:
            await parked.record(str(arrived.message_id), text(arrived), properties(arrived))
            return str(arrived.message_id)
    raise AssertionError("it did not arrive")


async def test_what_is_parked_is_kept_with_its_reason_and_place(
    parked: Parked, servicebus: ServiceBus
) -> None:
    session, message = uuid4().hex, f"conversation/with#odd?characters\\{uuid4().hex}"
    name = await put(parked, servicebus, session, message, '{"a": "ä"}')
    found = await parked.get(name)
    assert (found.queue, found.session, found.message) == ("inbound-sms", session, message)
    assert (found.reason, found.body, found.parked_at) == ("broken: ä 👋", '{"a": "ä"}', NOW)
    assert found.replayed_at is None


async def test_replaying_puts_it_on_its_queue_under_a_new_id_and_notes_it(
    parked: Parked, servicebus: ServiceBus, clock: Clock
) -> None:
    session, message = uuid4().hex, uuid4().hex
    name = await put(parked, servicebus, session, message, '{"n": 1}')
    clock.now += timedelta(minutes=1)
    replayed = await parked.replay(name)
    await parked.replay(name)  # a second click in the same second is no second message
    assert replayed.replayed_at == (await parked.get(name)).replayed_at == clock.now
    [again] = await read(servicebus, "inbound-sms", session, count=1)
    assert (text(again), again.session_id) == ('{"n": 1}', session)
    assert again.message_id != message


async def test_discarding_forgets_it(parked: Parked, servicebus: ServiceBus) -> None:
    name = await put(parked, servicebus, uuid4().hex, uuid4().hex)
    await parked.discard(name)
    for act in (parked.get, parked.replay, parked.discard):
        with pytest.raises(NotFound):
            await act(name)
    assert (await parked.list(None, 10)).items == ()


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a#b", "a?b", "\0", "0000000001-", "9" * 5000])
async def test_a_name_that_none_can_have_is_not_found(parked: Parked, name: str) -> None:
    for act in (parked.get, parked.replay, parked.discard):
        with pytest.raises(NotFound):
            await act(name)
    with pytest.raises(Invalid, match="cursor"):
        await parked.list(encode_cursor(name), 10)


async def test_they_are_listed_newest_first_page_by_page(parked: Parked, clock: Clock) -> None:
    for n in range(7):
        clock.now = NOW + timedelta(seconds=n // 2)  # some in the same second
        facts = {"queue": "q", "session": "s", "message": f"{n}", "reason": "r", "parkedAt": clock.now}
        await parked.record(_id(n), f"{n}", {name: str(value) for name, value in facts.items()})
    pages: list[list[str]] = []
    cursor = None
    while not pages or cursor:
        page = await parked.list(cursor, 3)
        pages.append([item.body for item in page.items])
        cursor = page.cursor
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [body for page in pages for body in page] == ["6", "5", "4", "3", "2", "1", "0"]


async def test_the_oddest_body_fits_its_row(parked: Parked, servicebus: ServiceBus) -> None:
    body = '\x00\x1f"\\' * (QUEUE_LIMIT // 4) + "cut off"
    name = await put(parked, servicebus, uuid4().hex, uuid4().hex, body)
    assert (await parked.get(name)).body == body[:QUEUE_LIMIT]


async def test_two_of_one_second_are_two_though_their_ids_begin_alike(
    parked: Parked, servicebus: ServiceBus
) -> None:
    session, start = uuid4().hex, "c" * 60
    for n in range(2):
        await parked.park("outbound-sms", session, f"{start}{n}", f"{n}", "reason")
    arrived = await read(servicebus, "parked", count=2)
    mine = [message for message in arrived if properties(message)["session"] == session]
    assert len({message.message_id for message in mine}) == 2


def _id(n: int) -> str:
    return f"{9_999_999_999 - n:010d}-{'0' * 32}"
