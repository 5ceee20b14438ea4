"""An integration of Dynamics' Messaging API, pointed at us: for the demo."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp

from local.desk import Desk, Json

PATIENCE = 30.0  # seconds
CUSTOMER = "jdoe123"


class Unanswered(Exception):
    """What was awaited did not come, or another status than expected."""


@dataclass(frozen=True, slots=True)
class Integration:
    """A back end with an app registration. `base` is the account's address, `settings` are the account's."""

    http: aiohttp.ClientSession
    base: str
    settings: Json
    simulators: str

    async def token(self) -> str:
        """Ask Entra ID's stand-in, as its documentation shows."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.settings["appId"],
            "client_secret": self.settings["clientSecret"],
            "scope": f"{self.settings['audience']}/.default",
        }
        url = f"{self.simulators}/entra/{self.settings['tenantId']}/oauth2/v2.0/token"
        async with self.http.post(url, data=form) as answer:
            return str((await answer.json())["access_token"])

    async def post(self, path: str, body: Any, token: str) -> tuple[int, Json]:
        """Call the API; gives the status and the answer."""
        headers = {
            "Authorization": f"Bearer {token}",
            "channel-id": self.settings["channelId"],
            "organization-id": self.settings["organizationId"],
        }
        url = f"{self.base}/api/v1.0/consumer/{path}"
        async with self.http.post(url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def taken(self, wanted: Callable[[Json], bool]) -> Json:
        """Wait until the webhook has taken such an activity; raises Unanswered."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            async with self.http.get(f"{self.simulators}/sent", params={"provider": "dynamics"}) as answer:
                for one in await answer.json():
                    if wanted(one["content"]):
                        return dict(one["content"])
            await asyncio.sleep(0.2)
        raise Unanswered("the webhook was not called")


async def play(integration: Integration, desk: Desk, tell: Callable[[str], None]) -> None:
    """Play a whole conversation; raises Unanswered when it does not go as it must."""

    def show(what: str, status: int, expected: int, more: str = "") -> None:
        tell(f"    {what:<44} {status} {more}".rstrip())
        if status != expected:
            raise Unanswered(f"{what}: expected {expected}")

    token = await integration.token()
    customer = {"customerid": CUSTOMER, "preferredname": "Aino Virtanen"}
    wanted = {"customercontext": customer, "startmessage": {"message": "Hei, laskussa on virhe"}}
    status, made = await integration.post("conversation/create", wanted, token)
    show("a conversation is created", status, 200, f"isNew {made.get('isNew')}")
    status, again = await integration.post("conversation/create", wanted, token)
    same = again.get("conversationId") == made["conversationId"]
    show("the same customer again", status, 200, "the same conversation" if same else "another one!")
    talk = f"conversation/{made['conversationId']}"
    said = {"type": "message", "id": uuid4().hex, "text": "Voitteko auttaa?"}
    show("an activity", (await integration.post(talk, said, token))[0], 200)
    show("with a tampered token", (await integration.post(talk, said, token[:-8] + token[:8]))[0], 401)
    conversation = await _conversation(desk)
    await desk.reply(conversation["id"], "Hei, korjaamme sen heti.", f"demo-{conversation['id']}")
    accepted = await integration.taken(lambda one: one.get("name") == "AgentAccepted")
    reply = await integration.taken(lambda one: "korjaamme" in one.get("text", ""))
    tell(f"    its webhook took: {accepted['name']}; {reply['text']}")
    show("the customer ends it", (await integration.post(talk, {"type": "endOfConversation"}, token))[0], 200)


async def _conversation(desk: Desk) -> Json:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for one in await desk.conversations():
            if one["customer"]["id"] == CUSTOMER:
                return one
        await asyncio.sleep(0.2)
    raise Unanswered("the conversation was not routed")
