"""What the emulator tells event handlers, and what their answers do to plain WebSocket clients."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import WSMsgType, web
from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient

from local.webpubsub.launch import KEY, WebPubSub
from tests.platform.webpubsub.handler import EventHandler, serving
from tests.waiting import eventually

SECONDS = 5.0


@pytest_asyncio.fixture
async def handler() -> AsyncIterator[EventHandler]:
    async with serving() as found:
        yield found


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def url(webpubsub: WebPubSub, hub: str, **options: Any) -> str:
    async with WebPubSubServiceClient.from_connection_string(webpubsub.connection_string, hub) as sdk:
        found: str = (await sdk.get_client_access_token(**options))["url"]
        return found


async def test_a_connection_is_told_of_from_its_beginning_to_its_end(
    webpubsub: WebPubSub, hub: str, handler: EventHandler, http: aiohttp.ClientSession
) -> None:
    handler.answers["connect"] = web.json_response({"groups": ["g"]}, headers={"ce-connectionState": "abc"})
    await webpubsub.tell(hub, handler.url, "connect", "connected", "disconnected", user_events="*")
    address = await url(webpubsub, hub, user_id="anna", roles=["r"])
    async with http.ws_connect(f"{address}&color=blue") as socket:
        await socket.send_str("hei")
        await eventually(lambda: bool(handler.named("message")))
    await eventually(lambda: bool(handler.named("disconnected")))
    names = [event.name for event in handler.events]
    assert names[:2] == ["validate", "connect"]
    assert sorted(names) == ["connect", "connected", "disconnected", "message", "validate"]
    assert handler.events[0].method == "OPTIONS"
    asked = json.loads(handler.named("connect")[0].body)
    assert asked["claims"]["sub"] == ["anna"]
    assert asked["query"] == {"color": ["blue"]}
    assert handler.named("message")[0].body == "hei"
    assert handler.named("connected")[0].body == "{}"


async def test_events_carry_what_the_service_documents(
    webpubsub: WebPubSub, hub: str, handler: EventHandler, http: aiohttp.ClientSession
) -> None:
    await webpubsub.tell(hub, handler.url, "connected")
    async with http.ws_connect(await url(webpubsub, hub, user_id="anna")):
        await eventually(lambda: bool(handler.named("connected")))
    headers = handler.named("connected")[0].headers
    connection = headers["ce-connectionid"]
    signed = hmac.new(KEY.encode(), connection.encode(), sha256).hexdigest()
    assert headers["ce-signature"] == f"sha256={signed}"
    expected = {
        "webhook-request-origin": "127.0.0.1",
        "ce-specversion": "1.0",
        "ce-type": "azure.webpubsub.sys.connected",
        "ce-source": f"/hubs/{hub}/client/{connection}",
        "ce-userid": "anna",
        "ce-hub": hub,
        "ce-eventname": "connected",
    }
    assert {name: headers[name] for name in expected} == expected


async def test_a_handler_that_does_not_allow_us_is_told_nothing(
    webpubsub: WebPubSub, hub: str, handler: EventHandler, http: aiohttp.ClientSession
) -> None:
    handler.allows = ""
    await webpubsub.tell(hub, handler.url, "connect")
    with pytest.raises(aiohttp.WSServerHandshakeError, match="500"):
        await http.ws_connect(await url(webpubsub, hub))
    assert [event.name for event in handler.events] == ["validate"]


async def test_who_is_refused_by_the_connect_handler_stays_out(
    webpubsub: WebPubSub, hub: str, handler: EventHandler, http: aiohttp.ClientSession
) -> None:
    handler.answers["connect"] = web.Response(status=403)
    await webpubsub.tell(hub, handler.url, "connect", "disconnected")
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await http.ws_connect(await url(webpubsub, hub))
    assert not handler.named("disconnected")


async def test_a_message_is_answered_on_the_same_connection(
    webpubsub: WebPubSub, hub: str, handler: EventHandler, http: aiohttp.ClientSession
) -> None:
    handler.answers["message"] = web.Response(text="echo", headers={"ce-connectionState": "1"})
    await webpubsub.tell(hub, handler.url, user_events="message")
    async with http.ws_connect(await url(webpubsub, hub)) as socket:
        await socket.send_str("")
        assert await asyncio.wait_for(socket.receive_str(), SECONDS) == "echo"
        await socket.send_bytes(b"\x01")
        assert await asyncio.wait_for(socket.receive_str(), SECONDS) == "echo"
    first, second = handler.named("message")
    assert first.headers["content-type"].startswith("text/plain")
    assert "ce-connectionstate" not in first.headers
    assert second.headers["content-type"] == "application/octet-stream"
    assert second.headers["ce-connectionstate"] == "1"


@pytest.mark.parametrize("handled", [True, False])
async def test_a_message_that_nobody_takes_ends_the_connection(
    webpubsub: WebPubSub, hub: str, handler: EventHandler, http: aiohttp.ClientSession, handled: bool
) -> None:
    handler.answers["message"] = web.Response(status=500)
    await webpubsub.tell(hub, handler.url, user_events="message" if handled else "")
    async with http.ws_connect(await url(webpubsub, hub)) as socket:
        await socket.send_str("hei")
        frame = await asyncio.wait_for(socket.receive(), SECONDS)
        assert (frame.type, socket.close_code) == (WSMsgType.CLOSE, 1000)


async def test_frames_go_to_a_group_where_the_address_and_a_role_say_so(
    webpubsub: WebPubSub, hub: str, handler: EventHandler, http: aiohttp.ClientSession
) -> None:
    await webpubsub.tell(hub, handler.url, user_events="*")
    mode = "&webpubsub_mode=sendToGroup&group=g"
    talker = await url(webpubsub, hub, roles=["webpubsub.sendToGroup.g"])
    listener, stranger = await url(webpubsub, hub, groups=["g"]), await url(webpubsub, hub)
    async with http.ws_connect(listener) as hears, http.ws_connect(talker + mode) as talks:
        await talks.send_str("hei")
        assert await asyncio.wait_for(hears.receive_str(), SECONDS) == "hei"
    async with http.ws_connect(stranger + mode) as socket:
        await socket.send_str("hei")
        assert (await asyncio.wait_for(socket.receive(), SECONDS)).type is WSMsgType.CLOSE
    assert not handler.events


async def test_a_killed_emulator_starts_on_its_port_with_its_handlers(
    hub: str, handler: EventHandler, http: aiohttp.ClientSession
) -> None:
    emulator = WebPubSub()
    await emulator.start()
    await emulator.tell(hub, handler.url, "connected")
    address = await url(emulator, hub)
    await emulator.kill()
    await emulator.start()
    async with http.ws_connect(address):
        await eventually(lambda: bool(handler.named("connected")))
    await emulator.stop()
