"""LINE's stand-in: https://developers.line.biz/en/reference/messaging-api/#send-push-message.

LINE tells nothing of what became of a message. A retry key that was taken before is answered with 409.
"""

import hmac
import json
import secrets
import time
import uuid
import zlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic import JsonValue

from functions.providers.payload import children, number, read_answer, text
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"message": message}, {"X-Line-Request-Id": str(uuid.uuid4())})


class Line:
    """Takes a bot's pushes; the token tells nothing of the account."""

    name = "line"
    path = "/v2/bot/{what:message/push|chat/loading/start}"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: _error(429, "The API rate limit has been exceeded. Try again later."),
        Behaviour.ERROR: _error(500, "Internal Server Error"),
        Behaviour.PERMANENT: _error(400, "Failed to send messages"),
    }

    async def read(self, request: web.Request) -> Taken:
        """Read the JSON; raises Rejected as LINE would."""
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            raise Rejected(_error(401, "Authentication failed. Confirm that the access token is valid."))
        content = read_answer(await request.read())
        if request.match_info["what"] != "message/push":
            return _typing(content)
        messages = children(content, "messages")
        _check(text(content, "to"), messages)
        return Taken(
            provider="line",
            account="",
            id=str(secrets.randbelow(10**18)),
            recipient=text(content, "to"),
            text="".join(text(message, "text") for message in messages),
            attachments=tuple(url for message in messages if (url := text(message, "originalContentUrl"))),
            content=content,
            key=_retry_key(request),
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer with the ids of the messages, the first being the one that counts."""
        if taken.typing:
            return Reply(202, {})
        count = len(children(taken.content, "messages"))
        ids = [taken.id, *(f"{taken.id}{number}" for number in range(1, count))]
        return Reply(200, {"sentMessages": [{"id": name, "quoteToken": "q" + name} for name in ids]})

    def again(self, taken: Taken) -> Reply:
        """Answer 409, with what was answered before."""
        return Reply(409, {"message": "The retry key is already accepted", **self.accepted(taken).content})

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell nothing: LINE does not."""
        return []


def _typing(content: JsonValue) -> Taken:
    person, seconds = text(content, "chatId"), number(content, "loadingSeconds")
    if not person.startswith("U") or seconds not in range(5, 61, 5):
        raise Rejected(_error(400, "The request body has 1 error(s)"))
    return Taken(provider="line", account="", id="", recipient=person, typing=True, content=content)


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign a person's message, and one more for each picture, as LINE does."""
    name = str(zlib.crc32(words.id.encode()) if words.id else secrets.randbelow(10**18))
    messages: list[dict[str, Any]] = [
        {"type": "image", "id": f"{name}{number}", "contentProvider": {"type": "line"}}
        for number, _ in enumerate(words.media)
    ]
    if words.text:
        messages.insert(0, {"type": "text", "id": name, "quoteToken": "q" + name, "text": words.text})
    return _signed(settings, callback, [_event(words.sender, message) for message in messages])


def verify(settings: Mapping[str, Any], callback: str) -> SignedRequest:
    """Sign the call without events that the console's Verify makes."""
    return _signed(settings, callback, [])


def _event(person: str, message: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "message",
        "mode": "active",
        "timestamp": time.time_ns() // 1_000_000,
        "source": {"type": "user", "userId": person},
        "webhookEventId": f"01{zlib.crc32(message['id'].encode()):024d}",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": secrets.token_hex(16),
        "message": message,
    }


def _signed(settings: Mapping[str, Any], url: str, events: list[dict[str, Any]]) -> SignedRequest:
    content = {"destination": setting(settings, "bot_user_id"), "events": events}
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    signature = hmac.digest(setting(settings, "channel_secret").encode(), body, "sha256")
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Line-Signature": b64encode(signature).decode(),
        "User-Agent": "LineBotWebhook/2.0",
    }
    return SignedRequest(url, headers, body)


def _retry_key(request: web.Request) -> str:
    key = request.headers.get("X-Line-Retry-Key", "")
    try:
        return str(uuid.UUID(key)) if key else ""
    except ValueError:
        raise Rejected(_error(400, "Invalid retry key")) from None


def _check(to: str, messages: list[JsonValue]) -> None:
    if not to or not 1 <= len(messages) <= 5:
        raise Rejected(_error(400, "The request body has 1 error(s)"))
    for message in messages:
        said = text(message, "text")
        if (text(message, "type") == "text") != bool(said) or len(said.encode("utf-16-le")) > 10_000:
            raise Rejected(_error(400, "May not be empty, or longer than 5000 characters"))
        if len(children(message, "quickReply", "items")) > 13:
            raise Rejected(_error(400, "Size must be between 1 and 13"))
