"""`make demo`: every provider's webhooks through the whole platform, and what became of them.

Nothing is shown that did not happen: the answers are the webhooks', the conversations are read over the
API, and the delivery states come from the providers' statuses. An expectation that fails ends it with 1.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from rich.console import Console

from local import acs_phone, cases, chat, integration, lookup, phone
from local.commands import with_messages
from local.desk import Desk, Json
from local.platform import Platform
from local.simulators.compose import PLAYS, Play, compose, tampered
from local.simulators.meta import batch
from local.simulators.signed import SignedRequest, Words
from local.tables import show

CONFIGURATION = Path(__file__).parent / "configuration.yaml"
LATE = "5411230000099"  # the person whose messages overtake each other
SHARED = "+358501112222"
PHOTOGRAPHER = "770042"
MANY, PEOPLE = 60, 12
PATIENCE = 30.0  # seconds
Found = list[tuple[Json, list[Json]]]
console = Console(highlight=False, soft_wrap=True)


class Unexpected(Exception):
    """The demo did not go as it must."""


UNANSWERED = (Unexpected, chat.Unanswered, integration.Unanswered, phone.Unanswered)


@dataclass(frozen=True, slots=True)
class Stage:
    """The running platform with its configured accounts."""

    platform: Platform
    desk: Desk
    http: aiohttp.ClientSession
    accounts: dict[str, Json]

    def message(self, account_id: str, text: str, **words: Any) -> SignedRequest:
        """Sign a customer's message to an account."""
        account = self.accounts[account_id]
        channel, provider, settings = account["channel"], account["provider"], account["settings"]
        return compose(channel, provider, settings, self.callback(account_id), text=text, **words)

    @property
    def played(self) -> list[str]:
        """The accounts whose providers' webhooks are played."""
        return [name for name, one in self.accounts.items() if (one["channel"], one["provider"]) in PLAYS]

    def play(self, account_id: str) -> Play:
        """The part of the account's provider."""
        account = self.accounts[account_id]
        return PLAYS[account["channel"], account["provider"]]

    def callback(self, account_id: str) -> str:
        """The account's webhook."""
        return f"{self.platform.url}/api/channels/{self.accounts[account_id]['channel']}/{account_id}"

    async def post(self, what: str, request: SignedRequest, expected: int) -> None:
        """Post a webhook and print its answer; raises Unexpected for another status."""
        async with self.http.request(
            request.method, request.url, headers=request.headers, data=request.body
        ) as answer:
            body = (await answer.text()).strip()
        console.print(f"    {what:<44} {answer.status} {body[:60]}")
        if answer.status != expected:
            raise Unexpected(f"{what}: expected {expected}")


async def play(options: argparse.Namespace) -> int:
    """Play it all; 0 when everything went as it must."""
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="monikanava-") as folder,
        console.status("starting the platform …"),
    ):
        async with Platform(Path(folder)) as platform, aiohttp.ClientSession() as http:
            console.print(f"» platform up in {time.monotonic() - started:.1f} s: {platform.url}")
            text = await asyncio.to_thread(CONFIGURATION.read_text)
            await platform.configure(text)
            accounts = {account["id"]: account for account in yaml.safe_load(text)["accounts"]}
            async with Desk(platform.url, platform.issuer.token("Administrator", "demo")) as desk:
                try:
                    await _acts(Stage(platform, desk, http, accounts))
                except (*UNANSWERED, TimeoutError) as error:
                    console.print(f"✗ {error or type(error).__name__}")
                    return 1
    console.print(f"✓ all as it must be, in {time.monotonic() - started:.1f} s")
    return 0


