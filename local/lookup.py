"""A contact that only Dataverse has, for the demo: recognised by a look-up while the conversation opens."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

import aiohttp

from local.cases import until
from local.chat import Unanswered
from local.desk import Desk, Json
from local.filling import SIMULATORS

NAME, NUMBER, SPELLED = "Kaisa Korhonen", "+358407770004", "040 7770004"
Say = Callable[[str], None]


async def play(
    http: aiohttp.ClientSession,
    settings: Mapping[str, Any],
    simulators: str,
    desk: Desk,
    text: Callable[[str], Awaitable[None]],
    say: Say,
) -> None:
    """Write a contact there, and send an SMS from its number; raises Unanswered when they are not linked."""
    settings = {name: str(value).replace(SIMULATORS, simulators) for name, value in settings.items()}
    contact, token = str(uuid4()), await _token(http, settings)
    address = f"{settings['apiBase']}/api/data/v9.2/contacts({contact})"
    content = {"fullname": NAME, "mobilephone": SPELLED}
    async with http.patch(address, json=content, headers={"Authorization": f"Bearer {token}"}) as answer:
        say(f"    {'a contact in Dataverse, untold':<44} {answer.status}")
    await text(NUMBER)

    async def linked() -> list[Json]:
        return await desk.items(f"records/contact/{contact}/conversations")

    async def there() -> bool:
        return bool(await linked())

    await until("the SMS linked to who was looked up", there)
    links = ", ".join(link["name"] for link in (await linked())[0]["links"])
    say(f"  the SMS is linked to {links}, found by the number {SPELLED!r}")


async def _token(http: aiohttp.ClientSession, settings: Mapping[str, Any]) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": settings["clientId"],
        "client_secret": settings["clientSecret"],
        "scope": f"{settings['apiBase']}/.default",
    }
    address = f"{settings['loginBase']}/{settings['tenantId']}/oauth2/v2.0/token"
    async with http.post(address, data=form) as answer:
        if answer.status != 200:
            raise Unanswered("no token for Dataverse")
        return str((await answer.json())["access_token"])
