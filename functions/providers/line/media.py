"""What a LINE message carries beside text. Media stay at LINE for a while: `line:MESSAGE` names them.

Follows https://developers.line.biz/en/reference/messaging-api/#message-event and
https://developers.line.biz/en/reference/messaging-api/#get-content.
"""

import re
from collections.abc import Callable, Mapping

from pydantic import JsonValue, SecretStr

from functions.channels.contract import Call
from functions.message import Attachment, AttachmentKind
from functions.providers.payload import children, number, text

MEDIUM = "line:"  # the id of a message whose content LINE keeps
STICKER = "line-sticker:"  # PACKAGE/STICKER
_MEDIA = {
    "image": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
    "file": AttachmentKind.FILE,
}


_API, _CONTENT = "https://api.line.me", "https://api-data.line.me"
_ID = re.compile(r"[0-9]{1,32}")


def content_base(api_base: str) -> str:
    """Give the address of contents, which LINE has apart from its API."""
    return _CONTENT if api_base == _API else api_base


def content_call(base: str, token: SecretStr, reference: str) -> Call | None:
    """Build the GET of a message's content; None for a sticker. What is not LINE's gets no token."""
    if reference.startswith("https://"):
        return Call(reference, method="GET")
    name = reference.removeprefix(MEDIUM)
    if not _ID.fullmatch(name):
        return None
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
    return Call(f"{base}/v2/bot/message/{name}/content", headers, method="GET")


def attachments(message: JsonValue) -> tuple[Attachment, ...]:
    """Give the medium, sticker or location of a message."""
    found = _READERS.get(text(message, "type"), _nothing)(message)
    return (found,) if found else ()


def _nothing(message: JsonValue) -> None:
    return None


def _place(message: JsonValue) -> Attachment | None:
    latitude, longitude = text(message, "latitude"), text(message, "longitude")
    if not latitude or not longitude:
        return None
    return Attachment(
        kind=AttachmentKind.LOCATION,
        url=f"geo:{latitude},{longitude}",
        name=text(message, "title"),
        text=text(message, "address"),
    )


def _sticker(message: JsonValue) -> Attachment | None:
    package, sticker = text(message, "packageId"), text(message, "stickerId")
    if not package or not sticker:
        return None
    keywords = ", ".join(word for word in children(message, "keywords") if isinstance(word, str))
    said = text(message, "text") or keywords
    return Attachment(kind=AttachmentKind.STICKER, url=f"{STICKER}{package}/{sticker}", text=said)


def _medium(message: JsonValue) -> Attachment | None:
    name, external = text(message, "id"), text(message, "contentProvider", "originalContentUrl")
    if not name and not external:
        return None
    return Attachment(
        kind=_MEDIA[text(message, "type")],
        url=external or MEDIUM + name,
        name=text(message, "fileName"),
        size=number(message, "fileSize"),
    )


_READERS: Mapping[str, Callable[[JsonValue], Attachment | None]] = {
    **dict.fromkeys(_MEDIA, _medium),
    "location": _place,
    "sticker": _sticker,
}
