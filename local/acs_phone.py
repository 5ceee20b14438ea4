"""Calls through Azure Communication Services, for the demo: one is answered, another leaves a message."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from functions.message import digest
from local.desk import Desk, Json
from local.phone import PATIENCE, Unanswered, shown_story
from local.simulators.acs_call import Part, token

CALLER, STRANGER = "+358409990011", "+358409990012"
TALK = Part(
    answers=("lasku",),
    talk=(("agent", "Asiakaspalvelu, miten voin auttaa?"), ("customer", "Lasku on maksettu kahdesti.")),
    early=True,
    twice=True,
)
MESSAGE = Part(answers=("3",), leaves="message", talk=(("customer", "Soittakaa minulle huomenna."),))


@dataclass(frozen=True, slots=True)
class Resource:
    """The simulated resource, and the account that it calls: its id and number."""

    http: aiohttp.ClientSession
    simulators: str
    account: str
    number: str

    async def call(self, customer: str, part: Part) -> str:
        """Call the account; gives the service's name of the call."""
        ring = {"number": self.number, "customer": customer, "part": part.model_dump(mode="json")}
        async with self.http.post(f"{self.simulators}/acs/calls", json=ring) as answer:
            return str((await answer.json())["id"])

    async def over(self, name: str) -> Json:
        """Wait until the call is over, and give what became of it; raises Unanswered."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            async with self.http.get(f"{self.simulators}/acs/calls/{name}") as answer:
                found: Json = await answer.json()
            if found["state"] == "over":
                return found
            await asyncio.sleep(0.2)
        raise Unanswered("the call is not over")


async def play(resource: Resource, desk: Desk, told: Callable[[str], None]) -> None:
    """Call, talk, leave a message, and forge; raises Unanswered when something goes another way."""
    name = await resource.call(CALLER, TALK)
    call = await resource.over(name)
    told("    all news come twice, and some before the answer to the request that they are about")
    for words in call["said"]:
        told(f"    the caller hears   {words}")
    told(f"    requests           {' '.join(one['action'] for one in call['asked'])}")
    await shown_story(digest("acs-call", resource.account, name), desk, told, "Recording")
    told("    another caller leaves a message:")
    message = await resource.call(STRANGER, MESSAGE)
    await shown_story(digest("acs-call", resource.account, message), desk, told, "Voicemail")
    headers = {"Authorization": f"Bearer {token(aud='00000000-0000-4000-8000-000000000000')}"}
    async with resource.http.post(call["callback"], data=b"[]", headers=headers) as answer:
        told(f"    news with a token for another resource are answered {answer.status}")
        if answer.status != 401:
            raise Unanswered("forged news were taken")
