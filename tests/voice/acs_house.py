"""The services and the simulated exchange in one process, where requests and news can be cut off."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from functions.channels.contract import Request
from functions.cloud.call_automation import Controls
from functions.cloud.compose import outside
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.tables import open_tables
from functions.message import digest
from functions.ports import CallControl, CallResource, Envelope
from functions.routing.inbound import Delivery
from functions.services import Services, wire
from functions.settings import Settings
from functions.voice.acs.watch import Watch
from functions.voice.dialling import Dialling
from functions.voice.model import Call
from functions.voice.placing import Wish, place
from local.simulators.acs_call import Part
from local.simulators.server import Simulators
from local.simulators.state import Registered
from tests.voice.acs import NUMBER, SECRET, Exchange
from tests.voice.kit import configuration
from tests.waiting import eventually

RINGING = "+358401237777"  # who rings


class CutOff(Exception):
    """The instance is gone."""


@dataclass
class Wire:
    """The way to the service: cuts us off `before` or `after` an action, once; `lost` news never reach us.

    `error` is what we are told instead of being gone. The answer to the action `late` comes when it `may`.
    """

    before: str = ""
    error: Exception = field(default_factory=CutOff)
    after: str = ""
    lost: str = ""
    losses: int = 0
    late: str = ""
    may: asyncio.Event = field(default_factory=asyncio.Event)
    controls: Controls = field(default_factory=Controls)

    def __call__(self, resource: CallResource) -> CallControl:
        return _Cut(self, self.controls(resource))


class _Cut:
    def __init__(self, wire: Wire, control: CallControl) -> None:
        self._wire, self._control = wire, control

    def __getattr__(self, name: str) -> Any:
        action: Callable[..., Any] = getattr(self._control, name)

        async def cut(*arguments: Any) -> Any:
            if self._wire.before == name:
                self._wire.before = ""
                raise self._wire.error
            found = await action(*arguments)
            if self._wire.late == name:
                await self._wire.may.wait()
            if self._wire.after == name:
                self._wire.after = ""
                raise self._wire.error
            return found

        return cut


class Direct:
    """A bus that routes at once; we are cut off, once, before something with the words `before` is sent."""

    def __init__(self) -> None:
        self.services: Services | None = None
        self.before = ""

    async def send(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        if self.before and any(self.before in one.body for one in envelopes):
            self.before = ""
            raise CutOff
        if self.services and queue.startswith("inbound-"):
            batch = [Delivery(one.id, one.session, one.body, 1) for one in envelopes]
            await self.services.router.route(queue, batch)


@dataclass
class House:
    """A running account; `late` is how far the clock is ahead."""

    services: Services
    exchange: Exchange
    wire: Wire
    bus: Direct
    late: timedelta
    watch: Watch
    answering: int = 0

    async def ring(self, part: Part) -> str:
        """Call; gives the service's name of the call, whatever was answered."""
        ring = {"number": NUMBER, "customer": RINGING, "part": part.model_dump(mode="json")}
        async with self.exchange.http.post(f"{self.exchange.simulators}/acs/calls", json=ring) as answer:
            return str((await answer.json())["id"])

    async def call(self, name: str) -> Call:
        """Give a call as it is kept."""
        return await self.services.calls().get(digest("acs-call", "acs-line", name))

    async def asked(self, name: str) -> list[str]:
        """List what the service was asked for."""
        return [one["action"] for one in (await self.exchange.shown(name)).get("asked", [])]

    async def dial(self, number: str) -> Call:
        """Call a customer, as an agent does."""
        account = await (await self.services.configurations.current()).account("voice", "acs-line")
        server = self.services.servers.of("voice", "acs")
        assert isinstance(server, Dialling)
        wish = Wish(number, "", uuid4().hex, datetime.now(UTC))
        return (await place(self.services.calls(), server, account, wish))[0]

    async def until_asked(self, name: str, action: str, times: int = 1) -> None:
        """Wait for a request."""

        async def enough() -> bool:
            return (await self.asked(name)).count(action) >= times

        await eventually(enough)

    async def until(self, name: str, state: str) -> None:
        """Wait for a state."""

        async def there() -> bool:
            return (await self.call(name)).state == state

        await eventually(there)

    async def until_cut(self) -> None:
        """Wait until the way was cut."""
        await eventually(lambda: not (self.wire.before or self.wire.after))

    async def mend(self, later: timedelta) -> None:
        """Let time pass once all news are answered: no clock may leap within one. The timer runs."""
        await eventually(lambda: not self.answering)
        self.late += later
        await self.services.call_news.mend()


@asynccontextmanager
async def open_house(tables_connection: str) -> AsyncIterator[House]:
    """The accounts of the kit over tables of their own."""
    cut, bus, tables = Wire(), Direct(), open_tables(tables_connection)
    simulators = Simulators()
    runners = [web.AppRunner(simulators.application(), access_log=None, shutdown_timeout=1)]
    exchange_url = await _served(runners[0])
    app = web.Application()
    runners.append(web.AppRunner(app, access_log=None, shutdown_timeout=1))
    made: list[House] = []

    async def webhook(request: web.Request) -> web.Response:
        body = await request.read()
        if cut.lost and f"Communication.{cut.lost}".encode() in body:
            cut.losses += 1
            return web.Response(status=200)
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Request(
            request.method,
            str(request.url),
            "",
            headers,
            body,
            datetime.now(UTC),
            rest=request.match_info["rest"].strip("/"),
        )
        made[0].answering += 1
        try:
            answer = await made[0].services.intake.receive("voice", request.match_info["account"], call)
        except CutOff:
            return web.Response(status=500)
        finally:
            made[0].answering -= 1
        body = answer.body if isinstance(answer.body, bytes) else answer.body.encode()
        return web.Response(status=answer.status, headers=dict(answer.headers), body=body)

    app.router.add_route("*", "/api/channels/voice/{account}{rest:.*}", webhook)
    url = await _served(runners[1])
    around = outside(tables, None, None, EnvironmentSecrets({}), prefix=f"acs{uuid4().hex[:8]}")  # type: ignore[arg-type]
    settings = Settings(url, "", "", "", "", "", "", "", ())

    def clock() -> datetime:
        return datetime.now(UTC) + (made[0].late if made else timedelta())

    bus.services = wire(settings, replace(around, bus=bus, calling=cut, clock=clock))
    await bus.services.configurations.apply(
        configuration().replace("http://simulators", exchange_url), "test"
    )
    simulators.state.register(
        Registered(
            provider="acs",
            account=NUMBER,
            secret=SECRET,
            callback=f"{url}/api/channels/voice/acs-line",
        )
    )
    async with aiohttp.ClientSession() as http:
        watch = Watch(around.table, clock)
        made.append(House(bus.services, Exchange(http, exchange_url), cut, bus, timedelta(), watch))
        yield made[0]
    await cut.controls.stop()
    for runner in runners:
        await runner.cleanup()
    await tables.close()


async def _served(runner: web.AppRunner) -> str:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"
