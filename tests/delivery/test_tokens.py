"""Access tokens over a real table and a provider over HTTP: one fetches, all share, each lives its time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import web

from functions.channels import adapter
from functions.channels.contract import Account, Adapter, Call, Refused, Sent, Tokened
from functions.cloud.tables import Tables, open_tables
from functions.cloud.tokens import EntraTokens
from functions.delivery.caller import Caller
from functions.delivery.line import Line
from functions.delivery.tokens import CLAIM, MARGIN, YOUNG, NoToken, Tokens
from functions.errors import Unavailable
from functions.ports import Table
from local.azurite import Azurite

WECHAT: Adapter[Any] = adapter("wechat", "wechat")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def tokened() -> Tokened:
    assert isinstance(WECHAT, Tokened)
    return WECHAT


@dataclass
class Provider:
    """WeChat's API as far as tokens go: it takes the newest token only, and counts."""

    asked: list[bool] = field(default_factory=list)  # force_refresh of each request
    errcode: int = 0
    taken: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    slow: float = 0.0
    base: str = ""

    async def give(self, request: web.Request) -> web.Response:
        self.asked.append((await request.json())["force_refresh"])
        await asyncio.sleep(self.slow)
        if self.errcode:
            return web.json_response({"errcode": self.errcode})
        return web.json_response({"access_token": f"token-{len(self.asked)}", "expires_in": 7200})

    async def send(self, request: web.Request) -> web.Response:
        token = request.query["access_token"]
        if token in self.refuses:
            return web.json_response({"errcode": 42001})
        self.taken.append(token)
        return web.json_response({"errcode": 0})


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    app = web.Application()
    app.router.add_post("/cgi-bin/stable_token", made.give)
    app.router.add_post("/cgi-bin/message/custom/send", made.send)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@dataclass
class World:
    """A table that instances of the app share, and a clock that only tests move."""

    table: Table
    caller: Caller
    account: Account[Any]
    now: datetime = NOW

    def instance(self) -> Tokens:
        return Tokens(self.table, self.caller, EntraTokens(), lambda: self.now)

    def pass_(self, time: timedelta) -> None:
        self.now += time


def account(base: str, secret: str = "s") -> Account[Any]:
    values = {
        "originalId": "gh_1",
        "appId": "wx1",
        "appSecret": secret,
        "token": "t",
        "encodingAesKey": "a" * 43,
        "apiBase": base,
    }
    return Account("w-1", "wechat", "wechat", "https://x", WECHAT.Settings.model_validate(values))


@pytest_asyncio.fixture
async def world(azurite: Azurite, provider: Provider) -> AsyncIterator[World]:
    tables, caller = open_tables(azurite.connection_string), Caller()
    yield World(tables.table(f"tokens{uuid4().hex[:8]}"), caller, account(provider.base))
    await caller.close()
    await tables.close()


async def test_a_token_is_fetched_once_and_shared_by_all_instances(world: World, provider: Provider) -> None:
    one, other = world.instance(), world.instance()
    for tokens in (one, one, other, world.instance()):
        assert await tokens.token(tokened(), world.account) == "token-1"
    assert provider.asked == [False]


async def test_many_at_once_on_many_instances_fetch_one(world: World, provider: Provider) -> None:
    provider.slow = 0.3
    instances = [world.instance() for _ in range(4)]
    found = await asyncio.gather(
        *(one.token(tokened(), world.account) for one in instances for _ in range(3))
    )
    assert set(found) == {"token-1"}
    assert len(provider.asked) == 1


async def test_it_is_renewed_before_its_end(world: World, provider: Provider) -> None:
    tokens = world.instance()
    await tokens.token(tokened(), world.account)
    world.pass_(timedelta(seconds=7200) - MARGIN - timedelta(seconds=1))
    assert await tokens.token(tokened(), world.account) == "token-1"
    world.pass_(timedelta(seconds=2))
    assert await tokens.token(tokened(), world.account) == "token-2"
    assert provider.asked == [False, False]


async def test_while_one_renews_the_others_use_what_still_lives(world: World, provider: Provider) -> None:
    one, other = world.instance(), world.instance()
    await one.token(tokened(), world.account)
    world.pass_(timedelta(seconds=7200) - MARGIN + timedelta(seconds=1))
    provider.slow = 0.5
    renewing = asyncio.create_task(one.token(tokened(), world.account))
    async with asyncio.timeout(5):
        while len(provider.asked) < 2:  # noqa: ASYNC110 (the provider is only seen by its count)
            await asyncio.sleep(0.01)
    assert await other.token(tokened(), world.account) == "token-1"
    assert not renewing.done()
    assert await renewing == "token-2"


