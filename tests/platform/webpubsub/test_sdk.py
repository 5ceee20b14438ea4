"""The unmodified `azure-messaging-webpubsubservice`, sync and async, against the emulator."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import aiohttp
import jwt
import pytest
import pytest_asyncio
from aiohttp import ClientWebSocketResponse
from azure.core.exceptions import ClientAuthenticationError
from azure.messaging.webpubsubservice import WebPubSubServiceClient as Blocking
from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient

from local.webpubsub.launch import KEY, WebPubSub
from tests.waiting import eventually

SECONDS = 5.0


class Service:
    """The SDK on one hub, and plain WebSockets beside it."""

    def __init__(self, sdk: WebPubSubServiceClient, http: aiohttp.ClientSession) -> None:
        self.sdk, self.http = sdk, http

    async def client(self, user: str, *groups: str) -> ClientWebSocketResponse:
        """Connect, and return when the service knows of it."""
        token = await self.sdk.get_client_access_token(user_id=user, groups=list(groups))
        socket = await self.http.ws_connect(token["url"])
        await eventually(lambda: self.sdk.user_exists(user))
        return socket


@pytest_asyncio.fixture
async def service(webpubsub: WebPubSub, hub: str) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        sdk = WebPubSubServiceClient.from_connection_string(webpubsub.connection_string, hub)
        await stack.enter_async_context(sdk)
        yield Service(sdk, await stack.enter_async_context(aiohttp.ClientSession()))


async def text(socket: ClientWebSocketResponse) -> str:
    return await asyncio.wait_for(socket.receive_str(), SECONDS)


async def test_a_group_gets_what_is_sent_to_it_and_nobody_else(service: Service) -> None:
    anna, another, bo = [await service.client(*who) for who in (("anna", "a"), ("eve", "a"), ("bo", "b"))]
    await service.sdk.send_to_group("a", io.BytesIO("hei ä€".encode()), content_type="text/plain")
    await service.sdk.send_to_all("kaikille", content_type="text/plain")
    assert [await text(anna), await text(anna)] == ["hei ä€", "kaikille"]
    assert [await text(another), await text(another)] == ["hei ä€", "kaikille"]
    assert await text(bo) == "kaikille"


async def test_a_user_and_a_connection_can_be_meant(service: Service) -> None:
    anna, again, bo = await service.client("anna"), await service.client("anna"), await service.client("bo")
    await service.sdk.send_to_user("anna", {"n": 1})
    assert (await text(anna), await text(again)) == ('{"n": 1}', '{"n": 1}')
    await service.sdk.send_to_user("bo", io.BytesIO(b"\x00\xff"), content_type="application/octet-stream")
    assert await asyncio.wait_for(bo.receive_bytes(), SECONDS) == b"\x00\xff"


async def test_the_blocking_sdk_sends_too(service: Service, webpubsub: WebPubSub, hub: str) -> None:
    anna = await service.client("anna", "ryhmä/1")
    with Blocking.from_connection_string(webpubsub.connection_string, hub) as blocking:
        await asyncio.to_thread(blocking.send_to_user, "anna", "1", content_type="text/plain")
        await asyncio.to_thread(blocking.send_to_group, "ryhmä/1", "2", content_type="text/plain")
        assert await asyncio.to_thread(blocking.group_exists, "ryhmä/1")
        url = blocking.get_client_access_token(user_id="bo")["url"]
    assert (await text(anna), await text(anna)) == ("1", "2")
    async with service.http.ws_connect(url):
        await eventually(lambda: service.sdk.user_exists("bo"))


async def test_connections_are_closed_by_group_by_user_and_all(service: Service) -> None:
    sockets = [await service.client(*who) for who in (("a", "g"), ("b",), ("c",))]
    for close in (
        service.sdk.close_group_connections("g", reason="over"),
        service.sdk.close_user_connections("b"),
        service.sdk.close_all_connections(),
    ):
        await close
        socket = sockets.pop(0)
        assert (await asyncio.wait_for(socket.receive(), SECONDS)).type is aiohttp.WSMsgType.CLOSE
    for user in "abc":
        assert not await service.sdk.user_exists(user)
    assert not await service.sdk.group_exists("g")


async def test_a_wrong_key_opens_nothing(webpubsub: WebPubSub, hub: str) -> None:
    wrong = webpubsub.connection_string.replace(KEY, "x" * 44)
    async with (
        WebPubSubServiceClient.from_connection_string(wrong, hub) as sdk,
        aiohttp.ClientSession() as http,
    ):
        with pytest.raises(ClientAuthenticationError):
            await sdk.send_to_all("no", content_type="text/plain")
        url = (await sdk.get_client_access_token())["url"]
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await http.ws_connect(url)


def claims(webpubsub: WebPubSub, path: str, **changed: object) -> dict[str, object]:
    return {
        "aud": f"{webpubsub.url}{path}",
        "exp": datetime.now(UTC) + timedelta(minutes=1),
        **changed,
    }


@pytest.mark.parametrize(
    ("changed", "key", "algorithm"),
    [
        ({}, "x" * 44, "HS256"),
        ({}, KEY, "HS512"),
        ({}, None, "none"),
        ({"aud": "http://127.0.0.1/client/hubs/other"}, KEY, "HS256"),
        ({"aud": None}, KEY, "HS256"),
        ({"exp": datetime(2020, 1, 1, tzinfo=UTC)}, KEY, "HS256"),
        ({"exp": None}, KEY, "HS256"),
    ],
    ids=["key", "algorithm", "unsigned", "audience", "no-audience", "expired", "for-ever"],
)
async def test_tokens_that_open_nothing(
    webpubsub: WebPubSub, hub: str, changed: dict[str, object], key: str | None, algorithm: str
) -> None:
    async def status(path: str, method: str) -> int:
        payload = {k: v for k, v in claims(webpubsub, path, **changed).items() if v is not None}
        token = jwt.encode(payload, key or "", algorithm)
        async with aiohttp.ClientSession() as http:
            if method == "WS":
                url = f"{webpubsub.url}{path}?access_token={quote(token)}"
                async with http.get(url) as answer:
                    return answer.status
            headers = {"Authorization": f"Bearer {token}"}
            async with http.request(method, f"{webpubsub.url}{path}", headers=headers, data="x") as answer:
                return answer.status

    assert await status(f"/api/hubs/{hub}/:send", "POST") == 401
    assert await status(f"/client/hubs/{hub}", "WS") == 401


async def test_a_call_token_is_good_for_its_own_url_only(webpubsub: WebPubSub, hub: str) -> None:
    token = jwt.encode(claims(webpubsub, f"/api/hubs/{hub}/:send"), KEY, "HS256")
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{webpubsub.url}/api/hubs/{hub}/:send", data="x", headers=headers) as answer:
            assert answer.status == 202
        async with http.post(f"{webpubsub.url}/api/hubs/no/:send", data="x", headers=headers) as answer:
            assert answer.status == 401
