"""Frames over the real SDK and the emulator: to a group, to one connection, and when the service is down."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import WSMsgType, web

from functions.cloud import push as module
from functions.cloud.push import WebPubSub
from functions.errors import Unavailable
from local.webpubsub.launch import KEY
from local.webpubsub.launch import WebPubSub as Emulator
from tests.platform.webpubsub.handler import Event, EventHandler, serving
from tests.waiting import eventually

SECONDS = 5.0


@dataclass
class Client:
    """A client that the service has told us of."""

    socket: aiohttp.ClientWebSocketResponse
    headers: dict[str, str]

    @property
    def id(self) -> str:
        return self.headers["ce-connectionid"]


@pytest_asyncio.fixture(scope="module")
async def emulator() -> AsyncIterator[Emulator]:
    started = Emulator()
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture
async def handler(emulator: Emulator) -> AsyncIterator[EventHandler]:
    """Hears of what goes on in the hub of the test."""
    async with serving() as found:
        yield found


@pytest_asyncio.fixture
async def push(emulator: Emulator, handler: EventHandler) -> AsyncIterator[WebPubSub]:
    opened = WebPubSub(emulator.connection_string, hub=f"hub{uuid4().hex}")
    await emulator.tell(opened._hub, handler.url, "connected", "disconnected", user_events="*")
    yield opened
    await opened.stop()


async def receive(socket: aiohttp.ClientWebSocketResponse) -> str:
    return await asyncio.wait_for(socket.receive_str(), SECONDS)


@asynccontextmanager
async def connected(push: WebPubSub, handler: EventHandler, user: str) -> AsyncIterator[Client]:
    """Connect a client, and give it with its id."""
    async with aiohttp.ClientSession() as http, http.ws_connect(await push.address(user, 1)) as socket:
        known: list[Event] = []

        def here() -> bool:
            known[:] = [event for event in handler.named("connected") if event.headers["ce-userid"] == user]
            return bool(known)

        await eventually(here)
        yield Client(socket, known[0].headers)


async def test_a_group_hears_what_is_sent_to_it_and_keep_alives_go_nowhere(
    push: WebPubSub, handler: EventHandler
) -> None:
    async with connected(push, handler, "anna") as anna, connected(push, handler, "bo") as bo:
        await push.join("g", anna.id)
        for client in (anna, bo):
            await client.socket.send_str("")
        await push.send("g", '{"text": "hyvää päivää 👋"}')
        assert await receive(anna.socket) == '{"text": "hyvää päivää 👋"}'
        await push.send_to(bo.id, "ää")
        assert await receive(bo.socket) == "ää"
    await eventually(lambda: len(handler.named("disconnected")) == 2)
    assert not handler.named("message")


async def test_what_is_told_of_a_connection_is_signed(push: WebPubSub, handler: EventHandler) -> None:
    async with connected(push, handler, "a") as client:
        signature = client.headers["ce-signature"]
    assert client.headers["webhook-request-origin"] == push.host
    assert push.genuine(client.id, signature)
    assert push.genuine(client.id, f"sha256={'0' * 64},{signature}")
    for wrong in ("", "sha256=", signature.upper(), signature[:-1], "ä"):
        assert not push.genuine(client.id, wrong)
    assert not push.genuine("other", signature)


async def test_a_signature_of_another_key_is_not_genuine() -> None:
    push = WebPubSub(f"Endpoint=https://x.webpubsub.azure.com;AccessKey={KEY}")
    assert push.host == "x.webpubsub.azure.com"
    assert not push.genuine("c", "sha256=" + hmac.new(b"other", b"c", sha256).hexdigest())


async def test_connections_are_closed_alone_and_by_group(push: WebPubSub, handler: EventHandler) -> None:
    async with connected(push, handler, "anna") as anna, connected(push, handler, "bo") as bo:
        await push.join("g", anna.id)
        await push.close_all("g")
        await push.close(bo.id)
        for client in (anna, bo):
            assert (await asyncio.wait_for(client.socket.receive(), SECONDS)).type is WSMsgType.CLOSE
    for gone in (
        push.join("g", anna.id),
        push.send_to(anna.id, "x"),
        push.close(anna.id),
        push.send("g", "x"),
    ):
        await gone


async def test_a_service_that_is_down_or_refuses_us_is_unavailable(emulator: Emulator) -> None:
    down = emulator.connection_string.replace(f":{emulator.port};", ":1;")
    for where in (down, emulator.connection_string.replace(KEY, "x" * 64)):
        push = WebPubSub(where)
        for work in (push.send("g", "1"), push.send_to("c", "1"), push.close_all("g")):
            with pytest.raises(Unavailable, match="does not answer"):
                await work
        await push.stop()


async def test_a_silent_service_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEADLINE", 2.0)
    asked, over = asyncio.Event(), asyncio.Event()

    async def silent(request: web.Request) -> web.Response:
        asked.set()
        await over.wait()
        return web.Response()

    runner = web.ServerRunner(web.Server(silent))  # type: ignore[arg-type]  # BaseRequest is enough
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    push = WebPubSub(f"Endpoint=http://127.0.0.1:{runner.addresses[0][1]};AccessKey={KEY}")
    with pytest.raises(Unavailable, match="does not answer"):
        await push.send("g", "1")
    assert asked.is_set()
    over.set()
    await push.stop()
    await runner.cleanup()
