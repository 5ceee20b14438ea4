"""What a direct message of X says, in either of the shapes that it comes in.

Follows https://docs.x.com/x-api/account-activity/introduction and the v2 event of
https://docs.x.com/x-api/direct-messages/lookup/introduction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from functions.message import Attachment, AttachmentKind
from functions.providers.payload import child, children, digits, instant, moment, text

_MEDIA = {"photo": AttachmentKind.IMAGE, "video": AttachmentKind.VIDEO, "animated_gif": AttachmentKind.VIDEO}
# X escapes these three, and nothing else; the ampersand comes last, or "&amp;lt;" would be undone twice.
_ESCAPED = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """A message with its ends; `whole` when the fields say all of it."""

    id: str
    sender: str
    recipient: str
    text: str
    payload: str
    attachments: tuple[Attachment, ...]
    context: Mapping[str, str]
    sent_at: datetime | None
    whole: bool


def created(event: JsonValue) -> DirectMessage:
    """Read a `message_create` event."""
    message = child(event, "message_create")
    data = child(message, "message_data")
    attachment = child(data, "attachment")
    media = _media(attachment)
    via = child(event, "initiated_via")
    context = {"tweet": text(via, "tweet_id"), "welcomeMessage": text(via, "welcome_message_id")}
    return DirectMessage(
        id=text(event, "id"),
        sender=text(message, "sender_id"),
        recipient=text(message, "target", "recipient_id"),
        text=_plain(data, attachment),
        payload=text(data, "quick_reply_response", "metadata"),
        attachments=media,
        context={name: value for name, value in context.items() if value},
        sent_at=moment(digits(event, "created_timestamp"), 1000),
        whole=bool(media) or not attachment,
    )


def flat(event: JsonValue) -> DirectMessage:
    """Read the v2 shape; its media are only keys, and its other end is in the conversation's id."""
    sender, ends = text(event, "sender_id"), text(event, "dm_conversation_id").split("-")
    return DirectMessage(
        id=text(event, "id"),
        sender=sender,
        recipient=next((end for end in ends if end != sender and len(ends) == 2), ""),
        text=_plain(event, {}),
        payload="",
        attachments=(),
        context={},
        sent_at=instant(text(event, "created_at")),
        whole=not child(event, "attachments"),
    )


def _plain(data: JsonValue, attachment: JsonValue) -> str:
    """Undo what X does to a text: short links, the medium's own link at the end, escapes."""
    found = text(data, "text")
    own = text(attachment, "media", "url")
    found = found.removesuffix(own).rstrip() if own else found
    for link in children(data, "entities", "urls"):
        short, expanded = text(link, "url"), text(link, "expanded_url")
        if short and expanded:
            found = found.replace(short, expanded)
    for escaped, character in _ESCAPED.items():
        found = found.replace(escaped, character)
    return found


def _media(attachment: JsonValue) -> tuple[Attachment, ...]:
    media = child(attachment, "media")
    kind, url = _MEDIA.get(text(media, "type")), text(media, "media_url_https")
    variants = [one for one in children(media, "video_info", "variants") if text(one, "url")]
    best = max(variants, key=lambda one: digits(one, "bitrate") or 0, default=None)
    url = text(best, "url") or url
    if not kind or not url:
        return ()
    return (Attachment(kind=kind, url=url, content_type=text(best, "content_type")),)
