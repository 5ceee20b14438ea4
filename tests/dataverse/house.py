"""The simulated Dataverse over HTTP, with Entra ID's simulator, and accounts that may ask it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from aiohttp import web
from aiohttp.typedefs import Handler

from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.tokens import EntraTokens
from functions.configuration.document import Document
from functions.configuration.live import Live
from functions.dataverse.client import Client
from functions.dataverse.environments import Environments
from functions.dataverse.http import Http
from local.simulators.dataverse import Dataverse
from local.simulators.dataverse_rows import TABLES
from local.simulators.server import Simulators
from local.simulators.state import Behaviour, Order

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
ACCOUNT = "records-dataverse"
_SPACE = UUID("0192d3a4-0000-4000-8000-000000000000")


def guid(name: str) -> str:
    """Give one id for each name."""
    return str(uuid5(_SPACE, name))


@dataclass
class House:
    """A running environment. `now` is our clock; `authorizations` are those that its API was shown."""

    simulators: Simulators
    base: str = ""
    now: datetime = NOW
    settings: dict[str, Any] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)
    http: Http = field(default_factory=Http)
    authorizations: list[str] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)  # in place of the API's own, once each
    delay: timedelta | None = None  # before each answer
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    environments: Environments = field(init=False)

    def __post_init__(self) -> None:
        self.environments = Environments(self.live, self.http, EntraTokens(), self.clock)

    @property
    def dataverse(self) -> Dataverse:
        return self.simulators.dataverse

    @property
    def api(self) -> str:
        return f"{self.base}/dataverse/api/data/v9.2"

    def clock(self) -> datetime:
        return self.now

    async def live(self) -> Live:
        return Live(
            1,
            self.document(),
            EnvironmentSecrets(),
            self.clock,
            lambda channel, account: f"http://127.0.0.1/api/channels/{channel}/{account}",
        )

    def document(self) -> Document:
        settings = {
            "webhookKeys": ["local-key"],
            "apiBase": f"{self.base}/dataverse",
            "loginBase": f"{self.base}/entra",
            "tenantId": guid("tenant"),
            "clientId": guid("client"),
            "clientSecret": "local-dataverse-secret",
            **self.settings,
        }
        account = {"id": ACCOUNT, "channel": "records", "provider": "dataverse", "settings": settings}
        stream = {"id": "service", "agentQueue": "service"}
        whole = {
            "accounts": [{**account, "workstream": "service"}],
            "workstreams": [stream],
            "agentQueues": [{"id": "service"}],
            **self.sections,
        }
        return Document.model_validate(whole)

    async def client(self) -> Client:
        return (await self.environments.of(ACCOUNT)).client

    def put(self, collection: str, name: str, /, **values: Any) -> str:
        """Write a row in the environment; `customerid_contact__bind` stands for its `@odata.bind`."""
        content = {key.replace("__", "@odata."): value for key, value in values.items()}
        id_, _ = self.dataverse.store.write(TABLES[collection], guid(name), content)
        return id_

    def row(self, collection: str, id_: str) -> dict[str, Any]:
        return self.dataverse.store.rows[collection][id_]

    def order(self, answer: Behaviour, times: int = 1) -> None:
        self.simulators.state.order(Order(provider="dataverse", answer=answer, times=times))

    async def closing(self, seconds: float) -> None:
        """Wait so long, or until the test is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.closed.wait(), seconds)

    @web.middleware
    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if "/api/data/" in request.path:
            self.authorizations.append(request.headers.get("Authorization", ""))
            if self.delay:
                await self.closing(self.delay.total_seconds())
            if self.answers:
                return self.answers.pop(0)
        return await handler(request)


@asynccontextmanager
async def serving() -> AsyncIterator[House]:
    """Serve the simulators on a free port."""
    house = House(Simulators())
    app = house.simulators.application()
    app.middlewares.append(house.watch)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    house.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield house
    house.closed.set()
    await house.http.close()
    await runner.cleanup()