async def test_who_died_while_fetching_is_followed_after_a_while(world: World, provider: Provider) -> None:
    provider.slow = 30
    dying = asyncio.create_task(world.instance().token(tokened(), world.account))
    async with asyncio.timeout(5):
        while not provider.asked:  # noqa: ASYNC110 (the provider is only seen by its count)
            await asyncio.sleep(0.01)
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    provider.slow = 0
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        world.pass_(timedelta(seconds=10))

    follower = Tokens(world.table, world.caller, EntraTokens(), lambda: world.now, sleep)
    assert await follower.token(tokened(), world.account) == "token-2"
    assert len(waited) == CLAIM // timedelta(seconds=10)


async def test_other_settings_need_another_token(world: World, provider: Provider) -> None:
    tokens = world.instance()
    await tokens.token(tokened(), world.account)
    changed = account(provider.base, secret="changed")
    for one in (tokens, world.instance()):
        assert await one.token(tokened(), changed) == "token-2"


async def test_a_refused_token_is_renewed_by_force_and_once_for_all(world: World, provider: Provider) -> None:
    one, other = world.instance(), world.instance()
    for tokens in (one, other):
        await tokens.token(tokened(), world.account)
    world.pass_(YOUNG)
    found = [await tokens.token(tokened(), world.account, refused="token-1") for tokens in (one, other)]
    assert found == ["token-2", "token-2"]
    assert provider.asked == [False, True]


async def test_a_new_token_that_is_refused_is_not_fetched_again(world: World, provider: Provider) -> None:
    tokens = world.instance()
    await tokens.token(tokened(), world.account)
    with pytest.raises(NoToken) as none:
        await tokens.token(tokened(), world.account, refused="token-1")
    assert not none.value.refused.retryable
    assert provider.asked == [False]


@pytest.mark.parametrize(("errcode", "retryable"), [(-1, True), (40164, False)])
async def test_without_a_token_the_reason_is_told_and_the_next_may_try(
    world: World, provider: Provider, errcode: int, retryable: bool
) -> None:
    provider.errcode = errcode
    with pytest.raises(NoToken) as none:
        await world.instance().token(tokened(), world.account)
    assert (none.value.refused.code, none.value.refused.retryable) == (str(errcode), retryable)
    provider.errcode = 0
    assert await world.instance().token(tokened(), world.account) == "token-2"


async def test_a_token_endpoint_that_is_not_there_may_be_asked_later(world: World) -> None:
    gone = account("http://127.0.0.1:1")
    with pytest.raises(NoToken) as none:
        await world.instance().token(tokened(), gone)
    assert none.value.refused.retryable


async def test_no_table_means_unavailable() -> None:
    tables = open_tables(
        "AccountName=x;AccountKey=eA==;TableEndpoint=http://127.0.0.1:1/x;DefaultEndpointsProtocol=http"
    )
    caller = Caller()
    with pytest.raises(Unavailable):
        await Tokens(tables.table("tokens"), caller, EntraTokens(), lambda: NOW).token(
            tokened(), account("http://127.0.0.1:1")
        )
    outcome = await line(tables, caller).place(
        call("http://127.0.0.1:1"), WECHAT, account("http://127.0.0.1:1")
    )
    assert isinstance(outcome, Refused)  # nothing was sent: it is safe to try again
    assert (outcome.code, outcome.retryable) == ("unavailable", True)
    await caller.close()
    await tables.close()


def line(tables: Tables, caller: Caller) -> Line:
    return Line(caller, Tokens(tables.table("tokens"), caller, EntraTokens(), lambda: NOW))


def call(base: str) -> Call:
    return Call(url=f"{base}/cgi-bin/message/custom/send", json={"touser": "o"}, name="our-name")


async def test_a_call_goes_out_with_the_token_and_gets_our_name(world: World, provider: Provider) -> None:
    placed = Line(world.caller, world.instance())
    assert await placed.place(call(provider.base), WECHAT, world.account) == Sent("our-name")
    assert provider.taken == ["token-1"]


async def test_a_call_whose_token_is_refused_is_made_once_more(world: World, provider: Provider) -> None:
    placed = Line(world.caller, world.instance())
    await placed.place(call(provider.base), WECHAT, world.account)
    world.pass_(YOUNG)
    provider.refuses = {"token-1"}
    assert await placed.place(call(provider.base), WECHAT, world.account) == Sent("our-name")
    assert provider.taken == ["token-1", "token-2"]
    provider.refuses = {"token-2"}
    outcome = await placed.place(call(provider.base), WECHAT, world.account)
    assert isinstance(outcome, Refused)
    assert not outcome.retryable
    assert provider.asked == [False, True]


async def test_a_token_does_not_show(world: World) -> None:
    tokens = world.instance()
    value = await tokens.token(tokened(), world.account)
    assert value not in repr(tokened().authorised(call("https://x"), value))
