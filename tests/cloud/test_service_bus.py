"""Service Bus by its SDK, against the emulator over AMQP: each message once, in order, or a clear no."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from functions.cloud import service_bus
from functions.cloud.service_bus import CLOSE_SECONDS, LIMIT, AzureBus
from functions.errors import TooLarge, Unavailable
from functions.intake.envelope import inbound_envelope
from functions.ports import Envelope
from local.servicebus.launch import ServiceBus
from tests.conftest import ROOT
from tests.intake.reading import envelope, read, text
from tests.intake.samples import inbound
from tests.waiting import eventually

QUEUE = "inbound-sms"
CONFIG = ROOT / "local" / "servicebus.json"
# azure-servicebus 7.15 leaves the socket of a broken connection to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest_asyncio.fixture
async def bus(servicebus: ServiceBus) -> AsyncIterator[AzureBus]:
    made = AzureBus.connect(servicebus.connection_string)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


async def test_500_senders_at_once_each_arrive_once_and_in_their_order(
    bus: AzureBus, servicebus: ServiceBus
) -> None:
    sessions = [uuid4().hex for _ in range(5)]
    calls = [(session, f"{n}") for n in range(100) for session in sessions]
    await asyncio.gather(*(bus.send(QUEUE, [envelope(session, body)]) for session, body in calls))
    for arrived in await asyncio.gather(*(read(servicebus, QUEUE, s, count=100) for s in sessions)):
        assert [text(message) for message in arrived] == [f"{n}" for n in range(100)]


async def test_a_message_carries_session_id_and_cloud_event(bus: AzureBus, servicebus: ServiceBus) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    item = inbound(text="hyvää päivää 👋").model_copy(update={"traceparent": trace})
    await bus.send(QUEUE, [inbound_envelope(item)])
    [arrived] = await read(servicebus, QUEUE, item.session, count=1)
    assert (arrived.message_id, arrived.session_id) == (item.id, item.session)
    assert arrived.content_type == "application/json"
    properties = {name.decode(): value.decode() for name, value in arrived.application_properties.items()}  # type: ignore[union-attr]
    assert properties == {
        "cloudEvents:specversion": "1.0",
        "cloudEvents:id": item.id,
        "cloudEvents:source": f"/channels/sms/{item.account}",
        "cloudEvents:type": "monikanava.inbound.message",
        "traceparent": trace,
    }
    assert type(item).model_validate_json(text(arrived)) == item


async def test_what_is_for_later_comes_later_and_lets_others_pass(
    bus: AzureBus, servicebus: ServiceBus
) -> None:
    session, due = uuid4().hex, datetime.now(UTC) + timedelta(seconds=1)
    await bus.send(QUEUE, [replace(envelope(session, "later"), not_before=due), envelope(session, "now")])
    arrived = await read(servicebus, QUEUE, session, count=2)
    assert [text(message) for message in arrived] == ["now", "later"]
    assert arrived[1].enqueued_time_utc
    assert arrived[1].enqueued_time_utc >= due - timedelta(milliseconds=1)


async def test_the_same_id_twice_arrives_once(bus: AzureBus, servicebus: ServiceBus) -> None:
    session, twice = uuid4().hex, uuid4().hex
    await bus.send(QUEUE, [envelope(session, "1", twice)])
    await bus.send(QUEUE, [envelope(session, "2"), envelope(session, "1 again", twice)])
    arrived = await read(servicebus, QUEUE, session, count=2)
    assert [text(message) for message in arrived] == ["1", "2"]


async def test_what_is_more_than_one_batch_is_sent_as_several_in_order(
    bus: AzureBus, servicebus: ServiceBus
) -> None:
    session = uuid4().hex
    bodies = [f"{n:03d}".ljust(LIMIT - 100, "x") for n in range(12)]  # 3 MB; a batch holds 1 MB
    await bus.send(QUEUE, [envelope(session, body) for body in bodies])
    arrived = await read(servicebus, QUEUE, session, count=12)
    assert [text(message) for message in arrived] == bodies


async def test_too_large_or_misnamed_fails_alone(bus: AzureBus, servicebus: ServiceBus) -> None:
    session = uuid4().hex
    fat_properties = Envelope("id", "{}", session, {"reason": "ä" * LIMIT})
    outcomes = await asyncio.gather(
        bus.send(QUEUE, [envelope(session, "before")]),
        bus.send(QUEUE, [envelope(session, "its companion"), envelope(session, "ä" * LIMIT)]),
        bus.send(QUEUE, [fat_properties]),
        bus.send(QUEUE, [envelope(session, "long id", "i" * 129)]),
        bus.send(QUEUE, [envelope(session, "after")]),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), TooLarge, TooLarge, ValueError, type(None)]
    arrived = await read(servicebus, QUEUE, session, count=2)
    assert [text(message) for message in arrived] == ["before", "after"]


async def test_a_queue_that_is_not_there_is_unavailable_and_harms_no_other(
    bus: AzureBus, servicebus: ServiceBus
) -> None:
    session = uuid4().hex
    nowhere, somewhere = await asyncio.gather(
        bus.send("no-such-queue", [envelope(session)]),
        bus.send(QUEUE, [envelope(session, "here")]),
        return_exceptions=True,
    )
    assert isinstance(nowhere, Unavailable)
    assert somewhere is None
    assert [text(message) for message in await read(servicebus, QUEUE, session, count=1)] == ["here"]


async def test_a_killed_broker_is_unavailable_soon_and_the_same_bus_recovers(tmp_path: Path) -> None:
    async with ServiceBus(CONFIG, tmp_path) as broker:
        bus, session = AzureBus.connect(broker.connection_string), uuid4().hex
        await bus.send(QUEUE, [envelope(session, "before")])
        await broker.kill()
        began = time.monotonic()
        refused = await asyncio.gather(
            *(bus.send(QUEUE, [envelope(session, "lost")]) for _ in range(20)), return_exceptions=True
        )
        assert time.monotonic() - began < 12
        assert {type(outcome) for outcome in refused} == {Unavailable}
        with pytest.raises(Unavailable):
            await bus.probe(QUEUE)
        await broker.start()
        await bus.probe(QUEUE)
        await bus.send(QUEUE, [envelope(session, "after")])
        arrived = await read(broker, QUEUE, session, count=2)
        await bus.close()
    assert [text(message) for message in arrived] == ["before", "after"]


async def test_a_silent_broker_is_unavailable_for_all_who_gathered_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service_bus, "TURN_SECONDS", 2.0)
    held: list[asyncio.StreamWriter] = []

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bus = AzureBus.connect(
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=k;SharedAccessKey=a;UseDevelopmentEmulator=true;"
    )
    began = time.monotonic()
    first = asyncio.create_task(bus.send(QUEUE, [envelope("s")]))
    await eventually(lambda: bool(held))
    outcomes = await asyncio.gather(first, bus.send(QUEUE, [envelope("s")]), return_exceptions=True)
    assert time.monotonic() - began < 2 + CLOSE_SECONDS + 1
    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]
    await bus.close()
    for writer in held:
        writer.close()
    server.close()
    await server.wait_closed()
