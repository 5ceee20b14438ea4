"""Calls with a token of Entra ID, through the line: msal and the simulators, nothing in between."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from functions.channels import adapter
from functions.channels.contract import Account, Adapter, Call, Outcome, Refused, Sent
from functions.cloud.tables import open_tables
from functions.cloud.tokens import EntraTokens
from functions.delivery.caller import Caller
from functions.delivery.line import Line
from functions.delivery.tokens import Tokens
from functions.errors import NotDeliverable
from local.azurite import Azurite
from local.simulators.server import Simulators
from tests.channels.samples import NOW, account, outbound, standing

TEAMS: Adapter[Any] = adapter("teams", "botframework")


@dataclass
class World:
    """A line to the simulators, whose connector may refuse tokens that it was shown before."""

    line: Line
    base: str = ""
    shown: list[str] = field(default_factory=list)
    refuses: int = 0

    @web.middleware
    async def guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if "/v3/conversations/" in request.path:
            self.shown.append(request.headers.get("Authorization", ""))
            if self.refuses:
                self.refuses -= 1
                return web.json_response({"message": "Authorization has been denied."}, status=401)
        response: web.StreamResponse = await handler(request)
        return response

    def bot(self, **settings: str) -> Account[Any]:
        bases = {"apiBase": f"{self.base}/botframework", "loginBase": f"{self.base}/entra"}
        return account("teams", **{**bases, **settings})

    async def place(self, to: Account[Any]) -> Outcome:
        [call] = TEAMS.render(outbound("teams", text="Hei"), to, standing())
        return await self.line.place(call, TEAMS, to)


@pytest_asyncio.fixture
async def world(azurite: Azurite) -> AsyncIterator[World]:
    caller, tables = Caller(), open_tables(azurite.connection_string)
    tokens = Tokens(tables.table("tokens"), caller, EntraTokens(), lambda: NOW)
    made = World(Line(caller, tokens))
    app = Simulators().application()
    app.middlewares.append(made.guard)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await caller.close()
    await tables.close()
    await runner.cleanup()


async def test_a_bot_sends_with_its_token_and_keeps_it(world: World) -> None:
    to = world.bot()
    assert all([isinstance(await world.place(to), Sent) for _ in range(2)])
    assert len(set(world.shown)) == 1
    assert world.shown[0].startswith("Bearer ey")


async def test_a_refused_token_is_renewed_once(world: World) -> None:
    to, world.refuses = world.bot(), 1
    assert isinstance(await world.place(to), Sent)
    assert len(set(world.shown)) == 2
    world.refuses = 2
    outcome = await world.place(to)
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.retryable) == ("401", False)
    assert len(world.shown) == 4


async def test_a_wrong_secret_calls_nobody(world: World) -> None:
    outcome = await world.place(world.bot(clientSecret="wrong"))
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.retryable, world.shown) == ("invalid_client", False, [])
    assert "the client secret is wrong" in outcome.reason


async def test_an_entra_id_that_is_down_is_waited_for(world: World) -> None:
    outcome = await world.place(world.bot(loginBase="http://127.0.0.1:9"))
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.retryable, world.shown) == ("unavailable", True, [])


async def test_somebody_elses_host_gets_no_token(world: World) -> None:
    to = world.bot()
    with pytest.raises(NotDeliverable, match="outside"):
        await world.line.place(Call(url=f"{world.base}/sent", json={}), TEAMS, to)
    assert world.shown == []
