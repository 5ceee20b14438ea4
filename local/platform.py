"""The whole platform on one machine: storage, queues, providers, tokens, and the functions host.

    2 × Azurite ──── Service Bus, Web PubSub ── provider simulators ── token issuer ── functions host
    (tables, blobs)  (emulators)                (send APIs)            (this process)  (function_app.py)

It is for development: production is Azure Functions, Service Bus and Azure Storage.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import aiohttp
from aiohttp import web

from local.azurite import Azurite, Service
from local.child import ROOT, Child
from local.filling import filled
from local.issuer import AUDIENCE, ISSUER, JWKS_PATH, Issuer
from local.ports import free_port
from local.servicebus.launch import ServiceBus
from local.simulators.accounts import register
from local.webpubsub.launch import WebPubSub

HEALTHY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts listen; 0 takes a free port."""

    host: int = 0
    bus: int = 0
    tables: int = 0
    blobs: int = 0
    issuer: int = 0
    simulators: int = 0
    push: int = 0


FIXED = Ports(host=7071, bus=5672, tables=10002, blobs=10000, issuer=7073, simulators=7072, push=7074)


class Platform:
    """Starts the parts in order and stops them in reverse. `async with Platform(...)`, or start and stop."""

    def __init__(
        self, data: Path, ports: Ports = Ports(), environment: Mapping[str, str] | None = None
    ) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.ports = ports
        self.issuer = Issuer(data)
        self.tables = Azurite(data / "tables", ports.tables or free_port())
        self.blobs = Azurite(data / "blobs", ports.blobs or free_port(), Service.BLOB)
        self.bus = ServiceBus(ROOT / "local" / "servicebus.json", data / "servicebus", ports.bus)
        self.push = WebPubSub(ports.push)
        self.host: Child | None = None
        self.url = ""
        self.simulators_url = ""
        self._extra = dict(environment or {})
        self._stack = AsyncExitStack()
        self._jwks_url = ""
        self._issuer_port = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start everything and wait until /api/health says that all parts are up."""
        try:
            await self.start_services()
            await self.start_host()
            await self.healthy()
        except BaseException:
            await self.stop()
            raise

    async def start_services(self) -> None:
        """Start all but the functions host: what `func start` needs too."""
        starts = self.tables.start(), self.blobs.start(), self.bus.start(self._log("servicebus"))
        for part in (self.tables, self.blobs, self.bus):
            self._stack.push_async_callback(part.stop)
        # Not until the last has started or failed: a start that the loop's end cut off would never end.
        for error in await asyncio.gather(*starts, return_exceptions=True):
            if error:
                raise error
        self._issuer_port = await self._serve_issuer()
        self._jwks_url = f"http://127.0.0.1:{self._issuer_port}{JWKS_PATH}"
        simulators = Child("local.simulators", "--port", str(self.ports.simulators))
        self.simulators_url = f"http://127.0.0.1:{await simulators.start(self._log('simulators'))}"
        self._stack.push_async_callback(simulators.stop)
        await self.push.start(self._log("webpubsub"))
        self._stack.push_async_callback(self.push.stop)
        if self.url:
            await self.tell_of_clients()

    async def start_host(self) -> None:
        """Start the functions host with function_app.py; after the first time on the same port."""
        port = int(self.url.rpartition(":")[2]) if self.url else self.ports.host or free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.host = Child(
            "local.host", "--app", str(ROOT), "--port", str(port), environment=self.environment()
        )
        await self.host.start(self._log("host"))
        await self.tell_of_clients()

    async def tell_of_clients(self) -> None:
        """Have Web PubSub tell the app of clients that connect or send, as its hub is set up in Azure."""
        await self.push.tell("chat", f"{self.url}/api/push/events", "connected", user_events="message")

    @property
    def listening(self) -> tuple[int, ...]:
        """Give the ports of all parts, once they are started."""
        host, simulators = (int(url.rpartition(":")[2]) for url in (self.url, self.simulators_url))
        parts = (self.bus.port, self.tables.port, self.blobs.port, self.push.port, self._issuer_port)
        return host, simulators, *parts

    def environment(self) -> dict[str, str]:
        """Give the app's settings for this platform."""
        return {
            "PUBLIC_BASE_URL": self.url,
            "ServiceBusConnection": self.bus.connection_string,
            "TABLES_CONNECTION_STRING": self.tables.connection_string,
            "BLOBS_CONNECTION_STRING": self.blobs.connection_string,
            "WEBPUBSUB_CONNECTION_STRING": self.push.connection_string,
            "AUTH_ISSUER": ISSUER,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH_JWKS_URL": self._jwks_url,
            **self._extra,
        }

    async def healthy(self) -> None:
        """Wait until the app and all that it needs are up; raises OSError."""
        deadline = time.monotonic() + HEALTHY_SECONDS
        async with aiohttp.ClientSession() as http:
            while not await _ok(http, f"{self.url}/api/health"):
                if self.host is None or not self.host.running:
                    raise OSError(f"the functions host ended; its log is {self.data / 'host.log'}")
                if time.monotonic() > deadline:
                    raise OSError(
                        f"not all is up after {HEALTHY_SECONDS:.0f} s; the log is {self.data / 'host.log'}"
                    )
                await asyncio.sleep(0.1)

    async def configure(self, text: str) -> None:
        """Apply a configuration document; raises ValueError with the problems."""
        token = self.issuer.token("Administrator", "local")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/yaml"}
        body = filled(text, self.simulators_url, self.data).encode()
        async with (
            aiohttp.ClientSession() as http,
            http.put(f"{self.url}/api/configuration", data=body, headers=headers) as answer,
        ):
            if answer.status >= 300:
                raise ValueError(await answer.text())
        await register(self.simulators_url, self.url, body.decode())

    async def stop(self) -> None:
        """Stop what runs: the host first, so that its work ends while the rest still answers."""
        if self.host:
            await self.host.stop()
        await self._stack.aclose()

    async def _serve_issuer(self) -> int:
        app = web.Application()
        app.add_routes(self.issuer.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", self.ports.issuer)
        await site.start()
        port: int = runner.addresses[0][1]
        return port

    def _log(self, name: str) -> IO[bytes]:
        return self._stack.enter_context((self.data / f"{name}.log").open("ab"))


async def _ok(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