async def _acts(stage: Stage) -> None:
    for account_id in stage.played:
        await _webhooks(stage, account_id)
    await _shared_number(stage)
    await _out_of_order(stage)
    await _batch(stage)
    await _picture(stage)
    expected = len(stage.played) * 2 + 1 + 2 + MANY + 1
    found = await _until(
        stage, lambda found: _count(found, "inbound") == expected, f"{expected} messages stored"
    )
    for conversation in _main(stage, found):
        await _reply(stage, conversation)
    await _link(stage, found)
    found = await _until(stage, partial(_settled, stage), "replies delivered, as far as the providers tell")
    shown = [*_main(stage, found), *(one for one, _ in found if one["customer"]["id"] == SHARED)]
    show([pair for pair in found if pair[0] in shown])
    console.print(f"  … and {len(found) - len(shown)} conversations more, from the batch of {MANY} messages")
    _show_order(found)
    await _show_picture(stage)
    await _chat(stage)
    await _integration(stage)
    await _calls(stage)
    await _cases(stage)


async def _chat(stage: Stage) -> None:
    """A visitor of the chat page and an agent: there is no webhook, the visitor calls us."""
    console.print("\n» chat: a visitor of the page, over Direct Line")
    await chat.play(stage.callback("chat-web"), stage.desk, stage.http, console.print)


async def _integration(stage: Stage) -> None:
    """An integration of Dynamics' Messaging API, unchanged: it calls us, and we its webhook."""
    console.print("\n» custom: an integration of Dynamics' Messaging API")
    account = stage.accounts["custom-dynamics"]
    base, simulators = stage.callback("custom-dynamics"), stage.platform.simulators_url
    caller = integration.Integration(stage.http, base, account["settings"], simulators)
    await integration.play(caller, stage.desk, console.print)


async def _calls(stage: Stage) -> None:
    """Customers who call, and a telephone company that does what our answers say."""
    console.print("\n» voice (acs): two calls, through Call Automation")
    number = stage.accounts["voice-acs"]["settings"]["number"]
    resource = acs_phone.Resource(stage.http, stage.platform.simulators_url, "voice-acs", number)
    await acs_phone.play(resource, stage.desk, console.print)
    console.print("\n» voice (twilio): two calls, from the first ring to the hang-up")
    settings = stage.accounts["voice-twilio"]["settings"]
    settings = {**settings, "apiBase": f"{stage.platform.simulators_url}/twilio"}
    exchange = phone.Exchange(stage.http, stage.callback("voice-twilio"), settings)
    await phone.play(exchange, stage.desk, console.print)


async def _cases(stage: Stage) -> None:
    """Records that change in Dataverse, and what becomes of them here."""
    console.print("\n» records (dataverse): contacts, and a case from its creation to its resolution")
    settings = stage.accounts["records-dataverse"]["settings"]
    crm = cases.Environment(stage.http, stage.callback("records-dataverse"), settings, console.print)

    async def text(number: str) -> None:
        await stage.post("an SMS", stage.message("sms-twilio", "Hei", sender=number), 200)

    await cases.play(crm, stage.desk, text)
    simulators = stage.platform.simulators_url
    await lookup.play(stage.http, settings, simulators, stage.desk, text, console.print)


def _main(stage: Stage, found: Found) -> list[Json]:
    """Find the conversations of each account's usual customer."""
    return [
        conversation
        for conversation, _ in found
        if conversation["customer"]["id"] == stage.play(conversation["account"]).customer
    ]


async def _webhooks(stage: Stage, account_id: str) -> None:
    """A handshake where there is one, a message, the same again, a forged one, another message."""
    account = stage.accounts[account_id]
    console.print(f"\n» {account['channel']} ({account['provider']}), account {account_id}")
    play = stage.play(account_id)
    if play.handshake:
        request = play.handshake(account["settings"], stage.callback(account_id))
        await stage.post("handshake", request, 200)
    first = stage.message(account_id, "Hei, laskussa on virhe", name="Aino Virtanen")
    await stage.post("signed message", first, 200)
    await stage.post("the same, repeated by the provider", first, 200)
    await stage.post("the same, tampered with", tampered(first, play), 401)
    await stage.post("second message", stage.message(account_id, "Voitteko auttaa?"), 200)


