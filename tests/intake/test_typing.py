"""A customer who types: seen by who follows the thread, never queued, and never in the webhook's way."""

import json
from uuid import uuid4

from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import Tables, open_tables
from functions.conversations.feed import CUSTOMER, Mark
from functions.conversations.indexes import Indexes
from functions.conversations.threads import Threads
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked
from functions.intake.webhook import Intake
from functions.keys import KeyRing
from functions.message import thread_key
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.channels.samples import SETTINGS, signed
from tests.intake.reading import read
from tests.intake.samples import Clock
from tests.intake.test_webhook import accounts


def event(phone: str, **fact: str) -> bytes:
    agent = SETTINGS["rcs"]["agentId"]
    return json.dumps(
        {"senderPhoneNumber": phone, "agentId": agent, "sendTime": "2026-08-01T12:00:00Z", **fact}
    ).encode()


def house(bus: AzureBus, tables: Tables, noted: Tables, clock: Clock) -> tuple[Intake, Threads]:
    """Intake, and the threads in which it notes who types."""
    mark = uuid4().hex
    inbox, records, due = (noted.table(f"{name}{mark}") for name in ("i", "r", "d"))
    indexes = Indexes(inbox, records, due, clock)
    threads = Threads(noted.table(f"t{mark}"), indexes, clock)
    notes = tables.table(f"n{mark}")
    outbox = Outbox(bus, tables.table(f"s{mark}"), clock)
    parked, handshakes = Parked(notes, outbox, clock), Handshakes(notes, clock)

    async def typing(thread: str) -> None:
        await threads.typing(thread, CUSTOMER)

    return Intake(accounts, outbox, parked, handshakes, KeyRing(), None, typing), threads


async def test_typing_is_noted_in_its_thread_and_not_queued(
    bus: AzureBus, tables: Tables, clock: Clock, servicebus: ServiceBus
) -> None:
    intake, threads = house(bus, tables, tables, clock)
    phone = f"+35850{uuid4().int % 10**7:07d}"
    typing = signed("rcs", event(phone, eventType="IS_TYPING", eventId=uuid4().hex))
    said = signed("rcs", event(phone, text="moi", messageId=uuid4().hex))
    assert (await intake.receive("rcs", "rcs-1", typing)).status == 200
    session = thread_key("rcs", "rcs-1", phone)
    assert (await threads.feed(session, Mark())).typing == {CUSTOMER: clock.now}
    assert (await intake.receive("rcs", "rcs-1", said)).status == 200
    assert len(await read(servicebus, "inbound-rcs", session, count=1)) == 1


async def test_typing_that_cannot_be_noted_is_let_go(bus: AzureBus, tables: Tables, clock: Clock) -> None:
    gone = Azurite(None)
    await gone.start()
    unreachable = open_tables(gone.connection_string)
    await gone.stop()
    intake, _ = house(bus, tables, unreachable, clock)
    typing = signed("rcs", event("+358501", eventType="IS_TYPING", eventId=uuid4().hex))
    assert (await intake.receive("rcs", "rcs-1", typing)).status == 200
    await unreachable.close()
