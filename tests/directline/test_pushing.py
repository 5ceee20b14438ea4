"""What connected clients are told, and that whoever loses the connection loses nothing else."""

import asyncio
import hmac
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import WSMsgType

from functions.channels.contract import Request
from functions.cloud.blobs import AzureBlobs
from functions.conversations.model import State
from functions.directline import pushing
from functions.message import thread_key
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.webpubsub.launch import KEY
from local.webpubsub.launch import WebPubSub as Emulator
from tests.directline.house import BASE, SECRET, House, Stream, house, now
from tests.waiting import eventually


@pytest_asyncio.fixture(scope="module")
async def emulator() -> AsyncIterator[Emulator]:
    started = Emulator()
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture(scope="module")
async def blobs(blob_service: Azurite) -> AsyncIterator[AzureBlobs]:
    opened = AzureBlobs(blob_service.connection_string)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module")
async def chat(
    azurite: Azurite, servicebus: ServiceBus, blobs: AzureBlobs, emulator: Emulator
) -> AsyncIterator[House]:
    async with house(azurite.connection_string, servicebus.connection_string, emulator, blobs) as made:
        yield made


@asynccontextmanager
async def streaming(chat: House, url: str) -> AsyncIterator[Stream]:
    """Connect, and wait until the app has heard of it."""
    heard = len(chat.heard)
    async with chat.http.ws_connect(url) as socket:
        await eventually(lambda: 204 in chat.heard[heard:])
        yield Stream(socket)


