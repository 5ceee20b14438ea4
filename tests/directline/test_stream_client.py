"""The unmodified `botframework-directlinejs` over WebSocket against the running platform.

The client does what it does: it sends keep-alives, loses its connection, waits 3 to 15 seconds, and comes
again with its watermark. What it shows twice it shows by the same id, as Web Chat expects.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient

from functions.message import thread_key
from local.desk import Desk
from local.platform import Platform
from tests.directline.kit import ALLOWED, GREETING, SECRET, Chats
from tests.directline.test_node import FOLDER, install
from tests.waiting import eventually

ONLINE, SECONDS = 2, 40.0
KEEP_ALIVE = 1000  # milliseconds between the client's empty frames


class Client:
    """The client's process: what it printed, and orders to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.seen: list[dict[str, Any]] = []

    async def listen(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            self.seen.append(json.loads(line))

    def order(self, **what: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(what).encode() + b"\n")

    async def until(self, condition: Callable[[], bool]) -> None:
        try:
            await eventually(condition, SECONDS)
        except TimeoutError:
            raise AssertionError(f"not seen: {self.seen[-5:]}") from None

    @property
    def conversation(self) -> str:
        return str(next(one["conversation"] for one in reversed(self.seen) if one.get("conversation")))

    @property
    def stream_urls(self) -> set[str]:
        return {one["streamUrl"] for one in self.seen if one.get("streamUrl")}

    @property
    def activities(self) -> list[dict[str, Any]]:
        return [one["activity"] for one in self.seen if "activity" in one]

    @property
    def texts(self) -> list[str]:
        """What was said, each activity once."""
        said = {one["id"]: one.get("text", "") for one in self.activities if "id" in one}
        return [text for text in said.values() if text]

    def shows(self, text: str) -> Callable[[], bool]:
        return lambda: text in self.texts


@asynccontextmanager
async def client(chats: Chats) -> AsyncIterator[Client]:
    await install()
    where = {"URL": chats.url, "SECRET": SECRET, "ORIGIN": ALLOWED, "DESK_TOKEN": chats.desk_token}
    process = await asyncio.create_subprocess_exec(
        *("node", "stream.mjs"),
        cwd=FOLDER,
        env=os.environ | where | {"USER_ID": f"dl_{uuid4().hex}", "KEEP_ALIVE": str(KEEP_ALIVE)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    made = Client(process)
    listening = asyncio.create_task(made.listen())
    try:
        await made.until(lambda: any(one.get("status") == ONLINE for one in made.seen))
        yield made
        made.order(end=True)
        await asyncio.wait_for(process.wait(), 10)
    finally:
        if process.returncode is None:
            process.kill()
        await listening


async def stored(desk: Desk, conversation: str, text: str) -> bool:
    return any(one.get("text") == text for one in await desk.items(f"conversations/{conversation}/messages"))


async def test_a_conversation_that_loses_its_connection_and_nothing_else(
    chats: Chats, platform: Platform
) -> None:
    desk = chats.desk
    hub = WebPubSubServiceClient.from_connection_string(platform.push.connection_string, "chat")
    async with client(chats) as customer, hub:
        await customer.until(customer.shows(GREETING["en"]))
        customer.order(say="hei")
        await customer.until(customer.shows("hei"))
        conversation = f"{thread_key('chat', 'web', customer.conversation)}-000001"
        await desk.reply(conversation, "päivää 👋", "1")
        await customer.until(customer.shows("päivää 👋"))
        await desk.send_text("POST", f"conversations/{conversation}/typing")
        await customer.until(lambda: any(one["type"] == "typing" for one in customer.activities))

        await hub.close_all_connections()
        await desk.reply(conversation, "kuulutko?", "2")
        await customer.until(customer.shows("kuulutko?"))
        assert len(customer.stream_urls) == 2
        customer.order(say="kuulen")
        await customer.until(customer.shows("kuulen"))
        assert customer.texts == [GREETING["en"], "hei", "päivää 👋", "kuulutko?", "kuulen"]
        echoes = {one["id"]: one["channelData"] for one in customer.activities if "channelData" in one}
        assert [one["clientActivityID"] for one in echoes.values()] == ["hei", "kuulen"]


async def test_the_service_falls_and_the_chat_goes_on(chats: Chats, platform: Platform) -> None:
    desk = chats.desk
    async with client(chats) as customer:
        customer.order(say="yksi")
        await customer.until(customer.shows("yksi"))
        conversation = f"{thread_key('chat', 'web', customer.conversation)}-000001"
        await platform.push.kill()
        customer.order(say="kaksi")
        await eventually(lambda: stored(desk, conversation, "kaksi"), SECONDS)
        await desk.reply(conversation, "kolme", "1")
        await platform.push.start()
        await customer.until(customer.shows("kolme"))
        assert customer.texts == [GREETING["en"], "yksi", "kaksi", "kolme"]
