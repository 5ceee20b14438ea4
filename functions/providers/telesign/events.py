"""Reading TeleSign's callbacks: one message, or one status of a message of ours, per call.

Follows https://developer.telesign.com/enterprise/docs/transaction-callback-service. What tells them apart is
in the body, for all of an account's callbacks may go to one URL. A status names no phone number: it has
no thread, which is found by the message's reference id. Media of an MMS stay references: TeleSign does not
say on which hosts they lie, and none is called that no list names.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Attachment, AttachmentKind, Delivery, Inbound, Kind, Receipt
from functions.providers.payload import child, digits, fragment_id, read_json, text
from functions.providers.telesign.status import reason, state

_ACTIONS = {"stop": Kind.OPT_OUT, "start": Kind.OPT_IN}
_CONTEXT = {"sender_id": "to", "iso_country_code": "country", "keyword": "keyword", "action": "action"}
_TEXT = re.compile(r"text_[0-9]{1,3}")
_PHONE = re.compile(r"[1-9][0-9]{6,14}")
_MEDIUM = re.compile(r"url_(image|audio|video|file)_[0-9]{1,3}")


class Number(NamedTuple):
    """Whose callback it is: the account, and its number or code at TeleSign."""

    account: str
    id: str
    received_at: datetime


def item(body: bytes, own: Number) -> Inbound:
    """Give the one item of a body; raises Invalid when it is no JSON object."""
    content = read_json(body)
    if not isinstance(content, dict):
        raise Invalid("the body is not a JSON object")
    kind = text(content, "sub_resource")
    if kind in ("mo_sms", "mo_mms") and text(content, "user_response", "phone_number"):
        return _message(content, own)
    if kind in ("sms", "") and text(content, "reference_id") and digits(content, "status", "code"):
        return _status(content, own)
    return _make(content, own, Kind.UNSUPPORTED, raw=content)


def _message(content: JsonValue, own: Number) -> Inbound:
    said = child(content, "user_response")
    number = text(said, "sender_id").removeprefix("+")
    if number.isdecimal() and own.id.isdecimal() and number != own.id:
        note = {"to": number, "note": "the message is for another number than this account's"}
        return _make(content, own, Kind.UNSUPPORTED, raw=content, context=note)
    parts = {**child(content, "content"), **child(said, "content")}
    texts = [text(parts, name) for name in parts if _TEXT.fullmatch(name)]
    body, media = text(said, "mo_message") or "\n".join(filter(None, texts)), _media(parts)
    kind = _ACTIONS.get(text(said, "action").lower(), Kind.MESSAGE)
    if not body and not media and kind is Kind.MESSAGE:
        return _make(content, own, Kind.UNSUPPORTED, raw=content)
    context = {name: found for field, name in _CONTEXT.items() if (found := text(said, field))}
    sent_at = _moment(text(content, "submit_timestamp"))
    return _make(content, own, kind, text=body, attachments=media, context=context, sent_at=sent_at)


def _status(content: JsonValue, own: Number) -> Inbound:
    reference, code = text(content, "reference_id"), digits(content, "status", "code") or 0
    came_to = state(code)
    told = came_to is Delivery.FAILED
    receipt = Receipt(state=came_to, message=reference, code=str(code), reason=reason(code) if told else "")
    return Inbound(
        channel="sms",
        provider="telesign",
        account=own.account,
        thread="",
        event=f"{reference}:{code}",
        kind=Kind.RECEIPT,
        sender=Address(id=""),
        receipt=receipt,
        sent_at=_moment(text(content, "status", "updated_on")),
        received_at=own.received_at,
    )


def _make(content: JsonValue, own: Number, kind: Kind, **more: Any) -> Inbound:
    """Make what is kept in a conversation; without a phone number the thread is our own number's."""
    phone = text(content, "user_response", "phone_number")
    return Inbound(
        channel="sms",
        provider="telesign",
        account=own.account,
        thread=phone or own.id,
        event=text(content, "reference_id") or fragment_id(content),
        kind=kind,
        sender=Address(id=phone or own.id, phone=_e164(phone)),
        received_at=own.received_at,
        **more,
    )


def _media(parts: Mapping[str, JsonValue]) -> tuple[Attachment, ...]:
    found = [(_MEDIUM.fullmatch(name), url) for name, url in parts.items()]
    return tuple(
        Attachment(kind=AttachmentKind(named[1]), url=url)
        for named, url in found
        if named and isinstance(url, str) and url
    )


def _e164(digits: str) -> str:
    """A short code of a few digits is no phone number."""
    return f"+{digits}" if _PHONE.fullmatch(digits) else ""


def _moment(stamp: str) -> datetime | None:
    """Read RFC 3339, and RFC 1123 as some samples have; None when it is neither."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = parse(stamp)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            continue
    return None
