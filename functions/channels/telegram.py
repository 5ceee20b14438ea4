"""Telegram: a bot's chats, alone or for a business account.

Follows https://core.telegram.org/bots/api. The bot token is part of every API address by Telegram's
design: no address of a call may be logged. Updates are read in `functions.providers.telegram.update`,
messages written in `functions.providers.telegram.send`.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, SecretStr

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
from functions.errors import NotAuthentic
from functions.message import AttachmentKind, Event, Inbound, Outbound
from functions.providers.answers import UNNAMED, by_status, retry_after
from functions.providers.payload import at, child, number, read_answer, text
from functions.providers.settings import ApiBase, Settings
from functions.providers.signatures import header, same
from functions.providers.telegram import send
from functions.providers.telegram.media import file_call, file_place
from functions.providers.telegram.update import items, message_name

_UPDATES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "callback_query",
    "message_reaction",
    "my_chat_member",
)
_REASONS = {
    400: "Telegram does not accept the message: an unknown chat, a wrong value, or a medium it cannot fetch",
    401: "Telegram does not accept the bot token",
    403: "the customer has blocked the bot, or has never started it",
    404: "Telegram does not know this bot token",
    429: "Telegram asks to send more slowly",
}


def _matching(pattern: str, said: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, secret.get_secret_value()):
            raise ValueError(said)
        return secret

    return AfterValidator(check)


BotToken = Annotated[
    SecretStr, _matching(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,100}", "is not as @BotFather gives it")
]
SecretToken = Annotated[
    SecretStr, _matching(r"[A-Za-z0-9_-]{1,256}", "must be 1 to 256 of A-Z, a-z, 0-9, _ and -")
]


class TelegramSettings(Settings):
    """The bot's token, and `secret_token`: a secret of ours that Telegram repeats with every update."""

    bot_token: BotToken
    secret_token: SecretToken
    api_base: ApiBase = "https://api.telegram.org"


class Telegram:
    """Telegram's Bot API."""

    channel = "telegram"
    provider = "telegram"
    Settings = TelegramSettings
    capabilities = Capabilities(
        address="bot_token",
        text_limit=4096,
        body_limit=1024 * 1024,
        attachments={
            **dict.fromkeys(send.METHODS, 20_000_000),
            AttachmentKind.IMAGE: 5_000_000,
            AttachmentKind.LOCATION: 0,
        },
        choices=100,
        events=frozenset({Event.TYPING}),
    )

    def setup(self, account: Account[TelegramSettings]) -> list[Step]:
        """List the parameters of setWebhook."""
        where = "Bot API, method setWebhook (once; again whenever one of these changes)"
        return [
            Step(where, "url", account.callback),
            Step(where, "secret_token", account.settings.secret_token.get_secret_value()),
            Step(where, "allowed_updates", json.dumps(_UPDATES)),
        ]

    def api_base(self, account: Account[TelegramSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[TelegramSettings]) -> Response | None:
        """Telegram asks for no proof."""
        return None

    def authenticate(self, request: Request, account: Account[TelegramSettings]) -> None:
        """Compare the secret token; raises NotAuthentic."""
        given = header(request.headers, "X-Telegram-Bot-Api-Secret-Token")
        if not same(given, account.settings.secret_token.get_secret_value()):
            raise NotAuthentic(
                "the secret token does not match: call setWebhook again with this account's secret_token"
            )

    def parse(self, request: Request, account: Account[TelegramSettings]) -> Iterator[Inbound]:
        """Yield what the update holds; raises Invalid when the body is no JSON object."""
        return items(self.channel, account.id, request.body, request.received_at)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer; a pressed button is told so in the answer, or it would go on turning at the customer."""
        pressed = next((query for item in items if (query := item.context.get("callbackQuery"))), "")
        if not pressed:
            return Response(200, "{}", "application/json")
        call = {"method": "answerCallbackQuery", "callback_query_id": pressed}
        return Response(200, json.dumps(call), "application/json")

    def render(
        self, outbound: Outbound, account: Account[TelegramSettings], standing: Standing
    ) -> list[Call]:
        """Send text parts, then attachments (a short text is the first one's caption); buttons go last."""
        rules.check(outbound, self.capabilities, standing)
        place = send.place(outbound.thread)
        contents = send.contents(outbound, self.capabilities.text_limit)
        base = f"{account.settings.api_base}/bot{account.settings.bot_token.get_secret_value()}"
        return [Call(url=f"{base}/{method}", json={**place, **content}) for method, content in contents]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the Bot API's answer. Telegram's own sentence is left out: it may quote the message."""
        content = read_answer(answer.body)
        if at(content, "ok") is True:
            name = message_name(child(content, "result"))
            return Sent(name) if name else UNNAMED
        code = number(content, "error_code")
        if code not in _REASONS:
            return by_status("Telegram", answer)
        if moved := text(content, "parameters", "migrate_to_chat_id"):
            return Refused("migrated", f"the group became the supergroup {moved}: write to that one", False)
        if code != 429:
            return Refused(str(code), _REASONS[code], False)
        wait = number(content, "parameters", "retry_after")
        return Refused("429", _REASONS[429], True, retry_after(answer) if wait is None else float(wait))

    def media_hosts(self, account: Account[TelegramSettings]) -> tuple[str, ...]:
        """The Bot API itself."""
        return (account.settings.api_base,)

    def media_call(self, reference: str, account: Account[TelegramSettings], now: datetime) -> Call | None:
        """Ask where a file is (getFile)."""
        base, token = account.settings.api_base, account.settings.bot_token.get_secret_value()
        return file_call(f"{base}/bot{token}", reference)

    def media_place(self, answer: Answer, account: Account[TelegramSettings]) -> Call | Refused:
        """Read getFile's answer; the address of the file holds the token, and lasts an hour."""
        base, token = account.settings.api_base, account.settings.bot_token.get_secret_value()
        return file_place(f"{base}/file/bot{token}", answer)