async def _out_of_order(stage: Stage) -> None:
    """A person's two messages, the later one arriving first."""
    console.print("\n» facebook: two messages that arrive in the wrong order")
    first = stage.message("facebook-meta", "1: ensin tämä", sender=LATE)
    await asyncio.sleep(0.002)  # the provider's clock ticks in milliseconds
    second = stage.message("facebook-meta", "2: sitten tämä", sender=LATE)
    await stage.post("the second one", second, 200)
    await stage.post("the first one", first, 200)


async def _batch(stage: Stage) -> None:
    """One webhook with many people's messages."""
    console.print(f"\n» facebook: one webhook with {MANY} messages of {PEOPLE} people")
    words = [Words(sender=f"78000000{i % PEOPLE:03d}", text=f"viesti {i}") for i in range(MANY)]
    settings = stage.accounts["facebook-meta"]["settings"]
    await stage.post("batch", batch(settings, stage.callback("facebook-meta"), words), 200)


async def _shared_number(stage: Stage) -> None:
    """Somebody whose number two contacts have: linked to neither, both kept as candidates."""
    console.print("\n» sms: a number that two contacts share")
    await stage.post("signed message", stage.message("sms-twilio", "Hei, me täällä", sender=SHARED), 200)


async def _picture(stage: Stage) -> None:
    """A customer's photo: it stays at Telegram until the media function has fetched it."""
    console.print("\n» telegram: a photo")
    photo = stage.message("telegram-bot", "Tässä kuva", media=("AgACAgQAAxkBAAI",), sender=PHOTOGRAPHER)
    await stage.post("signed message", photo, 200)


async def _show_picture(stage: Stage) -> None:
    def fetched(found: Found) -> bool:
        return any(attachment.get("blob") for _, _, attachment in _attachments(found))

    found = await _until(stage, fetched, "photo fetched from Telegram, kept in Blob storage")
    message, index, attachment = next(iter(_attachments(found)))
    path = f"conversations/{message['conversation']}/messages/{message['id']}/attachments/{index}"
    content = await stage.desk.file(path)
    if len(content) != attachment["size"]:
        raise Unexpected("the file is not the one that was fetched")
    console.print(f"    GET /api/{path[:60]}…   {attachment['contentType']}, {len(content)} bytes")


def _attachments(found: Found) -> Iterator[tuple[Json, int, Json]]:
    for _, messages in found:
        for message in messages:
            for index, attachment in enumerate(message["attachments"]):
                yield message, index, attachment


async def _reply(stage: Stage, conversation: Json) -> None:
    key = f"demo-{conversation['id']}"
    reply = await stage.desk.reply(conversation["id"], "Hei, korjaamme sen heti.", key)
    console.print(f"  agent replies on {conversation['channel']:<10} {reply['delivery']}")


async def _link(stage: Stage, found: Found) -> None:
    """What no number tells, an agent does: Messenger's Aino is the contact aino."""
    conversation = next(one for one in _main(stage, found) if one["channel"] == "facebook")
    await stage.desk.put(f"conversations/{conversation['id']}/links/contact/aino", {})
    console.print("  agent links the facebook conversation to contact aino")


async def _until(stage: Stage, condition: Callable[[Found], bool], what: str) -> Found:
    """Read the conversations until the condition holds; raises Unexpected after a while."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = await with_messages(stage.desk)
        if condition(found):
            console.print(f"\n» {what}")
            return found
        await asyncio.sleep(0.2)
    raise Unexpected(f"not in {PATIENCE:.0f} s: {what}")


def _count(found: Found, direction: str) -> int:
    return sum(message["direction"] == direction for _, messages in found for message in messages)


def _settled(stage: Stage, found: Found) -> bool:
    return all(
        message["delivery"] == stage.play(conversation["account"]).final
        for conversation, messages in found
        for message in messages
        if message["direction"] == "outbound"
    )


def _show_order(found: Found) -> None:
    messages = next(messages for one, messages in found if one["customer"]["id"] == LATE)
    console.print(
        "\n  the two that arrived in the wrong order: stored as they came, with the provider's time"
    )
    for message in messages:
        console.print(
            f"    sequence {message['sequence']}   sent {message['sentAt'][11:23]}   {message['text']}"
        )
