"""Calls to the local platform, for the demo: one is answered, another leaves a message, a third is forged."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag

import aiohttp

from local.desk import Desk, Json
from local.simulators.twilio import signed
from local.simulators.twilio_voice import Line, Part, Phone

PATIENCE = 30.0  # seconds
AINO, STRANGER = "+358401234567", "+358409998877"
TALK = (
    Line("outbound", "Asiakaspalvelu, miten voin auttaa?"),
    Line("inbound", "Laskussani on kaksi samaa riviä."),
    Line("outbound", "Korjaan sen heti."),
)
MESSAGE = Part(
    answers=["3"], message=17, leaves="message", talk=[Line("inbound", "Soittakaa minulle huomenna.")]
)


class Unanswered(Exception):
    """What was awaited did not come, or another status than expected."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A telephone company. `base` is the account's address, `settings` are the account's."""

    http: aiohttp.ClientSession
    base: str
    settings: Mapping[str, Any]

    def phone(self, customer: str, part: Part) -> Phone:
        """Give a telephone that will call the account."""
        return Phone(self.http, self.settings, self.base, customer, part)


async def play(exchange: Exchange, desk: Desk, told: Callable[[str], None]) -> None:
    """Call, talk, leave a message, and forge; raises Unanswered when something goes another way."""
    answered = await exchange.phone(AINO, Part(answers=["se lasku"], talk=TALK)).ring()
    for words in answered.said:
        told(f"    the caller hears   {words}")
    await shown_story(answered.sid, desk, told, "Recording")
    message = await exchange.phone(STRANGER, MESSAGE).ring()
    told("    another caller leaves a message:")
    await shown_story(message.sid, desk, told, "Voicemail")
    forged = signed(f"{exchange.base}/status", "another-token", {"CallSid": answered.sid})
    async with exchange.http.post(
        urldefrag(forged.url).url, data=forged.body, headers=forged.headers
    ) as answer:
        told(f"    a forged status callback is answered {answer.status}")
        if answer.status != 401:
            raise Unanswered("a forged callback was taken")


async def shown_story(call: str, desk: Desk, told: Callable[[str], None], until: str) -> None:
    """Show what became of a call, once a message that begins so is here with its sound; raises Unanswered."""
    conversation, messages = await _story(call, desk, until)
    told(f"    {conversation['state']}, agent queue {conversation['agentQueue']}, {len(messages)} messages:")
    for message in messages:
        told(
            f"      {message['sequence']:>2} {message['direction']:<9} {message['kind']:<8} {message['text']}"
        )


async def _story(call: str, desk: Desk, until: str) -> tuple[Json, list[Json]]:
    """Wait until a call's conversation has a message that begins so, and whose recording is here."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for conversation in await desk.conversations():
            if conversation["thread"] == call:
                messages = await desk.items(f"conversations/{conversation['id']}/messages", limit="100")
                if any(_is_here(message, until) for message in messages):
                    return conversation, messages
        await asyncio.sleep(0.2)
    raise Unanswered(f"not in {PATIENCE:.0f} s: {until}")


def _is_here(message: Json, begins: str) -> bool:
    return str(message["text"]).startswith(begins) and all(one["blob"] for one in message["attachments"])
