"""A call flow, the accounts that use it, and what a call became, as an agent reads it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import yaml

from functions.configuration.callflows import CallFlow
from functions.message import thread_key
from local.desk import Desk, DeskError, Json
from local.simulators.twilio_voice import Part, Phone
from tests.voice import acs
from tests.waiting import eventually

SID, TOKEN = "AC" + "5" * 32, "token-of-voice"
NUMBER, TARGET = "+358454900009", "+358401110000"
CUSTOMER = "+358401234567"
TEAMS_USER = "teams:5ac1d2e3-0000-4000-8000-000000000007"

FLOW: Json = {
    "id": "support",
    "languages": ["fi-FI", "en-GB"],
    "greeting": {"fi": "Tervetuloa.", "en": "Welcome."},
    "consent": {"fi": "Puhelu tallennetaan.", "en": "This call is recorded."},
    "record": True,
    "transcribe": True,
    "menus": [
        {
            "id": "language",
            "prompt": "Suomeksi, paina 1. For English, press 2.",
            "again": "Anteeksi.",
            "tries": 2,
            "choices": [
                {"digit": "1", "context": {"language": "fi"}, "next": "reason"},
                {
                    "digit": "2",
                    "words": {"fi": ["english"]},
                    "context": {"language": "en"},
                    "language": "en-GB",
                    "next": "reason",
                },
            ],
        },
        {
            "id": "reason",
            "prompt": {"fi": "Laskut 1, muut 2, viesti 3, takaisinsoitto 4.", "en": "Invoices 1, other 2."},
            "choices": [
                {
                    "digit": "1",
                    "words": {"fi": ["laskut", "lasku"], "en": ["invoices"]},
                    "context": {"reason": "billing"},
                    "next": "queue",
                },
                {"digit": "2", "context": {"reason": "other"}, "next": "queue"},
                {"digit": "3", "next": "voicemail"},
                {"digit": "4", "next": "callback"},
            ],
        },
    ],
    "queue": {
        "words": {"fi": "Olet jonossa sijalla {position}.", "en": "You are number {position}."},
        "seconds": 4,
        "choices": [{"digit": "9", "next": "callback"}],
    },
    "noAnswerSeconds": 15,
    "noAnswer": "voicemail",
    "closed": "voicemail",
    "closedWords": {"fi": "Olemme kiinni.", "en": "We are closed."},
    "voicemail": {"prompt": {"fi": "Jätä viesti.", "en": "Leave a message."}, "seconds": 60},
    "callback": {"words": {"fi": "Soitamme takaisin.", "en": "We will call you back."}},
    "outbound": {"fi": "Hei, soitamme takaisin.", "en": "Hello, we call you back."},
    "goodbye": {"fi": "Kuulemiin.", "en": "Goodbye."},
}


def call_flow(**more: Any) -> CallFlow:
    return CallFlow.model_validate({**FLOW, **more})


def account(name: str, number: str, flow: str, base: str = "http://simulators/twilio") -> Json:
    settings = {"accountSid": SID, "authToken": TOKEN, "number": number, "flow": flow, "apiBase": base}
    return {
        "id": name,
        "channel": "voice",
        "provider": "twilio",
        "workstream": "calls",
        "settings": settings,
    }


def configuration() -> str:
    """The document; JSON is YAML."""
    never = {"id": "never", "timezone": "Europe/Helsinki", "open": []}
    billing = {
        "name": "billing",
        "when": {"field": "context.menu.reason", "equals": "billing"},
        "agentQueue": "billing",
    }
    back = {"name": "back", "when": {"field": "context.callback", "exists": True}, "agentQueue": "callbacks"}
    document = {
        "version": 1,
        "entitlements": ["voice"],
        "accounts": [
            account("line", NUMBER, "support"),
            account("night", "+358454900010", "night"),
            account("lone", "+358454900011", "lone"),
            *acs.accounts(),
        ],
        "workstreams": [
            {"id": "calls", "agentQueue": "frontline", "rules": [back, billing]},
            {"id": "teams", "agentQueue": "desk", "rules": [back, billing]},
        ],
        "agentQueues": [
            {"id": "frontline", "target": "sip:frontline@pbx.example"},
            {"id": "billing", "target": TARGET},
            {"id": "callbacks"},
            {"id": "desk", "target": TEAMS_USER},
        ],
        "operatingHours": [never],
        "callFlows": [
            FLOW,
            {**FLOW, "id": "night", "hours": "never"},
            {**FLOW, "id": "lone", "record": False, "transcribe": False},
        ],
    }
    return yaml.safe_dump(document)


@dataclass(frozen=True, slots=True)
class Calling:
    """A running platform with telephones."""

    http: aiohttp.ClientSession
    url: str
    simulators: str
    desk: Desk

    def phone(self, part: Part, name: str = "line", customer: str = CUSTOMER, number: str = NUMBER) -> Phone:
        """Give a telephone that will call an account."""
        settings = {"account_sid": SID, "auth_token": TOKEN, "number": number}
        settings["api_base"] = f"{self.simulators}/twilio"
        return Phone(self.http, settings, f"{self.url}/api/channels/voice/{name}", customer, part)

    async def conversations(self, call: str) -> list[Json]:
        """Give the conversations of a call, the oldest first; also one that is in no inbox yet."""
        found: list[Json] = []
        with suppress(DeskError):
            account = (await self.desk.get(f"calls/{call}"))["account"]
            while True:
                number = len(found) + 1
                place = f"{thread_key('voice', account, call)}-{number:06d}"
                found.append(await self.desk.get(f"conversations/{place}"))
        return found

    async def messages(self, conversation: Json) -> list[Json]:
        """Give a conversation's messages."""
        return await self.desk.items(f"conversations/{conversation['id']}/messages", limit="100")

    async def story(self, call: str, until: str, conversations: int = 1) -> list[list[tuple[str, str, str]]]:
        """Wait for a text; then give who said what, how, in each of the call's conversations."""
        found: list[list[Json]] = []

        async def told() -> bool:
            found[:] = [await self.messages(one) for one in await self.conversations(call)]
            texts = [str(message["text"]) for messages in found for message in messages]
            return len(found) == conversations and any(until in text for text in texts)

        await eventually(told)
        return [
            [(one["direction"], one["kind"], str(one["text"] or one["payload"])) for one in messages]
            for messages in found
        ]


def spoken(story: Sequence[tuple[str, str, str]]) -> list[str]:
    """Give the texts."""
    return [text for _, _, text in story]
