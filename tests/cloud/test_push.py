"""Frames over the real SDK and the emulator: to a group, to one connection, and when the service is down."""

import asyncio
import hmac
from collections.abc import AsyncIterator
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
from tests.platform.webpubsub.handler import EventHandler, serving
from tests.waiting import eventually

SECONDS = 5.0


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
    await opened.close()


async def receive(socket: aiohttp.ClientWebSocketResponse) -> str:
    return await asyncio.wait_for(socket.receive_str(), SECONDS)


async def test_the_address_joins_a_group_and_keep_alives_go_nowhere(
    push: WebPubSub, handler: EventHandler
) -> None:
    async with aiohttp.ClientSession() as http:
        one, other = await push.address("g", "anna", 1), await push.address("h", "bo", 1)
        async with http.ws_connect(one) as anna, http.ws_connect(other) as bo:
            await eventually(lambda: len(handler.named("connected")) == 2)
            for socket in (anna, bo):
                await socket.send_str("")
            await push.send("g", '{"text": "hyvää päivää 👋"}')
            assert await receive(anna) == '{"text": "hyvää päivää 👋"}'
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(bo.receive(), 0.1)
            assert not handler.named("message")


async def test_one_connection_is_meant_by_its_id_which_the_service_signs(
    push: WebPubSub, handler: EventHandler
) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(await push.address("g", "a", 1)) as socket:
        await eventually(lambda: bool(handler.named("connected")))
        headers = handler.named("connected")[0].headers
        connection, signature = headers["ce-connectionid"], headers["ce-signature"]
        await push.send_to(connection, "ää")
        assert await receive(socket) == "ää"
    assert headers["ce-userid"] == "a"
    assert headers["webhook-request-origin"] == push.host
    assert push.genuine(connection, signature)
    assert push.genuine(connection, f"sha256={'0' * 64},{signature}")
    for wrong in ("", "sha256=", signature.upper(), signature[:-1], "ä"):
        assert not push.genuine(connection, wrong)
    assert not push.genuine("other", signature)


async def test_a_signature_of_another_key_is_not_genuine() -> None:
    push = WebPubSub(f"Endpoint=https://x.webpubsub.azure.com;AccessKey={KEY}")
    assert push.host == "x.webpubsub.azure.com"
    assert not push.genuine("c", "sha256=" + hmac.new(b"other", b"c", sha256).hexdigest())


async def test_a_closed_group_is_empty(push: WebPubSub) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(await push.address("g", "a", 1)) as socket:
        await eventually(lambda: push._client().user_exists("a"))
        await push.close_all("g")
        assert (await asyncio.wait_for(socket.receive(), SECONDS)).type is WSMsgType.CLOSE
    await push.send("g", "nobody hears this")


async def test_a_service_that_is_down_or_refuses_us_is_unavailable(emulator: Emulator) -> None:
    down = emulator.connection_string.replace(f":{emulator.port};", ":1;")
    for where in (down, emulator.connection_string.replace(KEY, "x" * 64)):
        push = WebPubSub(where)
        for work in (push.send("g", "1"), push.send_to("c", "1"), push.close_all("g")):
            with pytest.raises(Unavailable, match="does not answer"):
                await work
        await push.close()


async def test_a_silent_service_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEADLINE", 0.1)
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
    await push.close()
    await runner.cleanup()
