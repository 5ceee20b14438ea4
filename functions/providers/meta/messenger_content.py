"""What Messenger's and Instagram's messages carry beside their text: attachments, stories, referrals.

Follows https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages and
https://developers.facebook.com/docs/instagram-platform/webhooks.
"""

from collections.abc import Mapping

from pydantic import JsonValue

from functions.message import Attachment, AttachmentKind
from functions.providers.payload import child, text

_KINDS = {
    "image": AttachmentKind.IMAGE,
    "audio": AttachmentKind.AUDIO,
    "video": AttachmentKind.VIDEO,
    "reel": AttachmentKind.VIDEO,
    "ig_reel": AttachmentKind.VIDEO,
    "file": AttachmentKind.FILE,
    "fallback": AttachmentKind.LINK,
    # What others published stays where it is: it may not outlive its story or post.
    "share": AttachmentKind.LINK,
    "ig_post": AttachmentKind.LINK,
    "ig_story": AttachmentKind.LINK,
    "story_mention": AttachmentKind.LINK,
}
_REFERRAL = {"ref": "referral", "source": "referralSource", "type": "referralType", "ad_id": "referralAd"}


def attachment(found: JsonValue) -> Attachment | None:
    """Read an attachment; None when its kind is unknown or it is nowhere to be had."""
    payload = child(found, "payload")
    place = child(payload, "coordinates")
    if place:
        geo = f"geo:{text(place, 'lat')},{text(place, 'long')}"
        return Attachment(kind=AttachmentKind.LOCATION, url=geo, name=text(found, "title"))
    type_ = text(found, "type")
    kind = AttachmentKind.STICKER if "sticker_id" in payload else _KINDS.get(type_)
    url = text(payload, "url") or text(found, "url")
    if not kind or not url:
        return None
    name = text(payload, "title") or text(found, "title")
    return Attachment(kind=kind, url=url, name=name or ("story" if "story" in type_ else ""))


def story(message: JsonValue) -> Attachment | None:
    """Give the story that a message answers."""
    url = text(message, "reply_to", "story", "url")
    return Attachment(kind=AttachmentKind.LINK, url=url, name="story") if url else None


def referral(found: JsonValue) -> dict[str, str]:
    """Say by which link or advertisement the customer came."""
    return named(found, _REFERRAL)


def named(value: JsonValue, names: Mapping[str, str]) -> dict[str, str]:
    """Take the fields that are there, under names of ours."""
    if not value:
        return {}
    return {name: found for field, name in names.items() if (found := text(value, field))}
