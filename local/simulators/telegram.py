"""Telegram's stand-in: https://core.telegram.org/bots/api. Bots get no news of what they sent."""

import json
import secrets
import time
import zlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic import JsonValue

from functions.providers.payload import at, child, read_answer, text
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken

# The method's field that holds what it sends, and that field's or its caption's limit in UTF-16 units.
_METHODS = {
    "sendMessage": ("text", 4096),
    "sendPhoto": ("photo", 1024),
    "sendAudio": ("audio", 1024),
    "sendVideo": ("video", 1024),
    "sendDocument": ("document", 1024),
    "sendSticker": ("sticker", 0),
    "sendLocation": ("latitude", 0),
    "sendChatAction": ("action", 0),
}


def _error(code: int, description: str, **parameters: int) -> Reply:
    more = {"parameters": parameters} if parameters else {}
    return Reply(code, {"ok": False, "error_code": code, "description": description, **more})


class Telegram:
    """Takes a bot's messages. The account is the number at the start of the bot's token."""

    name = "telegram"
    path = "/bot{token}/{method}"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: _error(429, "Too Many Requests: retry after 1", retry_after=1),
        Behaviour.ERROR: _error(500, "Internal Server Error"),
        Behaviour.PERMANENT: _error(403, "Forbidden: bot was blocked by the user"),
    }

    async def read(self, request: web.Request) -> Taken:
        """Read the JSON; raises Rejected with Telegram's codes."""
        method = request.match_info["method"]
        if method not in _METHODS:
            raise Rejected(_error(404, "Not Found"))
        content = await _content(request)
        field, limit = _METHODS[method]
        said = text(content, "text") or text(content, "caption")
        _check(content, field, said, limit)
        chat = text(content, "chat_id")
        return Taken(
            provider="telegram",
            account=request.match_info["token"].partition(":")[0],
            id=f"{chat}:{secrets.randbelow(2**31)}",
            recipient=chat,
            text=said,
            typing=field == "action",
            attachments=() if field in ("text", "latitude", "action") else (text(content, field),),
            content={**child(content), "method": method},
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer with the message, as far as anybody looks."""
        if taken.typing:
            return Reply(200, {"ok": True, "result": True})
        chat, _, message = taken.id.rpartition(":")
        connection = text(taken.content, "business_connection_id")
        result = {
            "message_id": int(message),
            "date": int(time.time()),
            "chat": {"id": int(chat), "type": "private"},
            **({"text": taken.text} if taken.text else {}),
            **({"business_connection_id": connection} if connection else {}),
        }
        return Reply(200, {"ok": True, "result": result})

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell nothing: the Bot API does not."""
        return []


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming message of a private chat; the sender is the user's number."""
    name = words.id or secrets.token_hex(8)
    user = int(words.sender)
    first, _, last = (words.name or "Customer").partition(" ")
    person = {"id": user, "first_name": first, **({"last_name": last} if last else {})}
    message: dict[str, Any] = {
        "message_id": zlib.crc32(name.encode()) & 0x7FFFFFFF,
        "from": {**person, "is_bot": False, "language_code": "fi"},
        "chat": {**person, "type": "private"},
        "date": int(time.time()),
    }
    if words.media:
        message["photo"] = [_photo(words.media[0])]
    if words.text:
        message["caption" if words.media else "text"] = words.text
    update = {"update_id": zlib.crc32(b"update " + name.encode()) & 0x7FFFFFFF, "message": message}
    headers = {
        "Content-Type": "application/json",
        "X-Telegram-Bot-Api-Secret-Token": setting(settings, "secret_token"),
    }
    return SignedRequest(callback, headers, json.dumps(update, ensure_ascii=False).encode())


async def _content(request: web.Request) -> JsonValue:
    """Read the parameters; Telegram takes JSON and forms."""
    if request.content_type == "application/json":
        return read_answer(await request.read())
    return {name: str(value) for name, value in (await request.post()).items()}


def _photo(file: str) -> dict[str, Any]:
    return {"file_id": file, "file_unique_id": file, "width": 800, "height": 600}


def _check(content: JsonValue, field: str, said: str, limit: int) -> None:
    if not text(content, "chat_id").removeprefix("-").isdigit():
        raise Rejected(_error(400, "Bad Request: chat_id is empty"))
    if at(content, field) in (None, ""):
        raise Rejected(_error(400, f"Bad Request: {field} is empty"))
    if len(said.encode("utf-16-le")) // 2 > limit and limit:
        raise Rejected(_error(400, "Bad Request: message is too long"))
