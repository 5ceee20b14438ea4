"""A chat customer: a small Direct Line client, as our page is one, for the demo, the benches and tests."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp

from local.desk import Desk, Json

PATIENCE = 30.0  # seconds


class Unanswered(Exception):
    """What was awaited did not come, or another status than expected."""


@dataclass(slots=True)
class Visitor:
    """A visitor of a page that has the chat. `base` is the account's address; `seen` are its activities."""

    http: aiohttp.ClientSession
    base: str
    token: str = ""
    conversation: str = ""
    user: str = ""
    watermark: str = ""
    seen: list[Json] = field(default_factory=list)

    async def start(self, **body: Any) -> int:
        """Start a chat as our own page does; gives the status."""
        parts = urlsplit(self.base)
        headers = {"Origin": f"{parts.scheme}://{parts.netloc}"}
        async with self.http.post(f"{self.base}/session", json=body, headers=headers) as answer:
            found = await answer.json()
            if answer.status == 201:
                self.token, self.conversation = found["token"], found["conversationId"]
                self.user = found["userId"]
            return answer.status

    async def say(self, text: str, name: str = "") -> tuple[int, str]:
        """Post a message; gives the status and the id. The same `name` makes it the same message."""
        named = {"clientActivityID": name or uuid4().hex}
        return await self.post({"type": "message", "text": text, "channelData": named})

    async def post(self, activity: Json) -> tuple[int, str]:
        """Post an activity; gives the status and the id."""
        async with self.http.post(self._url("activities"), json=activity, headers=self._headers) as answer:
            return answer.status, str((await answer.json()).get("id", ""))

    async def poll(self) -> list[Json]:
        """Read what is new; raises Unanswered for a status that is no answer."""
        url = f"{self._url('activities')}?watermark={self.watermark}"
        async with self.http.get(url, headers=self._headers) as answer:
            if answer.status != 200:
                raise Unanswered(f"a poll was answered {answer.status}")
            found = await answer.json()
        self.watermark = found["watermark"]
        self.seen += found["activities"]
        return list(found["activities"])

    async def until(self, wanted: Callable[[Json], bool], seconds: float = PATIENCE) -> Json:
        """Poll until an activity is there, and give it; raises Unanswered."""
        deadline = time.monotonic() + seconds
        while True:
            if found := next((one for one in self.seen if wanted(one)), None):
                return found
            if time.monotonic() > deadline:
                raise Unanswered("nobody answered in the chat")
            await self.poll()
            await asyncio.sleep(0.1)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def _url(self, what: str) -> str:
        return f"{self.base}/v3/directline/conversations/{self.conversation}/{what}"


async def play(base: str, desk: Desk, http: aiohttp.ClientSession, tell: Callable[[str], None]) -> None:
    """Play a whole chat; raises Unanswered when it does not go as it must."""

    def show(what: str, status: int, expected: int, more: str = "") -> None:
        tell(f"    {what:<44} {status} {more}".rstrip())
        if status != expected:
            raise Unanswered(f"{what}: expected {expected}")

    visitor = Visitor(http, base)
    show("a visitor opens the chat", await visitor.start(locale="fi-FI", survey={"name": "Aino"}), 201)
    status, first = await visitor.say("Hei, laskussa on virhe", "demo-1")
    show("message", status, 200)
    status, again = await visitor.say("Hei, laskussa on virhe", "demo-1")
    show("the same, posted again", status, 200, "the same id" if again == first else "another id!")
    stranger = Visitor(http, base, _tampered(visitor.token), visitor.conversation)
    show("with a tampered token", (await stranger.say("lahja"))[0], 401)
    show("second message", (await visitor.say("Voitteko auttaa?", "demo-2"))[0], 200)
    await visitor.until(lambda one: one.get("text") == "Voitteko auttaa?")
    conversation = await _conversation(desk, visitor.user)
    await desk.reply(conversation["id"], "Hei, korjaamme sen heti.", f"demo-{conversation['id']}")
    reply = await visitor.until(
        lambda one: one["from"].get("role") == "bot" and "korjaamme" in one.get("text", "")
    )
    tell(f"    the visitor reads: {reply['from']['name']}: {reply['text']}")
    show("the visitor ends it", (await visitor.post({"type": "endOfConversation"}))[0], 200)
    await visitor.until(lambda one: one["type"] == "endOfConversation")
    show("another message", (await visitor.say("Vielä yksi asia"))[0], 404, "it is over")
    texts = [
        one["text"] for one in visitor.seen if one["type"] == "message" and one["from"]["role"] == "user"
    ]
    if again != first or texts != ["Hei, laskussa on virhe", "Voitteko auttaa?"]:
        raise Unanswered(f"the visitor sees {texts}")


async def _conversation(desk: Desk, customer: str) -> Json:
    found = [one for one in await desk.conversations() if one["customer"]["id"] == customer]
    if len(found) != 1:
        raise Unanswered(f"{len(found)} conversations of the visitor")
    return found[0]


def _tampered(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body}.{signature[::-1]}"
