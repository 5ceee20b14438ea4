"""Many people texting through Twilio at once, repeating what got no answer, as Twilio does."""

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp

from tests.channels.sign import sign

TOKEN = "twilio-auth-token-of-the-tests"
NUMBER = "+358800123456"
CONFIGURATION = f"""
version: 1
entitlements: [digital-messaging]
accounts:
  - id: texts
    channel: sms
    provider: twilio
    workstream: support
    settings:
      account_sid: AC00000000000000000000000000000000
      auth_token: {TOKEN}
      sender: "{NUMBER}"
      api_base: http://simulators/twilio
workstreams:
  - {{id: support, agentQueue: frontline}}
agentQueues:
  - {{id: frontline}}
"""


@dataclass(slots=True)
class Texting:
    """The people's side: what they sent, what was accepted, and how often a post had to be repeated."""

    url: str
    http: aiohttp.ClientSession
    accepted: dict[str, list[str]] = field(default_factory=dict)  # person → message ids, in order
    statuses: list[int] = field(default_factory=list)
    repeated: int = 0
    duplicates: int = 0

    async def say(self, person: str, message: str, text: str) -> None:
        """Send one message until it is accepted."""
        await self._insist(person, message, text)
        self.accepted.setdefault(person, []).append(message)

    async def repeat(self, person: str, message: str, text: str) -> None:
        """Send once more what was accepted: a provider that missed our answer."""
        await self._insist(person, message, text)
        self.duplicates += 1

    async def _insist(self, person: str, message: str, text: str) -> None:
        body, headers = self.signed(person, message, text)
        while not await self._post(body, headers):
            self.repeated += 1
            await asyncio.sleep(0.05)

    def signed(
        self, person: str, message: str, text: str, token: str = TOKEN
    ) -> tuple[bytes, dict[str, str]]:
        """Give the body and the headers of one webhook."""
        form = {"MessageSid": message, "From": person, "To": NUMBER, "Body": text, "NumMedia": "0"}
        body = urlencode({**form, "SmsStatus": "received"}).encode()
        return body, sign("sms", self.callback, {"auth_token": token}, body)

    @property
    def callback(self) -> str:
        """The webhook's public URL."""
        return f"{self.url}/api/channels/sms/texts"

    async def _post(self, body: bytes, headers: dict[str, str]) -> bool:
        try:
            async with self.http.post(self.callback, data=body, headers=headers) as answer:
                self.statuses.append(answer.status)
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False


def number(person: int) -> str:
    """Give a person's phone number."""
    return f"+35840{person:07d}"


def sid(person: int, turn: int) -> str:
    """Give a message's id, as Twilio would."""
    return f"SM{person:016x}{turn:016x}"
