"""What a Telegram message carries beside its text. Media stay at Telegram: `telegram:FILE_ID` names them.

Follows https://core.telegram.org/bots/api#message and https://core.telegram.org/bots/api#getfile.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote

from pydantic import JsonValue

from functions.channels.contract import Answer, Call, Refused
from functions.message import Attachment, AttachmentKind
from functions.providers.payload import at, child, children, number, read_answer, text
from functions.providers.vcard import vcard

REFERENCE = "telegram:"
_FILES = {
    "animation": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
    "document": AttachmentKind.FILE,
    "sticker": AttachmentKind.STICKER,
    "video": AttachmentKind.VIDEO,
    "video_note": AttachmentKind.VIDEO,
    "voice": AttachmentKind.AUDIO,
}


_PATH = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*")


def file_call(base: str, reference: str) -> Call | None:
    """Build the call that asks where a file is; None when the reference is not Telegram's."""
    name = reference.removeprefix(REFERENCE)
    if name in ("", reference):
        return None
    return Call(f"{base}/getFile?file_id={quote(name, safe='')}", method="GET")


def file_place(base: str, answer: Answer) -> Call | Refused:
    """Build the GET of a file from getFile's answer."""
    path = text(read_answer(answer.body), "result", "file_path")
    if _PATH.fullmatch(path):
        return Call(f"{base}/{quote(path)}", method="GET")
    why = "Telegram does not give it out: it is over 20 MB, or it is gone"
    return Refused(str(answer.status), why, retryable=False)


def attachments(message: JsonValue) -> tuple[Attachment, ...]:
    """Give every medium, the location and the contact of a message."""
    return (*_files(message), *_photo(message), *_places(message), *_contacts(message))


def _files(message: JsonValue) -> Iterator[Attachment]:
    for name, kind in _FILES.items():
        # An animation comes a second time as a document, for old programs.
        if name == "document" and child(message, "animation"):
            continue
        if found := _file(kind, at(message, name)):
            yield found


def _photo(message: JsonValue) -> Iterator[Attachment]:
    sizes = children(message, "photo")
    largest = max(
        sizes, key=lambda size: (number(size, "width") or 0) * (number(size, "height") or 0), default=None
    )
    if found := _file(AttachmentKind.IMAGE, largest, "image/jpeg"):
        yield found


def _file(kind: AttachmentKind, file: JsonValue, content_type: str = "") -> Attachment | None:
    reference = text(file, "file_id")
    if not reference:
        return None
    return Attachment(
        kind=kind,
        url=REFERENCE + reference,
        content_type=text(file, "mime_type") or content_type,
        name=text(file, "file_name") or text(file, "title"),
        size=number(file, "file_size"),
        text=text(file, "emoji"),
    )


def _places(message: JsonValue) -> Iterator[Attachment]:
    place = child(message, "venue", "location") or child(message, "location")
    latitude, longitude = text(place, "latitude"), text(place, "longitude")
    if latitude and longitude:
        yield Attachment(
            kind=AttachmentKind.LOCATION,
            url=f"geo:{latitude},{longitude}",
            name=text(message, "venue", "title"),
            text=text(message, "venue", "address"),
        )


def _contacts(message: JsonValue) -> Iterator[Attachment]:
    contact = child(message, "contact")
    if contact:
        names = text(contact, "first_name"), text(contact, "last_name")
        card = text(contact, "vcard") or vcard(*names, phones=[text(contact, "phone_number")])
        yield Attachment(
            kind=AttachmentKind.CONTACT, content_type="text/vcard", name=_name(contact), text=card
        )


def _name(contact: JsonValue) -> str:
    return f"{text(contact, 'first_name')} {text(contact, 'last_name')}".strip()
