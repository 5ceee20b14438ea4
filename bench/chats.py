"""Customers' chats for the bench: opened, written in, polled, and followed over a WebSocket."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

from bench.load import request
from functions.message import thread_key

SECRET = "bench-secret-of-the-chat"
DOCUMENT = f"""
version: 1
entitlements: [digital-messaging, chat]
accounts:
  - id: bench
    channel: chat
    provider: directline
    workstream: support
    settings:
      secrets: [{SECRET}]
      signingKeys: [{{id: k1, key: 0123456789abcdef0123456789abcdef}}]
workstreams:
  - {{id: support, agentQueue: all}}
agentQueues:
  - {{id: all}}
"""
SEEN_SECONDS = 30.0


def domain(url: str) -> str:
    """Give the Direct Line address of a platform's chat."""
    return f"{url}/api/channels/chat/bench/v3/directline"


@dataclass(slots=True)
class Chat:
    """One customer's client."""

    http: aiohttp.ClientSession
    base: str
    name: str
    token: str
    stream: str
    watermark: str = ""
    seen: dict[str, float] = field(default_factory=dict)  # text → when it came, by push or by poll
    awaited: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    @classmethod
    async def open(cls, http: aiohttp.ClientSession, url: str) -> "Chat":
        """Start a conversation."""
        headers = {"Authorization": f"Bearer {SECRET}"}
        async with http.post(
            f"{domain(url)}/conversations", json={}, headers=headers, raise_for_status=True
        ) as answer:
            found = await answer.json()
        base = f"{domain(url)}/conversations/{found['conversationId']}"
        return cls(http, base, found["conversationId"], found["token"], found["streamUrl"])

    @property
    def conversation(self) -> str:
        """Give the id of its conversation, as agents know it."""
        return f"{thread_key('chat', 'bench', self.name)}-000001"

    @property
    def authorization(self) -> dict[str, str]:
        """Give the header of its calls."""
        return {"Authorization": f"Bearer {self.token}"}

    def poll_request(self) -> bytes:
        """Write its next poll as it goes over the wire."""
        return request(f"{self.base}/activities?watermark={self.watermark}", self.authorization, method="GET")

    async def say(self, text: str) -> None:
        """Post a message."""
        activity = {"type": "message", "text": text, "channelData": {"clientActivityID": uuid4().hex}}
        async with self.http.post(
            f"{self.base}/activities", json=activity, headers=self.authorization, raise_for_status=True
        ):
            return

    async def poll(self) -> None:
        """Poll once."""
        url = f"{self.base}/activities"
        query = {"watermark": self.watermark}
        async with self.http.get(
            url, params=query, headers=self.authorization, raise_for_status=True
        ) as answer:
            self._take(await answer.json())

    async def poll_always(self, seconds: float) -> None:
        """Poll until cancelled, as the npm client does."""
        while True:
            await self.poll()
            await asyncio.sleep(seconds)

    async def listen(self) -> None:
        """Follow the stream until cancelled."""
        async with self.http.ws_connect(self.stream) as socket:
            async for frame in socket:
                self._take(json.loads(frame.data))

    async def wait(self, text: str) -> float:
        """Wait until the text has come, and tell when it did; raises TimeoutError."""
        if text not in self.seen:
            self.awaited[text] = asyncio.get_running_loop().create_future()
            await asyncio.wait_for(self.awaited[text], SEEN_SECONDS)
        return self.seen[text]

    def _take(self, found: dict[str, Any]) -> None:
        now = time.perf_counter()
        self.watermark = found.get("watermark", self.watermark)
        for activity in found["activities"]:
            text = str(activity.get("text", ""))
            self.seen.setdefault(text, now)
            if (waiting := self.awaited.pop(text, None)) and not waiting.done():
                waiting.set_result(None)
