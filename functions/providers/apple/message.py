"""Reading what Apple Messages for Business brings: one message, possibly gzipped, for each webhook call.

Follows https://register.apple.com/resources/messages/msp-rest-api.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Attachment, AttachmentKind, Inbound, Kind
from functions.providers.apple.media import reference
from functions.providers.payload import child, children, digits, fragment_id, number, read_json, text

INFLATED_LIMIT = 4 * 1024 * 1024  # bytes; a small gzip may hold a thousand times its size
OBJECT = "\ufffc"  # stands in the text for each attachment

_MEDIA = {"image": AttachmentKind.IMAGE, "audio": AttachmentKind.AUDIO, "video": AttachmentKind.VIDEO}
_QUIET = {"typing_start": Kind.TYPING, "typing_end": Kind.TYPING, "close": Kind.OPT_OUT}
_CONTEXT = {"group": "group", "intent": "intent", "locale": "locale"}


@dataclass(frozen=True, slots=True)
class Business:
    """Whose webhook it is: the account, the business's id, and the headers of the call."""

    channel: str
    account: str
    id: str
    headers: Mapping[str, str]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Item:
    business: Business
    content: dict[str, JsonValue]

    def make(self, kind: Kind, note: str = "", **more: Any) -> Inbound:
        headers = self.business.headers
        customer = text(self.content, "sourceId") or headers.get("source-id", "") or self.business.id
        name = text(self.content, "id") or headers.get("id", "") or fragment_id(self.content)
        return Inbound(
            channel=self.business.channel,
            provider="apple",
            account=self.business.account,
            thread=customer,
            event=name,
            kind=kind,
            sender=Address(id=customer, locale=text(self.content, "locale")),
            context=self._context(note),
            received_at=self.business.received_at,
            **more,
        )

    def _context(self, note: str) -> dict[str, str]:
        told = {name: text(self.content, field) for field, name in _CONTEXT.items()} | {"note": note}
        told["capabilities"] = self.business.headers.get("capability-list", "")
        return {name: value for name, value in told.items() if value}


def unzipped(body: bytes, encoding: str) -> bytes:
    """Undo Content-Encoding; raises Invalid for another than gzip, a broken one, or one too large."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Invalid("the body has a Content-Encoding other than gzip")
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        found = reader.decompress(body, INFLATED_LIMIT)
    except zlib.error:
        raise Invalid("the body is not gzip") from None
    if reader.unconsumed_tail:
        raise Invalid(f"the body is over {INFLATED_LIMIT} bytes when it is inflated")
    if not reader.eof:
        raise Invalid("the gzip breaks off")
    return found


def items(body: bytes, business: Business) -> Iterator[Inbound]:
    """Yield the message, another business's as UNSUPPORTED; raises Invalid when it is no JSON object."""
    content = read_json(unzipped(body, business.headers.get("content-encoding", "").strip().lower()))
    if not isinstance(content, dict):
        raise Invalid("the body is not a JSON object")
    found, kind = _Item(business, content), text(content, "type")
    if text(content, "destinationId") not in ("", business.id):
        yield found.make(
            Kind.UNSUPPORTED, "the message is for another business than this account's", raw=content
        )
    elif kind in _QUIET:
        yield found.make(_QUIET[kind])
    elif kind == "text":
        yield _text(found)
    elif kind == "interactive" and child(content, "interactiveData"):
        yield _interactive(found)
    else:
        yield found.make(Kind.UNSUPPORTED, raw=content)


def _text(found: _Item) -> Inbound:
    said = text(found.content, "body").replace(OBJECT, "").strip()
    files = [_attachment(file) for file in children(found.content, "attachments")]
    known = tuple(file for file in files if file)
    whole = len(known) == len(files) and bool(said or known)
    kind = Kind.MESSAGE if said or known else Kind.UNSUPPORTED
    return found.make(kind, text=said, attachments=known, raw=None if whole else found.content)


def _attachment(file: JsonValue) -> Attachment | None:
    url = reference(file)
    if not url:
        return None
    media = text(file, "mimeType")
    return Attachment(
        kind=_MEDIA.get(media.partition("/")[0], AttachmentKind.FILE),
        url=url,
        content_type=media,
        name=text(file, "name"),
        size=digits(file, "size"),
    )


def _interactive(found: _Item) -> Inbound:
    """A choice the customer made: of a quick reply, a list or a time. Anything else is in `raw`."""
    data = child(found.content, "interactiveData", "data")
    chosen = _quick_reply(data) or _picked(data)
    title = text(data, "replyMessage", "title")
    shown = ", ".join(name for _, name in chosen if name) or title
    names = ",".join(name for name, _ in chosen if name)
    return found.make(Kind.POSTBACK, text=shown, payload=names, raw=found.content["interactiveData"])


def _quick_reply(data: JsonValue) -> list[tuple[str, str]]:
    reply = child(data, "quick-reply")
    place, offered = number(reply, "selectedIndex"), children(reply, "items")
    inside = place is not None and 0 <= place < len(offered)
    item = offered[place] if inside and place is not None else None
    chosen = (text(reply, "selectedIdentifier") or text(item, "identifier"), text(item, "title"))
    return [chosen] if any(chosen) else []


def _picked(data: JsonValue) -> list[tuple[str, str]]:
    sections = children(data, "listPicker", "sections")
    items = [item for section in sections for item in children(section, "items")]
    slots = children(data, "event", "timeslots")
    chosen = [*items, *slots]
    return [(text(one, "identifier"), text(one, "title") or text(one, "startTime")) for one in chosen]
