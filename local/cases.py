"""Records of Dataverse that change, for the demo: a case becomes work, a number goes to another contact."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp

from local.chat import Unanswered
from local.desk import Desk, Json
from local.simulators.dataverse_webhook import Operation, Option, Ref, Value, webhook

PATIENCE = 30.0  # seconds
NUMBER, OTHER, THIRD = "+358407770001", "+358407770002", "+358407770003"


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of Dataverse with its registered webhook."""

    http: aiohttp.ClientSession
    callback: str
    settings: Mapping[str, Any]
    tell: Callable[[str], None]

    async def post(self, what: str, operation: Operation, expected: int = 200, key: str = "") -> None:
        """Post a change; raises Unanswered for another status."""
        sent = webhook(self.settings, self.callback, operation.context())
        headers = {**sent.headers, **({"x-monikanava-key": key} if key else {})}
        async with self.http.post(sent.url, data=sent.body, headers=headers) as answer:
            self.tell(f"    {what:<44} {answer.status}")
            if answer.status != expected:
                raise Unanswered(f"{what}: expected {expected}")


async def play(crm: Environment, desk: Desk, text: Callable[[str], Awaitable[None]]) -> None:
    """Play it; `text` sends an SMS from a number. Raises Unanswered when it does not go as it must."""
    liisa, pekka, case = (str(uuid4()) for _ in range(3))
    await crm.post("a contact is created", _contact(liisa, "Liisa Salo", NUMBER))
    await crm.post("another one", _contact(pekka, "Pekka Niemi", OTHER))
    await until("both known", lambda: _is_known(desk, OTHER, pekka), lambda: _is_known(desk, NUMBER, liisa))
    created = _case(case, liisa)
    await crm.post("a case is created", created)
    await crm.post("the same, repeated", created)
    await crm.post("the same, with a wrong key", created, 401, "guessed")
    work = await _work(desk, case, "open")
    crm.tell(f"  work item on '{work['workstream']}' for '{work['agentQueue']}': {_linked(work)}")
    await _sms(crm, desk, text, NUMBER, liisa)
    await crm.post("the contact gets another number", _number(liisa, THIRD))
    await crm.post("her number goes to the other contact", _number(pekka, NUMBER))
    await until(
        "the number moved", lambda: _is_known(desk, THIRD, liisa), lambda: _is_known(desk, NUMBER, pekka)
    )
    await _sms(crm, desk, text, NUMBER, pekka)
    resolved = {"statecode": Option(1, "Resolved"), "statuscode": Option(5, "Problem Solved")}
    await crm.post("the case is resolved", Operation("Update", "incident", case, resolved))
    work = await _work(desk, case, "closed")
    for message in await desk.items(f"conversations/{work['id']}/messages"):
        crm.tell(f"    {message['sequence']}  {message['kind']:<7} {message['text']}")


def _contact(id_: str, name: str, phone: str) -> Operation:
    return Operation(
        "Create", "contact", id_, {"fullname": name, "mobilephone": phone, "statecode": Option(0)}
    )


def _case(id_: str, customer: str) -> Operation:
    values: dict[str, Value] = {
        "title": "Toimitus on myöhässä",
        "customerid": Ref("contact", customer, "Liisa Salo"),
        "prioritycode": Option(1, "High"),
    }
    return Operation("Create", "incident", id_, values)


def _number(id_: str, phone: str) -> Operation:
    return Operation("Update", "contact", id_, {"mobilephone": phone})


async def _is_known(desk: Desk, phone: str, contact: str) -> bool:
    """Ask whom a message would be linked to: a record is written a moment before its match keys are."""
    message = {"channel": "sms", "account": "sms-twilio", "sender": {"id": phone, "phone": phone}}
    decision = await desk.post("configuration/explain", {"message": message})
    return [record["id"] for rank in decision["matching"] for record in rank.get("records", [])] == [contact]


async def _sms(
    crm: Environment, desk: Desk, text: Callable[[str], Awaitable[None]], phone: str, contact: str
) -> None:
    """Send an SMS, and close what it opened, so that the next one opens another conversation."""
    await text(phone)
    [found] = await _opened(desk, contact)
    crm.tell(f"  the SMS is linked to {_linked(found)}")
    await desk.act(found["id"], "close")


async def _opened(desk: Desk, contact: str) -> list[Json]:
    async def there() -> bool:
        return bool(await texts())

    async def texts() -> list[Json]:
        found = await desk.items(f"records/contact/{contact}/conversations")
        return [one for one in found if one["channel"] == "sms" and one["state"] == "open"]

    await until("the SMS linked to the contact", there)
    return await texts()


async def _work(desk: Desk, case: str, state: str) -> Json:
    async def items() -> list[Json]:
        found = await desk.items(f"records/incident/{case}/conversations")
        return [one for one in found if one["channel"] == "records"]

    async def there() -> bool:
        return [one["state"] for one in await items()] == [state]

    await until(f"one work item, {state}", there)
    return (await items())[0]


async def until(what: str, *conditions: Callable[[], Awaitable[bool]]) -> None:
    """Wait until all hold; raises Unanswered."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if all([await condition() for condition in conditions]):
            return
        await asyncio.sleep(0.1)
    raise Unanswered(f"not in {PATIENCE:.0f} s: {what}")


def _linked(conversation: Json) -> str:
    return ", ".join(f"{link['name']} ({link['entity']})" for link in conversation["links"])
