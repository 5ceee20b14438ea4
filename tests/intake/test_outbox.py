"""The outbox over a real broker that is killed and a real table service that is stopped."""

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
from azure.servicebus.aio import ServiceBusClient

from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import AzureTable, open_tables
from functions.errors import Unavailable
from functions.intake.outbox import DRAIN_SECONDS, Outbox
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.conftest import ROOT
from tests.intake.reading import envelope, read, text
from tests.intake.samples import Clock

QUEUE = "inbound-sms"
# azure-servicebus 7.15 leaves the socket of a broken connection to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[ServiceBus]:
    """A broker that may be killed."""
    async with ServiceBus(ROOT / "local" / "servicebus.json", tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def bus(broker: ServiceBus) -> AsyncIterator[AzureBus]:
    made = AzureBus.connect(broker.connection_string)
    yield made
    await made.close()


async def bodies(broker: ServiceBus, session: str, count: int) -> list[str]:
    return [text(message) for message in await read(broker, QUEUE, session, count=count)]


async def test_an_outage_loses_nothing_doubles_nothing_and_keeps_the_order(
    broker: ServiceBus, bus: AzureBus, table: AzureTable, clock: Clock
) -> None:
    outbox, session = Outbox(bus, table, clock), uuid4().hex
    await outbox.send(QUEUE, [envelope(session, "0")])
    await broker.kill()
    for n in range(1, 60):  # more than a page
        await outbox.send(QUEUE, [envelope(session, f"{n}")])
    assert await outbox.drain() == 0
    await broker.start()
    await outbox.send(QUEUE, [envelope(session, "60")])  # the bus is back, but older ones wait: no overtaking
    assert len(await table.range(QUEUE)) == 60
    assert await outbox.drain() == 60
    await outbox.send(QUEUE, [envelope(session, "61")])
    assert await table.range(QUEUE) == []
    assert await bodies(broker, session, 62) == [f"{n}" for n in range(62)]


async def test_those_who_fail_together_keep_their_order(
    broker: ServiceBus, bus: AzureBus, table: AzureTable, clock: Clock
) -> None:
    outbox, session = Outbox(bus, table, clock), uuid4().hex
    await broker.kill()
    calls = [[envelope(session, f"{n}.{part}") for part in range(7)] for n in range(20)]
    await asyncio.gather(*(outbox.send(QUEUE, call) for call in calls))
    await broker.start()
    assert await outbox.drain() == 140
    assert await bodies(broker, session, 140) == [each.body for call in calls for each in call]


async def test_a_crash_between_sending_and_deleting_doubles_nothing(
    broker: ServiceBus, bus: AzureBus, table: AzureTable, clock: Clock
) -> None:
    session = uuid4().hex
    await broker.kill()
    await Outbox(bus, table, clock).send(QUEUE, [envelope(session, f"{n}") for n in range(3)])
    await broker.start()
    rows = await table.range(QUEUE)
    await bus.send(QUEUE, [envelope(session, f"{n}", str(row.values["id"])) for n, row in enumerate(rows)])
    assert await Outbox(bus, table, clock).drain() == 3  # the next process finds the rows still there
    await bus.send(QUEUE, [envelope(session, "end")])
    assert await bodies(broker, session, 4) == ["0", "1", "2", "end"]


async def test_two_apps_that_drain_at_once_double_nothing_and_keep_the_order(
    broker: ServiceBus, bus: AzureBus, table: AzureTable, clock: Clock
) -> None:
    session, other = uuid4().hex, AzureBus.connect(broker.connection_string)
    await broker.kill()
    await Outbox(bus, table, clock).send(QUEUE, [envelope(session, f"{n}") for n in range(120)])
    await broker.start()
    await asyncio.gather(*(Outbox(way, table, clock).drain() for way in (bus, other, bus, other)))
    await other.close()
    assert await table.range(QUEUE) == []
    await bus.send(QUEUE, [envelope(session, "end")])
    assert await bodies(broker, session, 121) == [*(f"{n}" for n in range(120)), "end"]


async def test_a_large_body_and_its_properties_come_through_the_spool_as_they_were(
    broker: ServiceBus, bus: AzureBus, table: AzureTable, clock: Clock
) -> None:
    outbox, session = Outbox(bus, table, clock), uuid4().hex
    large = [envelope(session, f"{n}" + 'ä👋\\"' * 24_000) for n in range(6)]
    await broker.kill()
    await outbox.send(QUEUE, large)
    await broker.start()
    assert await outbox.drain() == 6
    arrived = await read(broker, QUEUE, session, count=6)
    assert [text(message) for message in arrived] == [each.body for each in large]
    assert [message.message_id for message in arrived] == [each.id for each in large]
    assert arrived[0].application_properties == {b"cloudEvents:specversion": b"1.0"}


async def test_what_is_for_later_is_for_later_after_the_spool_too(
    broker: ServiceBus, bus: AzureBus, table: AzureTable, clock: Clock
) -> None:
    outbox, session = Outbox(bus, table, clock), uuid4().hex
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    await broker.kill()
    await outbox.send(QUEUE, [replace(envelope(session, "later"), not_before=due)])
    await broker.start()
    assert await outbox.drain() == 1
    client = ServiceBusClient.from_connection_string(broker.connection_string)
    async with client, client.get_queue_receiver(QUEUE, session_id=session) as receiver:
        [seen] = await receiver.peek_messages(sequence_number=1)
    assert seen.scheduled_enqueue_time_utc == due


async def test_a_broken_queue_holds_up_no_other(
    broker: ServiceBus, bus: AzureBus, table: AzureTable, clock: Clock
) -> None:
    outbox, session = Outbox(bus, table, clock), uuid4().hex
    await outbox.send("no-such-queue", [envelope(session, "stuck")])
    await outbox.send(QUEUE, [envelope(session, "direct")])
    await broker.kill()
    await outbox.send(QUEUE, [envelope(session, "spooled")])
    await broker.start()
    began = time.monotonic()
    assert await outbox.drain() == 1
    assert time.monotonic() - began < DRAIN_SECONDS
    assert await bodies(broker, session, 2) == ["direct", "spooled"]
    assert len(await table.range("no-such-queue")) == 1


async def test_an_outage_is_forgotten_and_a_drain_that_fails_remembers_it(
    broker: ServiceBus, bus: AzureBus, table: AzureTable, clock: Clock
) -> None:
    outbox, session = Outbox(bus, table, clock), uuid4().hex
    await broker.kill()
    await outbox.send(QUEUE, [envelope(session, "old")])
    clock.now += timedelta(minutes=10)
    assert await outbox.drain() == 0
    await broker.start()
    await outbox.send(QUEUE, [envelope(session, "new")])
    assert await outbox.drain() == 2
    assert await bodies(broker, session, 2) == ["old", "new"]


async def test_with_both_down_nothing_is_half_kept(
    broker: ServiceBus, bus: AzureBus, clock: Clock, tmp_path: Path
) -> None:
    storage, session = Azurite(tmp_path / "tables"), uuid4().hex
    await storage.start()
    tables = open_tables(storage.connection_string)
    spool = tables.table("spool")
    outbox = Outbox(bus, spool, clock)
    await outbox.send("no-such-queue", [envelope(session)])  # the table exists
    await broker.kill()
    await storage.stop()
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await outbox.send(QUEUE, [envelope(session, "1"), envelope(session, "2")])
    assert time.monotonic() - began < 20
    assert await outbox.drain() == 0
    await broker.start()
    await outbox.send(QUEUE, [envelope(session, "3")])  # the table is still down, the bus is enough
    again = Azurite(tmp_path / "tables", storage.port)
    await again.start()
    assert await spool.range(QUEUE) == []
    assert await bodies(broker, session, 1) == ["3"]
    await tables.close()
    await again.stop()


async def test_nothing_to_send_asks_nobody(clock: Clock) -> None:
    nowhere = AzureBus.connect("Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;SharedAccessKey=a")
    tables = open_tables("UseDevelopmentStorage=true")
    await Outbox(nowhere, tables.table("spool"), clock).send(QUEUE, [])
    await tables.close()
