"""The app's services with push, and a chat account; what the functions host would do is done by hand."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from functions.channels.contract import Request, Response
from functions.cloud.compose import outside
from functions.cloud.push import WebPubSub
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import open_tables
from functions.conversations.threads import Draft
from functions.message import Address, Inbound, Kind, thread_key
from functions.ports import Blobs
from functions.routing.inbound import Delivery
from functions.services import Services, wire
from functions.settings import Settings
from local.webpubsub.launch import WebPubSub as Emulator

BASE = "https://chat.example"
SECRET = "a-secret-of-the-chat"
DIRECTLINE = "v3/directline"
CONFIGURATION = f"""
version: 1
entitlements: [digital-messaging, chat]
accounts:
  - id: web
    channel: chat
    provider: directline
    workstream: support
    settings:
      secrets: [{SECRET}]
      signingKeys: [{{id: k1, key: 0123456789abcdef0123456789abcdef}}]
      greeting: Tervetuloa
  - id: lasting
    channel: chat
    provider: directline
    workstream: support
    settings:
      secrets: [{SECRET}]
      signingKeys: [{{id: k1, key: 0123456789abcdef0123456789abcdef}}]
      persistent: true
workstreams:
  - {{id: support, agentQueue: frontline}}
agentQueues:
  - {{id: frontline}}
"""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class House:
    """A chat account's server, and the functions behind it."""

    services: Services
    http: aiohttp.ClientSession
    heard: list[int] = field(default_factory=list)  # answers to the events of connections

    async def call(
        self,
        method: str,
        path: str,
        token: str,
        body: object = None,
        *,
        account: str = "web",
        query: str = "",
    ) -> Any:
        """Call the Direct Line API and read its JSON."""
        answer = await self.answer(method, path, token, body, account=account, query=query)
        assert answer.status in (200, 201), answer.body
        return json.loads(answer.body)

    async def answer(
        self,
        method: str,
        path: str,
        token: str,
        body: object = None,
        *,
        account: str = "web",
        query: str = "",
    ) -> Response:
        """Call the Direct Line API."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        request = Request(
            method=method,
            url=f"{BASE}/api/channels/chat/{account}",
            query=query,
            headers=headers,
            body=json.dumps(body or {}).encode(),
            received_at=now(),
            rest=f"{DIRECTLINE}/{path}",
        )
        return await self.services.intake.receive("chat", account, request)

    async def customer_says(self, conversation: str, *texts: str, account: str = "web") -> None:
        """Route what a customer wrote, in one batch, as the queue would bring it."""
        items = [
            Inbound(
                channel="chat",
                provider="directline",
                account=account,
                thread=conversation,
                event=uuid4().hex,
                kind=Kind.MESSAGE,
                sender=Address(id="dl_anna"),
                text=text,
                received_at=now(),
                raw={"type": "message", "text": text, "channelData": {"clientActivityID": text}},
            )
            for text in texts
        ]
        batch = [Delivery(item.id, item.session, item.json_text(), 1) for item in items]
        await self.services.router.route("inbound-chat", batch)

    async def agent_says(self, conversation: str, text: str, *, account: str = "web") -> None:
        """Record an agent's reply."""
        key = f"{thread_key('chat', account, conversation)}-000001"
        await self.services.threads.reply(key, Draft(text=text), key=uuid4().hex, agent="agent")


@asynccontextmanager
async def house(tables: str, bus: str, emulator: Emulator | None, blobs: Blobs) -> AsyncIterator[House]:
    """The services over tables and a hub of their own, with its events served; no emulator: no push."""
    run = f"chat{uuid4().hex[:8]}"
    async with AsyncExitStack() as stack:
        opened, queue = open_tables(tables), AzureBus.connect(bus)
        stack.push_async_callback(opened.close)
        stack.push_async_callback(queue.close)
        push = WebPubSub(emulator.connection_string, hub=run) if emulator else None
        settings = Settings(BASE, bus, tables, "", "", "", "", "", ())
        found = wire(settings, outside(opened, queue, blobs, EnvironmentSecrets({}), prefix=run, push=push))
        await found.configurations.apply(CONFIGURATION, "tests")
        made = House(found, await stack.enter_async_context(aiohttp.ClientSession()))
        if push and emulator:
            stack.push_async_callback(push.stop)
            port = await stack.enter_async_context(_serving(made))
            await emulator.tell(run, f"http://127.0.0.1:{port}/api/push/events", "connected")
        yield made


@asynccontextmanager
async def _serving(made: House) -> AsyncIterator[int]:
    async def events(request: web.Request) -> web.Response:
        connections = made.services.connections
        assert connections
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        heard = await connections.hear(Request(request.method, str(request.url), "", headers, body, now()))
        made.heard.append(heard.status)
        return web.Response(status=heard.status, headers=dict(heard.headers))

    app = web.Application()
    app.router.add_route("*", "/api/push/events", events)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


class Stream:
    """A Direct Line client's side of a stream: the activities by id as they came, and its watermark."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self.watermark = ""

    async def read(self, seconds: float = 10) -> dict[str, Any]:
        """Read the next frame."""
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.receive_str(), seconds))
        self.frames.append(frame)
        self.watermark = frame.get("watermark", self.watermark)
        return frame

    async def until(self, text: str) -> None:
        """Read until an activity says so."""
        while text not in self.texts:
            await self.read()

    @property
    def texts(self) -> list[str]:
        """What was said, each activity once, in the order it first came."""
        said = {one["id"]: one.get("text", one["type"]) for one in self.activities if "id" in one}
        return list(said.values())

    @property
    def activities(self) -> list[dict[str, Any]]:
        """Every activity of every frame."""
        return [one for frame in self.frames for one in frame["activities"]]
