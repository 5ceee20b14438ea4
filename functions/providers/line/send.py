"""Writing LINE's messages: texts, pictures, stickers, places, and quick replies under the last of them.

Follows https://developers.line.biz/en/reference/messaging-api/#message-objects.
"""

import re

from pydantic import JsonValue

from functions.channels import rules
from functions.channels.text import split
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Outbound
from functions.providers.line.media import STICKER

TITLE_LIMIT = 20  # characters of a quick reply
PAYLOAD_LIMIT = 300
_LABEL_LIMIT = 100  # a location's title and address

_STICKER = re.compile(re.escape(STICKER) + r"([0-9]{1,20})/([0-9]{1,20})")


def messages(outbound: Outbound, limit: int) -> list[dict[str, JsonValue]]:
    """Give texts in parts, then each attachment; raises NotDeliverable for what LINE does not show."""
    found: list[dict[str, JsonValue]] = [
        {"type": "text", "text": part} for part in split(outbound.text, limit)
    ]
    found += [_message(attachment) for attachment in outbound.attachments]
    if outbound.choices:
        found[-1]["quickReply"] = {"items": [_quick_reply(choice) for choice in outbound.choices]}
    return found


def _message(attachment: Attachment) -> dict[str, JsonValue]:
    if attachment.kind is AttachmentKind.LOCATION:
        return _location(attachment)
    if attachment.kind is AttachmentKind.STICKER:
        return _sticker(attachment)
    url = rules.web_address(attachment)
    if not url.startswith("https://"):
        raise NotDeliverable("attachment-url", "LINE shows pictures of https:// addresses only")
    return {"type": "image", "originalContentUrl": url, "previewImageUrl": url}


def _location(attachment: Attachment) -> dict[str, JsonValue]:
    latitude, longitude = rules.coordinates(attachment)
    place = f"{latitude}, {longitude}"
    return {
        "type": "location",
        "title": (attachment.name or place)[:_LABEL_LIMIT],
        "address": (attachment.text or place)[:_LABEL_LIMIT],
        "latitude": latitude,
        "longitude": longitude,
    }


def _sticker(attachment: Attachment) -> dict[str, JsonValue]:
    found = _STICKER.fullmatch(attachment.url)
    if not found:
        raise NotDeliverable("attachment-url", f"a sticker needs a {STICKER}PACKAGE/STICKER address")
    return {"type": "sticker", "packageId": found[1], "stickerId": found[2]}


def _quick_reply(choice: Choice) -> JsonValue:
    if not 1 <= len(choice.title) <= TITLE_LIMIT or not 1 <= len(choice.payload) <= PAYLOAD_LIMIT:
        raise NotDeliverable(
            "choice-length", f"a quick reply has 1 to {TITLE_LIMIT} characters, its payload {PAYLOAD_LIMIT}"
        )
    action = {"type": "postback", "label": choice.title, "data": choice.payload, "displayText": choice.title}
    return {"type": "action", "action": dict[str, JsonValue](action)}