async def started(chat: House, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = await chat.call(
        "POST", "conversations", SECRET, {"user": {"id": "dl_anna"}}, **more
    )
    return found


async def resumed(chat: House, begun: dict[str, Any], watermark: str) -> dict[str, Any]:
    path = f"conversations/{begun['conversationId']}"
    found: dict[str, Any] = await chat.call("GET", path, begun["token"], query=f"watermark={watermark}")
    return found


async def test_a_conversation_both_ways(chat: House) -> None:
    begun = await started(chat)
    name = begun["conversationId"]
    async with streaming(chat, begun["streamUrl"]) as stream:
        assert [one["text"] for one in (await stream.read())["activities"]] == ["Tervetuloa"]
        await chat.customer_says(name, "hei", "oletko siellä?")
        said = (await stream.read())["activities"]
        assert [one["channelData"]["clientActivityID"] for one in said] == ["hei", "oletko siellä?"]
        await chat.agent_says(name, "olen – 👋")
        await stream.until("olen – 👋")
        polled = await chat.call("GET", f"conversations/{name}/activities", begun["token"])
    assert [one for one in stream.activities if one["type"] == "message"] == [
        one for one in polled["activities"] if one["type"] == "message"
    ]


async def test_who_comes_late_is_given_everything_in_order(chat: House) -> None:
    begun = await started(chat)
    texts = [str(number) for number in range(130)]
    for start in range(0, len(texts), 26):
        await chat.customer_says(begun["conversationId"], *texts[start : start + 26])
    async with streaming(chat, begun["streamUrl"]) as stream:
        await stream.until("129")
        assert stream.texts == ["Tervetuloa", *texts]
        assert len(stream.frames) > 5  # a frame holds at most a megabyte
    async with streaming(chat, (await resumed(chat, begun, stream.watermark))["streamUrl"]) as stream:
        await chat.agent_says(begun["conversationId"], "vihdoin")
        await stream.until("vihdoin")
        assert stream.texts == ["event", "vihdoin"]  # AgentAccepted, and what the agent said


async def test_nothing_is_lost_however_often_the_connection_is(chat: House) -> None:
    begun, sent = await started(chat), []
    done = asyncio.Event()

    async def talk() -> None:
        for number in count():
            if done.is_set():
                return
            sent.append(str(number))
            await chat.customer_says(begun["conversationId"], str(number))

    talking = asyncio.create_task(talk())
    seen: dict[str, str] = {}
    url, watermark = begun["streamUrl"], ""
    for _ in range(6):
        async with chat.http.ws_connect(url) as socket:
            stream = Stream(socket)
            await stream.read()
            await stream.read()
        watermark = stream.watermark or watermark
        seen |= {one["id"]: one.get("text", "") for one in stream.activities}
        url = (await resumed(chat, begun, watermark))["streamUrl"]
    done.set()
    await talking
    async with streaming(chat, url) as stream:
        await stream.until(sent[-1]) if sent[-1] not in seen.values() else None
    seen |= {one["id"]: one.get("text", "") for one in stream.activities}
    assert list(seen.values()).count("Tervetuloa") == 1
    assert [text for text in seen.values() if text != "Tervetuloa"] == sent


async def test_a_persistent_chat_shows_its_history(chat: House) -> None:
    begun = await started(chat, account="lasting")
    await chat.customer_says(begun["conversationId"], "eilen", account="lasting")
    async with streaming(chat, begun["streamUrl"]) as stream:
        await stream.until("eilen")
    again = await started(chat, account="lasting")
    assert again["conversationId"] == begun["conversationId"]
    async with streaming(chat, again["streamUrl"]) as stream:
        await stream.until("eilen")


async def test_typing_is_shown_and_moves_no_watermark(chat: House) -> None:
    begun = await started(chat)
    await chat.customer_says(begun["conversationId"], "hei")
    key = f"{thread_key('chat', 'web', begun['conversationId'])}-000001"
    async with streaming(chat, begun["streamUrl"]) as stream:
        await stream.until("hei")
        sign = await chat.services.threads.agent_types(key)
        assert sign is not None
        assert chat.services.pusher is not None
        await chat.services.pusher.typing(sign)
        await chat.services.pusher.typing(
            sign.model_copy(update={"created_at": now() - timedelta(minutes=1)})
        )
        frame = await stream.read()
        assert [one["type"] for one in frame["activities"]] == ["typing"]
        assert "watermark" not in frame
        assert "id" not in frame["activities"][0]
        await chat.agent_says(begun["conversationId"], "moi")
        await stream.until("moi")
        assert [one["type"] for one in stream.activities].count("typing") == 1


async def test_the_end_is_told_and_notes_are_not(chat: House) -> None:
    begun = await started(chat)
    await chat.customer_says(begun["conversationId"], "hei")
    key = f"{thread_key('chat', 'web', begun['conversationId'])}-000001"
    threads = chat.services.threads
    async with streaming(chat, begun["streamUrl"]) as stream:
        await stream.until("hei")
        await threads.note(key, "salainen", key="1", agent="agent")
        await threads.transition(key, State.CLOSED, agent="agent")
        while (await stream.read())["activities"][-1]["type"] != "endOfConversation":
            pass
        assert "salainen" not in stream.texts
    async with streaming(chat, (await resumed(chat, begun, stream.watermark))["streamUrl"]) as stream:
        await stream.until("endOfConversation")
    path = f"conversations/{begun['conversationId']}"
    answer = await chat.answer("GET", path, begun["token"], query=f"watermark={stream.watermark}")
    assert answer.status == 404


async def test_a_watermark_comes_where_everything_before_it_has_been_given(
    chat: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = await started(chat)
    async with streaming(chat, begun["streamUrl"]) as stream:
        await stream.until("Tervetuloa")
        for text, settled, moves in (("1", 60, True), ("2", 60, False), ("3", 0, True), ("4", 60, False)):
            monkeypatch.setattr(pushing, "SETTLED", timedelta(seconds=settled))
            before = stream.watermark
            await chat.customer_says(begun["conversationId"], text)
            await stream.until(text)
            assert (stream.watermark != before) is moves
        chat.services.pusher._last.clear()  # type: ignore[union-attr]  # as in another instance
        monkeypatch.setattr(pushing, "SETTLED", timedelta(0))
        await chat.agent_says(begun["conversationId"], "5")
        await stream.until("5")
        assert stream.watermark.startswith("1-6-")  # with the state before the reply


async def test_a_missed_frame_sends_its_clients_away_to_come_again(
    azurite: Azurite, servicebus: ServiceBus, blobs: AzureBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "AGAIN", (0.05, 0.1, 0.2))
    emulator = Emulator()
    await emulator.start()
    async with house(azurite.connection_string, servicebus.connection_string, emulator, blobs) as chat:
        begun = await started(chat)
        await chat.customer_says(begun["conversationId"], "ensin")
        async with streaming(chat, begun["streamUrl"]) as stream:
            await stream.until("ensin")
            assert emulator.pid
            os.kill(emulator.pid, signal.SIGSTOP)
            beginning = asyncio.get_running_loop().time()
            await chat.customer_says(begun["conversationId"], "hukassa")
            assert asyncio.get_running_loop().time() - beginning < pushing.SECONDS + 2
            os.kill(emulator.pid, signal.SIGCONT)
            async with asyncio.timeout(10):
                while (await stream.socket.receive()).type is not WSMsgType.CLOSE:
                    pass
        async with streaming(chat, (await resumed(chat, begun, stream.watermark))["streamUrl"]) as stream:
            await stream.until("hukassa")
            assert "ensin" not in stream.texts
    await emulator.stop()


async def test_storing_does_not_need_push(
    azurite: Azurite, servicebus: ServiceBus, blobs: AzureBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "AGAIN", ())
    emulator = Emulator()
    await emulator.start()
    async with house(azurite.connection_string, servicebus.connection_string, emulator, blobs) as made:
        begun = await started(made)
        await emulator.stop()
        await made.customer_says(begun["conversationId"], "hei")
        path = f"conversations/{begun['conversationId']}/activities"
        polled = await made.call("GET", path, begun["token"])
        assert [one["text"] for one in polled["activities"]] == ["Tervetuloa", "hei"]


async def test_without_push_there_is_no_stream(
    azurite: Azurite, servicebus: ServiceBus, blobs: AzureBlobs
) -> None:
    async with house(azurite.connection_string, servicebus.connection_string, None, blobs) as made:
        begun = await started(made)
        assert "streamUrl" not in begun
        await made.customer_says(begun["conversationId"], "hei")
        assert "streamUrl" not in await resumed(made, begun, "")


EVENT = {
    "ce-type": "azure.webpubsub.sys.connected",
    "ce-connectionid": "c",
    "ce-signature": "sha256=" + "0" * 64,
    "ce-userid": "WyJ3ZWIiXQ",
}


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", EVENT, 401),
        ("POST", {}, 401),
        ("OPTIONS", {"webhook-request-origin": "127.0.0.1"}, 200),
        ("OPTIONS", {"webhook-request-origin": "evil.webpubsub.azure.com"}, 403),
        ("OPTIONS", {}, 403),
    ],
)
async def test_only_our_own_service_is_heard(
    chat: House, method: str, headers: dict[str, str], status: int
) -> None:
    assert chat.services.connections is not None
    request = Request(method, f"{BASE}/api/push/events", "", headers, b"{}", now())
    answer = await chat.services.connections.hear(request)
    assert answer.status == status
    if status == 200:
        assert answer.headers["WebHook-Allowed-Origin"] == "127.0.0.1"


@pytest.mark.parametrize(
    "user", ["", "x", "WyJ3ZWIiXQ", "W10", "bnVsbA", "WyJ3ZWIiLCJjIiwxZTk5LCIiLCIiXQ", "ä"]
)
async def test_a_connection_of_somebody_unknown_is_refused(chat: House, user: str) -> None:
    assert chat.services.connections is not None
    signature = "sha256=" + hmac.new(KEY.encode(), b"c", sha256).hexdigest()
    headers = EVENT | {"ce-userid": user, "ce-signature": signature}
    request = Request("POST", BASE, "", headers, b"{}", now())
    assert (await chat.services.connections.hear(request)).status == 400


async def test_a_bad_watermark_gives_no_address(chat: House) -> None:
    begun = await started(chat)
    path = f"conversations/{begun['conversationId']}"
    assert (await chat.answer("GET", path, begun["token"], query="watermark=x")).status == 400
