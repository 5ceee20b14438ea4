"""Writing Telegram's messages: which method of the Bot API sends what.

Follows https://core.telegram.org/bots/api#available-methods.
"""

import re

from pydantic import JsonValue

from functions.channels import rules
from functions.channels.text import split, units
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Outbound
from functions.providers.telegram.media import REFERENCE

CAPTION_LIMIT = 1024
PAYLOAD_LIMIT = 64  # bytes of a button's callback data

METHODS = {
    AttachmentKind.IMAGE: ("sendPhoto", "photo"),
    AttachmentKind.AUDIO: ("sendAudio", "audio"),
    AttachmentKind.VIDEO: ("sendVideo", "video"),
    AttachmentKind.FILE: ("sendDocument", "document"),
    AttachmentKind.STICKER: ("sendSticker", "sticker"),
}
_CAPTIONED = frozenset(METHODS) - {AttachmentKind.STICKER}
Content = tuple[str, dict[str, JsonValue]]


def place(thread: str) -> dict[str, JsonValue]:
    """Address a chat, of a business account where the thread is one's; raises NotDeliverable."""
    connection, _, chat = thread.rpartition(":")
    if not re.fullmatch(r"-?[0-9]{1,19}", chat):
        raise NotDeliverable("thread", "the thread names no Telegram chat")
    return {"chat_id": int(chat), **({"business_connection_id": connection} if connection else {})}


def contents(outbound: Outbound, limit: int) -> list[Content]:
    """Give the methods to call, with what they send: a sign of typing, or texts and then attachments.

    A short text is the first attachment's caption; the first message quotes, and buttons go with the last.
    Raises NotDeliverable for what Telegram does not show.
    """
    if outbound.event:
        return [("sendChatAction", {"action": "typing"})]
    found = _said(outbound, limit)
    if outbound.reply_to:
        found[0][1]["reply_parameters"] = _reply(outbound.reply_to)
    if outbound.choices:
        found[-1][1]["reply_markup"] = {"inline_keyboard": [[_button(choice)] for choice in outbound.choices]}
    return found


def _said(outbound: Outbound, limit: int) -> list[Content]:
    texts = split(outbound.text, limit)
    media = [_medium(attachment) for attachment in outbound.attachments]
    captioned = media and outbound.attachments[0].kind in _CAPTIONED
    if captioned and len(texts) == 1 and units(texts[0]) <= CAPTION_LIMIT:
        media[0][1]["caption"] = texts.pop()
    return [*(_text(part) for part in texts), *media]


def _text(part: str) -> Content:
    return "sendMessage", {"text": part}


def _medium(attachment: Attachment) -> Content:
    if attachment.kind is AttachmentKind.LOCATION:
        latitude, longitude = rules.coordinates(attachment)
        return "sendLocation", {"latitude": latitude, "longitude": longitude}
    method, field = METHODS[attachment.kind]
    if attachment.url.startswith(REFERENCE):
        return method, {field: attachment.url.removeprefix(REFERENCE)}
    return method, {field: rules.web_address(attachment)}


def _reply(target: str) -> JsonValue:
    found = target.rpartition(":")[2]
    if not re.fullmatch(r"[0-9]{1,19}", found):
        raise NotDeliverable("reply-to", "the message to reply to is not one of Telegram's")
    return {"message_id": int(found), "allow_sending_without_reply": True}


def _button(choice: Choice) -> JsonValue:
    if not 1 <= len(choice.payload.encode()) <= PAYLOAD_LIMIT or not choice.title:
        raise NotDeliverable(
            "choice-length", f"a button has a title and a payload of 1 to {PAYLOAD_LIMIT} bytes"
        )
    return {"text": choice.title, "callback_data": choice.payload}
