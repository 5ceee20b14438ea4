"""The app's services with an account of calls at Twilio; its table, bus and provider can fail."""

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urldefrag, urlsplit
from uuid import uuid4

from functions.channels.contract import Account, Answer, Request, Response
from functions.channels.contract import Call as ApiCall
from functions.cloud.compose import outside
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import open_tables
from functions.delivery.caller import Caller
from functions.errors import MonikanavaError, Unavailable
from functions.intake.envelope import inbound_envelope
from functions.message import Inbound
from functions.ports import Bus, Entity, Envelope, Op, Table, Write
from functions.routing.inbound import Delivery
from functions.services import Services, wire
from functions.settings import Settings
from functions.voice.lines import TABLE as LINES
from functions.voice.twilio.api import CallsApi
from functions.voice.twilio.server import TwilioCalls
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.simulators.twilio import signed
from tests.voice.kit import CUSTOMER, NUMBER, SID, TOKEN, configuration

BASE = "https://omni.example"
LINE = f"{BASE}/api/channels/voice/line"


def sid() -> str:
    """Give the name of a call that nobody had yet."""
    return f"CA{uuid4().hex}"


def next_address(document: str, end: str) -> str:
    """Give where a document leads when its step ends so."""
    found = re.search(rf'(?:action="|<Redirect method="POST">)([^"<]+end={end}[^"<]*)', document)
    assert found, document
    return found[1].replace("&amp;", "&")


@dataclass
class Weather:
    """What is down now: `leaving` is to leave a line. `slow` is in seconds, for each read of a call; `noting`
    for each note of who told us.

    `meanwhile` is what another instance does, once, after a read of ours.
    """

    calls: bool = False
    queues: bool = False
    leaving: bool = False
    slow: float = 0.0
    noting: float = 0.0
    ahead: timedelta = timedelta()  # of our clock
    meanwhile: Callable[[], Awaitable[object]] | None = None


@dataclass
class Through:
    """A real table."""

    table: Table
    weather: Weather

    async def get(self, partition: str, key: str) -> Entity | None:
        return await self.table.get(partition, key)

    async def range(
        self, partition: str, start: str = "", end: str = "\uffff", limit: int | None = None
    ) -> list[Entity]:
        return await self.table.range(partition, start, end, limit)

    async def commit(self, ops: Sequence[Op]) -> None:
        await self.table.commit(ops)


class Shaky(Through):
    """A real table, or not."""

    async def get(self, partition: str, key: str) -> Entity | None:
        if self.weather.calls:
            raise Unavailable("the table is down")
        await asyncio.sleep(self.weather.slow)
        found = await self.table.get(partition, key)
        if meanwhile := self.weather.meanwhile:
            self.weather.meanwhile = None
            await meanwhile()
        return found

    async def commit(self, ops: Sequence[Op]) -> None:
        if self.weather.calls:
            raise Unavailable("the table is down")
        await self.table.commit(ops)


class ShakyLines(Through):
    """The real lines, which may not be left."""

    async def commit(self, ops: Sequence[Op]) -> None:
        if self.weather.leaving and any(op.write is Write.DELETE for op in ops):
            raise Unavailable("the lines are down")
        await self.table.commit(ops)


class SlowNotes(Through):
    """The notes of accounts' handshakes, which may take long."""

    async def commit(self, ops: Sequence[Op]) -> None:
        await asyncio.sleep(self.weather.noting)
        await self.table.commit(ops)


class ShakySpool(Through):
    """A spool that is down with the bus."""

    async def commit(self, ops: Sequence[Op]) -> None:
        if self.weather.queues:
            raise Unavailable("the spool is down")
        await self.table.commit(ops)


@dataclass
class ShakyBus:
    """The real bus, or not; `sent` is what it took."""

    bus: Bus
    weather: Weather
    sent: list[Inbound] = field(default_factory=list)

    async def send(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        if self.weather.queues:
            raise Unavailable("the bus is down")
        await self.bus.send(queue, envelopes)
        self.sent += [Inbound.model_validate_json(one.body) for one in envelopes]


class Provider(Caller):
    """Keeps what Twilio's API is asked, and answers as told."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[ApiCall] = []
        self.answer: Answer | MonikanavaError = Answer(201, {}, b'{"sid": "CA00"}')

    async def call(self, call: ApiCall, base: str) -> Answer:
        self.asked.append(call)
        if isinstance(self.answer, MonikanavaError):
            raise self.answer
        return self.answer


@dataclass
class House:
    """The services, and what can be done to them."""

    services: Services
    weather: Weather
    bus: ShakyBus
    provider: Provider
    server: TwilioCalls
    lines: Table

    async def post(self, url: str, **form: str) -> Response:
        """Post a form to an address of the account, signed."""
        parts = urlsplit(urldefrag(url).url)
        whole = {"CallSid": "CA" + "1" * 32, "AccountSid": SID, "From": CUSTOMER, "To": NUMBER, **form}
        request = signed(urldefrag(url).url, TOKEN, whole)
        return await self.services.intake.receive(
            "voice",
            "line",
            Request(
                method="POST",
                url=LINE,
                query=parts.query,
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.body,
                received_at=datetime.now(UTC),
                rest=parts.path.removeprefix(urlsplit(LINE).path).strip("/"),
            ),
        )

    async def routed(self) -> None:
        """Route what the bus took."""
        envelopes = [inbound_envelope(item) for item in self.bus.sent]
        batch = [Delivery(one.id, one.session, one.body, 1) for one in envelopes]
        await self.services.router.route("inbound-voice", batch)

    async def line(self, queue: str) -> list[str]:
        """List who waits for an agent queue."""
        rows = await self.lines.range(queue)
        return [row.key.partition(":")[2] for row in rows]

    async def account(self) -> Account[Any]:
        """Give the account."""
        return await (await self.services.configurations.current()).account("voice", "line")


@asynccontextmanager
async def house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    """Open it; its tables are its own."""
    tables, weather = open_tables(azurite.connection_string), Weather()
    bus = AzureBus.connect(servicebus.connection_string)
    shaky, run, provider = ShakyBus(bus, weather), f"voice{uuid4().hex[:8]}", Provider()

    def table(name: str) -> Table:
        real = tables.table(run + name)
        wrapped = {"calls": Shaky, LINES: ShakyLines, "spool": ShakySpool, "handshakes": SlowNotes}
        return wrapped.get(name, Through)(real, weather)

    def clock() -> datetime:
        return datetime.now(UTC) + weather.ahead

    app = Settings(BASE, "", "", "", "", "", "", "", ())
    real = outside(tables, bus, None, EnvironmentSecrets({}))  # type: ignore[arg-type] # no file is sent here
    services = wire(app, dataclasses.replace(real, table=table, bus=shaky, clock=clock))
    await services.configurations.apply(configuration().replace("http://simulators", BASE), "test")
    server = services.servers.of("voice", "twilio")
    assert isinstance(server, TwilioCalls)
    server._api = CallsApi(provider)
    yield House(services, weather, shaky, provider, server, table(LINES))
    await bus.close()
    await tables.close()
