"""Accounts of calls at Azure Communication Services, and telephones that call them."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from local.desk import Json
from local.simulators.acs import ACCESS_KEY
from local.simulators.acs_call import RESOURCE, Part

SECRET = "delivery-secret-of-voice"
NUMBER, NIGHT, LONE = "+358454900020", "+358454900021", "+358454900022"
SPEECH = "https://speech.cognitiveservices.azure.com"


def account(name: str, number: str, flow: str) -> Json:
    settings = {
        "number": number,
        "flow": flow,
        "resourceId": RESOURCE,
        "connectionString": f"endpoint=http://simulators;accesskey={ACCESS_KEY}",
        "speechEndpoint": SPEECH,
        "keysUrl": "http://simulators/calling/keys",
        "deliverySecret": SECRET,
    }
    return {"id": name, "channel": "voice", "provider": "acs", "workstream": "teams", "settings": settings}


def accounts() -> list[Json]:
    return [
        account("acs-line", NUMBER, "support"),
        account("acs-night", NIGHT, "night"),
        account("acs-lone", LONE, "lone"),
    ]


@dataclass(frozen=True, slots=True)
class Exchange:
    """The telephones behind the simulator."""

    http: aiohttp.ClientSession
    simulators: str

    async def call(self, part: Part, customer: str, number: str = NUMBER) -> str:
        """Call an account; gives the service's name of the call."""
        ring = {"number": number, "customer": customer, "part": part.model_dump(mode="json", by_alias=True)}
        async with self.http.post(f"{self.simulators}/acs/calls", json=ring) as answer:
            told = await answer.json()
            assert told["status"] == 200, told
            return str(told["id"])

    async def waits(self, number: str, part: Part) -> None:
        """Say what somebody does whom we call."""
        await self.http.put(
            f"{self.simulators}/acs/phones/{number}", data=part.model_dump_json(by_alias=True)
        )

    async def shown(self, call: str) -> Any:
        """Give what became of a call, by any of its names."""
        async with self.http.get(f"{self.simulators}/acs/calls/{call}") as answer:
            return await answer.json() if answer.status == 200 else {}
