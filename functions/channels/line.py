"""LINE: an official account's talks with people, groups and rooms.

Follows https://developers.line.biz/en/docs/messaging-api/receiving-messages/ and
https://developers.line.biz/en/reference/messaging-api/#send-push-message. Replies are pushed: a reply
token lives about a minute, and an agent's answer comes later; a push can also be repeated safely. Quoting
needs a token that only the webhook has, so `reply_to` does not show at the customer. The events are read
in `functions.providers.line.events`, messages written in `functions.providers.line.send`.
"""

import uuid
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from pydantic import Field, JsonValue

from functions.channels import rules
from functions.channels.contract import (
    Account,
    Answer,
    Call,
    Capabilities,
    Outcome,
    Refused,
    Request,
    Response,
    Sent,
    Standing,
    Step,
)
from functions.errors import NotAuthentic, NotDeliverable
from functions.message import AttachmentKind, Event, Inbound, Outbound
from functions.providers.answers import UNNAMED, by_status, retry_after
from functions.providers.line import send
from functions.providers.line.events import Bot, items
from functions.providers.line.media import content_base, content_call
from functions.providers.payload import children, read_answer, text
from functions.providers.settings import ApiBase, Secret, Settings
from functions.providers.signatures import header, keyed_hash, same

TYPING_SECONDS = 10  # in fives, 60 at most
MESSAGES_LIMIT = 5  # of one push, which counts once against the monthly quota
_RETRY_KEYS = uuid.UUID("5f1d9c3e-8a0b-4f57-9d7c-6b0a4c2e1f90")  # any fixed namespace
_REASONS = {
    400: "LINE does not accept the message: an unknown recipient, or a value it does not allow",
    401: "LINE does not accept the channel access token",
    403: "the channel may not send this: see its plan and permissions at LINE",
    429: "LINE asks to send more slowly",
    500: "LINE had an internal error",
}


class LineSettings(Settings):
    """A Messaging API channel; `bot_user_id` is the `userId` that GET /v2/bot/info tells of the bot."""

    bot_user_id: str = Field(pattern=r"^U[0-9a-f]{32}$")
    channel_secret: Secret
    channel_access_token: Secret
    api_base: ApiBase = "https://api.line.me"


class Line:
    """LINE's Messaging API."""

    channel = "line"
    provider = "line"
    Settings = LineSettings
    capabilities = Capabilities(
        address="bot_user_id",
        text_limit=5000,
        body_limit=1024 * 1024,
        # The picture's own address is its preview too, and a preview is at most 1 MB. A video needs a
        # preview picture and a sound its duration, which nobody tells us.
        attachments={
            AttachmentKind.IMAGE: 1_000_000,
            AttachmentKind.STICKER: 0,
            AttachmentKind.LOCATION: 0,
        },
        choices=13,
        events=frozenset({Event.TYPING}),
        idempotent=timedelta(hours=24),
    )

    def setup(self, account: Account[LineSettings]) -> list[Step]:
        """List the webhook's URL, and the two switches beside it."""
        where = "LINE Developers console: channel > Messaging API > Webhook settings"
        return [
            Step(where, "Webhook URL", account.callback),
            Step(where, "Use webhook", "on"),
            Step(where, "Webhook redelivery", "on"),
        ]

    def api_base(self, account: Account[LineSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[LineSettings]) -> Response | None:
        """LINE's Verify is a signed call without events: it is answered as any other."""
        return None

    def authenticate(self, request: Request, account: Account[LineSettings]) -> None:
        """Check x-line-signature over the raw body; raises NotAuthentic."""
        given = header(request.headers, "x-line-signature")
        expected = b64encode(keyed_hash("sha256", account.settings.channel_secret, request.body))
        if not same(given, expected):
            raise NotAuthentic("the signature does not match: check the channel secret (Basic settings)")

    def parse(self, request: Request, account: Account[LineSettings]) -> Iterator[Inbound]:
        """Yield every event; raises Invalid when the body is no JSON object."""
        bot = Bot(self.channel, account.id, account.settings.bot_user_id, request.received_at)
        return items(request.body, bot)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200; LINE reads no more, and waits two seconds for it."""
        return Response(200, "OK")

    def render(self, outbound: Outbound, account: Account[LineSettings], standing: Standing) -> list[Call]:
        """Push text parts, then attachments, five to a call; quick replies go with the last message."""
        rules.check(outbound, self.capabilities, standing)
        if outbound.event:
            return [_typing(outbound, account)]
        messages = send.messages(outbound, self.capabilities.text_limit)
        return [
            _push(outbound, account, start, messages[start : start + MESSAGES_LIMIT])
            for start in range(0, len(messages), MESSAGES_LIMIT)
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the answer; 409 says that an earlier call with the same retry key was taken."""
        content = read_answer(answer.body)
        if answer.status in (200, 202, 409):
            sent = children(content, "sentMessages")
            name = text(sent[0], "id") if sent else ""
            name = name or answer.headers.get("x-line-accepted-request-id", "")
            return Sent(name) if name else UNNAMED
        if answer.status not in _REASONS:
            return by_status("LINE", answer)
        if answer.status == 429 and "monthly" in text(content, "message"):
            return Refused("monthly-limit", "the channel's messages of this month are used up", False)
        retryable = answer.status in (429, 500)
        after = retry_after(answer) if retryable else None
        return Refused(str(answer.status), _REASONS[answer.status], retryable, after)

    def media_hosts(self, account: Account[LineSettings]) -> tuple[str, ...]:
        """LINE's address for contents; the API's own, where another one is set."""
        return (content_base(account.settings.api_base),)

    def media_call(self, reference: str, account: Account[LineSettings], now: datetime) -> Call | None:
        """Get a message's content: LINE keeps it for a while."""
        settings = account.settings
        return content_call(content_base(settings.api_base), settings.channel_access_token, reference)


def _typing(outbound: Outbound, account: Account[LineSettings]) -> Call:
    """Show the loading animation, LINE's sign that somebody writes, to a single person."""
    if not outbound.thread.startswith("U"):
        raise NotDeliverable("event", "LINE shows in talks with one person only that somebody types")
    token = account.settings.channel_access_token.get_secret_value()
    content: JsonValue = {"chatId": outbound.thread, "loadingSeconds": TYPING_SECONDS}
    url = f"{account.settings.api_base}/v2/bot/chat/loading/start"
    return Call(url, {"Authorization": f"Bearer {token}"}, json=content)


def _push(outbound: Outbound, account: Account[LineSettings], start: int, part: Sequence[JsonValue]) -> Call:
    token = account.settings.channel_access_token.get_secret_value()
    headers = {
        "Authorization": f"Bearer {token}",
        "X-Line-Retry-Key": str(uuid.uuid5(_RETRY_KEYS, f"{outbound.id}:{start}")),
    }
    content: JsonValue = {"to": outbound.thread, "messages": [*part]}
    return Call(f"{account.settings.api_base}/v2/bot/message/push", headers, json=content)
