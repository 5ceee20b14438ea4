"""Microsoft Teams: a single-tenant bot of the Bot Framework, in chats, group chats and channels.

Follows https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference and
https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit.

Replies, and proactive messages, need the service URL that Teams names in each activity: it differs by region.
It stands in the context of the message that opened the conversation, together with tenant and bot, so it is
kept with the conversation; the thread is the Bot Framework's conversation id. The URL is used only below the
account's `apiBase`, which is one of Microsoft's connectors; otherwise the one that Teams documents for all
regions is.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlsplit

from pydantic import JsonValue

from functions.channels import rules
from functions.channels.contract import (
    Account,
    Answer,
    Call,
    Capabilities,
    KeyId,
    Outcome,
    Refused,
    Request,
    Response,
    Sent,
    Standing,
    Step,
    Unsure,
)
from functions.entra import EntraApp
from functions.errors import NotDeliverable
from functions.message import AttachmentKind, Delivery, Event, Inbound, Outbound
from functions.providers import botframework
from functions.providers.answers import UNNAMED, by_status, retry_after
from functions.providers.botframework import BotSettings
from functions.providers.botframework.activity import INVOKED, Bot, items
from functions.providers.botframework.manifest import manifest
from functions.providers.botframework.send import CHOICES, TEXT_LIMIT, activities
from functions.providers.payload import read_answer, text

CHANNEL_ID = "msteams"  # the Bot Framework's name of the channel
ANYWHERE = "/teams"  # below the connector's host, where the region is not known

_KINDS = (AttachmentKind.IMAGE, AttachmentKind.AUDIO, AttachmentKind.VIDEO, AttachmentKind.FILE)
_REASONS = {
    400: "Teams does not accept a value of the message",
    401: "Teams does not accept the bot's token: check the app id, the tenant and its credential",
    403: "the customer or an administrator has blocked or removed the bot, or it is not in the conversation",
    404: "Teams does not know the conversation: the bot is no more in it",
    412: "Teams was busy with the conversation",
    413: "the message is too large for Teams",
    429: "Teams asks to send more slowly",
}
_AGAIN = frozenset({412, 429})


class Teams:
    """Microsoft Teams at the Bot Framework."""

    channel = "teams"
    provider = "botframework"
    Settings = BotSettings
    capabilities = Capabilities(
        address="app_id",
        text_limit=TEXT_LIMIT,
        body_limit=1024 * 1024,
        attachments=dict.fromkeys(_KINDS, 100_000_000),
        choices=CHOICES,
        receipts=frozenset({Delivery.READ}),
        events=frozenset({Event.TYPING}),
    )

    def setup(self, account: Account[BotSettings]) -> list[Step]:
        """List the messaging endpoint, and what the app of the Developer Portal is made of."""
        bot = "Azure portal: the Azure Bot"
        where = "Teams Developer Portal: Apps > Import app"
        base = f"{account.callback.partition('/channels/')[0]}/accounts/{account.id}"
        return [
            Step(f"{bot} > Configuration", "Messaging endpoint", account.callback),
            Step(f"{bot} > Configuration", "Microsoft App ID (single tenant)", account.settings.app_id),
            Step(f"{bot} > Channels", "Microsoft Teams", "add it; Web Chat and Direct Line are not needed"),
            Step(where, "manifest.json, zipped with color.png and outline.png", f"{base}/manifest"),
        ]

    def manifest(self, account: Account[BotSettings]) -> dict[str, JsonValue]:
        """Give the manifest of the app that people install; raises Conflict while we are not behind https."""
        return manifest(account.settings.app_id, account.callback.partition("/api/")[0])

    def api_base(self, account: Account[BotSettings]) -> str:
        """Give the connector's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[BotSettings]) -> Response | None:
        """Know no proof of ownership: the Bot Framework asks for none."""
        return None

    def key_id(self, request: Request, account: Account[BotSettings]) -> KeyId | None:
        """Name the Bot Framework's key; raises NotAuthentic."""
        return botframework.key_id(request, account.settings)

    def authenticate(self, request: Request, account: Account[BotSettings]) -> None:
        """Check the token, its key's endorsement, the service URL and the tenant; raises NotAuthentic."""
        botframework.authenticate(request, account.settings, CHANNEL_ID)

    def parse(self, request: Request, account: Account[BotSettings]) -> Iterator[Inbound]:
        """Yield what the activity says; raises Invalid when it is no JSON object."""
        bot = Bot(self.channel, account.id, account.settings.app_id, request.received_at)
        return items(request.body, bot)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200; to a card's button that waits, with what Teams shows below it."""
        invoked = {item.context[INVOKED] for item in items if INVOKED in item.context}
        if not invoked:
            return Response(200)
        shown = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "OK"}
        return Response(
            200, json.dumps(shown if "adaptiveCard/action" in invoked else {}), "application/json"
        )

    def entra_app(self, account: Account[BotSettings]) -> EntraApp:
        """Name the bot's app registration."""
        return botframework.entra_app(account.settings)

    def authorised(self, call: Call, token: str) -> Call:
        """Put the token in the header."""
        return replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"})

    def media_hosts(self, account: Account[BotSettings]) -> tuple[str, ...]:
        """The connector for pictures, SharePoint and OneDrive for files."""
        return ("sharepoint.com", "sharepoint.us", account.settings.api_base)

    def media_call(self, reference: str, account: Account[BotSettings], now: datetime) -> Call | None:
        """Get the address as it is; the connector wants the bot's token, the others have their own in it."""
        return Call(reference, method="GET", tokened=reference.startswith(self.api_base(account)))

    def render(self, outbound: Outbound, account: Account[BotSettings], standing: Standing) -> list[Call]:
        """Send text parts with the files in the last; a reply names the message that it answers."""
        rules.check(outbound, self.capabilities, standing)
        if not outbound.thread:
            raise NotDeliverable("thread", "the conversation has no id at the Bot Framework")
        base = _service(account.settings, standing)
        url = f"{base}/v3/conversations/{quote(outbound.thread, safe='')}/activities"
        if outbound.event:
            return [Call(url=url, json={"type": "typing"})]
        personal = standing.context.get("conversationType", "personal") == "personal"
        said = activities(outbound, personal)
        calls = [Call(url=url, json=one) for one in said]
        if answered := outbound.reply_to.rpartition("/")[2]:
            address = f"{url}/{quote(answered, safe='')}"
            calls[0] = Call(url=address, json={**said[0], "replyToId": answered})
        return calls

    def receipt(self, answer: Answer) -> Outcome:
        """Read the connector's answer. Its own sentence is left out: it may name the customer."""
        content = read_answer(answer.body)
        if answer.status < 300:
            name = text(content, "id")
            return Sent(name) if name else UNNAMED
        if answer.status >= 500:  # bots that repeat it have been seen to say everything twice
            return Unsure(f"Teams answered {answer.status}: the message may have been sent, look there first")
        if answer.status not in _REASONS:
            return by_status("Teams", answer)
        code, again = text(content, "error", "code"), answer.status in _AGAIN
        return Refused(
            code if code.isascii() and code.isalnum() else str(answer.status),
            _REASONS[answer.status],
            again,
            retry_after(answer) if again else None,
            stale_token=answer.status == 401,
        )


def _service(settings: BotSettings, standing: Standing) -> str:
    """Give the service URL without its closing slash."""
    named = standing.context.get("serviceUrl", "").rstrip("/")
    base = settings.api_base
    if named == base or (
        named.startswith(f"{base}/") and not set(urlsplit(named).path.split("/")) & {".", ".."}
    ):
        return named
    return base if urlsplit(base).scheme == "http" else base + ANYWHERE
