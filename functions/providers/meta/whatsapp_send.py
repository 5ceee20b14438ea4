"""Writing WhatsApp's messages as the Cloud API takes them: whom they are for, and what they hold.

Follows https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages.
"""

import re
from collections.abc import Iterable

from pydantic import JsonValue

from functions.channels import rules
from functions.channels.text import split, units
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Outbound, Template
from functions.providers.meta.whatsapp import note
from functions.providers.meta.whatsapp_content import REFERENCE

CAPTION_LIMIT = 1024  # characters; also of a text that has buttons
TITLE_LIMIT = 20  # characters of a button
PAYLOAD_LIMIT = 256

_TYPES = {
    AttachmentKind.IMAGE: "image",
    AttachmentKind.AUDIO: "audio",
    AttachmentKind.VIDEO: "video",
    AttachmentKind.FILE: "document",
    AttachmentKind.STICKER: "sticker",
}
_CAPTIONED = (AttachmentKind.IMAGE, AttachmentKind.VIDEO, AttachmentKind.FILE)
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]+")
Content = tuple[str, dict[str, JsonValue]]


def envelope(outbound: Outbound, calls: int) -> dict[str, JsonValue]:
    """Address the thread: a user's id, a phone number, or a group; all takes so many calls."""
    to = outbound.thread
    user, phone = bool(_USER_ID.fullmatch(to)), to.isascii() and to.isdecimal()
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual" if user or phone else "group",
        "recipient" if user else "to": to,
        "biz_opaque_callback_data": note(outbound.id, outbound.thread, calls),
    }


def contents(outbound: Outbound, limit: int) -> list[Content]:
    """Give the messages by their types; a text is split at `limit`, or is a caption where it can be.

    Raises NotDeliverable for what WhatsApp does not show.
    """
    if outbound.template:
        return [_template(outbound.template)]
    texts = split(outbound.text, limit)
    media = [_medium(attachment) for attachment in outbound.attachments]
    if outbound.choices:
        return [*media, *_asked(texts, outbound.choices)]
    captioned = media and outbound.attachments[0].kind in _CAPTIONED
    if captioned and len(texts) == 1 and units(texts[0]) <= CAPTION_LIMIT:
        media[0][1]["caption"] = texts.pop()
    return [*(_text(part) for part in texts), *media]


def _asked(texts: list[str], choices: Iterable[Choice]) -> list[Content]:
    if not texts:
        raise NotDeliverable("choice-text", "buttons of WhatsApp need a text to stand under")
    *before, question = (*texts[:-1], *split(texts[-1], CAPTION_LIMIT))
    action: JsonValue = {"buttons": [_button(choice) for choice in choices]}
    asked: Content = "interactive", {"type": "button", "action": action, "body": {"text": question}}
    return [*(_text(part) for part in before), asked]


def _template(template: Template) -> Content:
    if not template.language:
        raise NotDeliverable("template", "a template of WhatsApp needs its language")
    values: JsonValue = [{"type": "text", "text": value} for value in template.values]
    content: dict[str, JsonValue] = {"name": template.name, "language": {"code": template.language}}
    if template.values:
        content["components"] = [{"type": "body", "parameters": values}]
    return "template", content


def _text(part: str) -> Content:
    return "text", {"body": part, "preview_url": False}


def _medium(attachment: Attachment) -> Content:
    if attachment.kind is AttachmentKind.LOCATION:
        latitude, longitude = rules.coordinates(attachment)
        place: dict[str, JsonValue] = {"latitude": latitude, "longitude": longitude}
        named = {"name": attachment.name, "address": attachment.text}
        return "location", place | {name: value for name, value in named.items() if value}
    reference = attachment.url.removeprefix(REFERENCE)
    known = reference != attachment.url
    content: dict[str, JsonValue] = {"id": reference} if known else {"link": rules.web_address(attachment)}
    if attachment.kind is AttachmentKind.FILE and attachment.name:
        content["filename"] = attachment.name
    return _TYPES[attachment.kind], content


def _button(choice: Choice) -> JsonValue:
    if not 1 <= len(choice.title) <= TITLE_LIMIT or not 1 <= len(choice.payload) <= PAYLOAD_LIMIT:
        raise NotDeliverable(
            "choice-length",
            f"a button has a title of 1 to {TITLE_LIMIT} characters and a payload of 1 to {PAYLOAD_LIMIT}",
        )
    return {"type": "reply", "reply": {"id": choice.payload, "title": choice.title}}
