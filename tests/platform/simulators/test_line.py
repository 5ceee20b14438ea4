"""LINE's stand-in pleases LINE's own client, and takes a retry key once."""

import asyncio
import uuid

import pytest
from aiohttp.test_utils import TestServer
from linebot.v3.messaging import ApiClient, Configuration, MessagingApi, PushMessageRequest, TextMessage
from linebot.v3.messaging.exceptions import ApiException

from local.simulators.server import Simulators


def push(base: str, text: str, key: str | None = None, token: str = "token") -> str:
    with ApiClient(Configuration(host=f"{base}line", access_token=token)) as client:
        request = PushMessageRequest(to="U1", messages=[TextMessage(text=text)])
        return str(MessagingApi(client).push_message(request, key).sent_messages[0].id)


async def test_lines_own_client_is_content_and_a_retry_key_counts_once() -> None:
    simulators, key = Simulators(), str(uuid.uuid4())
    async with TestServer(simulators.application()) as server:
        base = str(server.make_url("/"))
        name = await asyncio.to_thread(push, base, "Hei", key)
        assert [(taken.id, taken.text) for taken in simulators.state.taken] == [(name, "Hei")]
        with pytest.raises(ApiException) as again:
            await asyncio.to_thread(push, base, "Hei", key)
        assert again.value.status == 409
        assert name in again.value.body
        await asyncio.to_thread(push, base, "Hei")
        assert len(simulators.state.taken) == 2


@pytest.mark.parametrize(("text", "key", "status"), [("x" * 5001, None, 400), ("x", "no-uuid", 400)])
async def test_what_line_would_refuse(text: str, key: str | None, status: int) -> None:
    async with TestServer(Simulators().application()) as server:
        with pytest.raises(ApiException) as refused:
            await asyncio.to_thread(push, str(server.make_url("/")), text, key)
        assert refused.value.status == status
