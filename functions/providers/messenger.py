"""Reading the items of Messenger's webhooks: batches of entries, one per page, with items of many kinds.

Follows https://developers.facebook.com/docs/messenger-platform/reference/webhook-events. Nothing is
dropped: what is unknown, or belongs to another page, is yielded as UNSUPPORTED with its fragment.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Attachment, AttachmentKind, Delivery, Inbound, Kind, Receipt
from functions.providers.payload import child, children, fragment_id, moment, number, read_json, text

_ENTRY_FACTS = frozenset({"id", "time", "uid", "changed_fields", "hop_context"})
_ATTACHMENTS = {
    "image": AttachmentKind.IMAGE,
    "audio": AttachmentKind.AUDIO,
    "video": AttachmentKind.VIDEO,
    "reel": AttachmentKind.VIDEO,
    "ig_reel": AttachmentKind.VIDEO,
    "file": AttachmentKind.FILE,
    "fallback": AttachmentKind.LINK,
}
_REFERRAL = {"ref": "referral", "source": "referralSource", "type": "referralType", "ad_id": "referralAd"}
_OPT = {"STOP_NOTIFICATIONS": Kind.OPT_OUT, "RESUME_NOTIFICATIONS": Kind.OPT_IN}


@dataclass(frozen=True, slots=True)
class Page:
    """Whose webhook it is: the account, and the page that it is for."""

    channel: str
    account: str
    id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Item:
    page: Page
    owner: str  # the page of the entry
    fragment: JsonValue
    context: Mapping[str, str]

    def make(
        self, kind: Kind, event: str = "", context: Mapping[str, str] | None = None, **more: Any
    ) -> Inbound:
        sender, recipient = (
            text(self.fragment, end, "id") or text(self.fragment, end, "user_ref")
            for end in ("sender", "recipient")
        )
        return Inbound(
            channel=self.page.channel,
            provider="meta",
            account=self.page.account,
            thread=recipient if sender == self.owner or kind is Kind.ECHO else sender,
            event=event or fragment_id(self.fragment),
            kind=kind,
            sender=Address(id=sender),
            context={**self.context, **(context or {})},
            sent_at=moment(number(self.fragment, "timestamp"), 1000),
            received_at=self.page.received_at,
            **more,
        )

    def unsupported(self) -> Inbound:
        return self.make(Kind.UNSUPPORTED, text(self.fragment, "message", "mid"), raw=self.fragment)


def items(body: bytes, page: Page) -> Iterator[Inbound]:
    """Yield every item of every entry; raises Invalid when the body is no JSON object."""
    content = read_json(body)
    if not isinstance(content, dict):
        raise Invalid("the body is not a JSON object")
    if content.get("object") != "page" or not isinstance(content.get("entry"), list):
        yield _Item(page, page.id, content, {}).unsupported()
        return
    for entry in children(content, "entry"):
        yield from _entry(entry, page)


def _entry(entry: JsonValue, page: Page) -> Iterator[Inbound]:
    owner = text(entry, "id")
    fragments = [
        (field, fragment)
        for field, value in child(entry).items()
        if field not in _ENTRY_FACTS
        for fragment in (value if isinstance(value, list) else [value])
    ]
    for field, fragment in fragments or [("entry", entry)]:
        item = _Item(page, owner, fragment, _context(field, owner, page))
        known = owner == page.id and field in ("messaging", "standby")
        yield from _read(item) if known else [item.unsupported()]


def _context(field: str, owner: str, page: Page) -> dict[str, str]:
    context = {} if field == "messaging" else {"field": field}
    if owner != page.id:
        context |= {"page": owner, "note": "the item belongs to another page than this account's"}
    return context


def _read(item: _Item) -> Iterator[Inbound]:
    readers = [read for name, read in _READERS.items() if name in child(item.fragment)]
    for read in readers or [_unknown]:
        yield from read(item)


def _message(item: _Item) -> Iterator[Inbound]:
    message = child(item.fragment, "message")
    attachments = [_attachment(found) for found in children(message, "attachments")]
    known = tuple(attachment for attachment in attachments if attachment)
    body, payload = text(message, "text"), text(message, "quick_reply", "payload")
    kind = Kind.POSTBACK if payload else Kind.MESSAGE if body or known else Kind.UNSUPPORTED
    if message.get("is_echo") is True:
        kind = Kind.ECHO
    whole = kind is not Kind.UNSUPPORTED and len(known) == len(attachments)
    yield item.make(
        kind,
        text(message, "mid"),
        {**_referral(message.get("referral")), **_named(message, {"app_id": "app", "metadata": "metadata"})},
        text=body,
        attachments=known,
        target=text(message, "reply_to", "mid"),
        payload=payload,
        raw=None if whole else item.fragment,
    )


def _postback(item: _Item) -> Iterator[Inbound]:
    postback = child(item.fragment, "postback")
    yield item.make(
        Kind.POSTBACK,
        text(postback, "mid"),
        _referral(postback.get("referral")),
        text=text(postback, "title"),
        payload=text(postback, "payload"),
    )


def _reaction(item: _Item) -> Iterator[Inbound]:
    reaction = child(item.fragment, "reaction")
    yield item.make(
        Kind.REACTION,
        context=_named(reaction, {"action": "action"}),
        text="" if reaction.get("action") == "unreact" else text(reaction, "emoji"),
        payload=text(reaction, "reaction"),
        target=text(reaction, "mid"),
    )


def _edit(item: _Item) -> Iterator[Inbound]:
    edit = child(item.fragment, "message_edit")
    mid = text(edit, "mid")
    event = f"{mid}:{text(edit, 'num_edit')}" if mid else ""
    yield item.make(Kind.EDIT, event, text=text(edit, "text"), target=mid)


def _delivered(item: _Item) -> Iterator[Inbound]:
    mids = [mid for mid in children(item.fragment, "delivery", "mids") if isinstance(mid, str)]
    for mid in mids:
        yield item.make(Kind.RECEIPT, mid, receipt=Receipt(state=Delivery.DELIVERED, message=mid))
    if not mids or number(item.fragment, "delivery", "watermark"):
        yield _up_to(item, "delivery", Delivery.DELIVERED)


def _seen(item: _Item) -> Iterator[Inbound]:
    yield _up_to(item, "read", Delivery.READ)


def _up_to(item: _Item, name: str, state: Delivery) -> Inbound:
    watermark = moment(number(item.fragment, name, "watermark"), 1000)
    if not watermark:
        return item.unsupported()
    return item.make(Kind.RECEIPT, receipt=Receipt(state=state, watermark=watermark))


def _optin(item: _Item) -> Iterator[Inbound]:
    optin = child(item.fragment, "optin")
    kind = _OPT.get(text(optin, "notification_messages_status"), Kind.OPT_IN)
    payload = text(optin, "payload") or text(optin, "ref")
    yield item.make(kind, payload=payload, text=text(optin, "title"), raw=item.fragment)


def _arrival(item: _Item) -> Iterator[Inbound]:
    """A customer came to a known conversation by a link or an advertisement."""
    referral = child(item.fragment, "referral")
    yield item.make(Kind.JOINED, context=_referral(referral), payload=text(referral, "ref"))


def _unknown(item: _Item) -> Iterator[Inbound]:
    yield item.unsupported()


_READERS: dict[str, Callable[[_Item], Iterator[Inbound]]] = {
    "message": _message,
    "postback": _postback,
    "reaction": _reaction,
    "message_edit": _edit,
    "delivery": _delivered,
    "read": _seen,
    "optin": _optin,
    "referral": _arrival,
}


def _attachment(found: JsonValue) -> Attachment | None:
    payload = child(found, "payload")
    place = child(payload, "coordinates")
    if place:
        geo = f"geo:{text(place, 'lat')},{text(place, 'long')}"
        return Attachment(kind=AttachmentKind.LOCATION, url=geo, name=text(found, "title"))
    kind = AttachmentKind.STICKER if "sticker_id" in payload else _ATTACHMENTS.get(text(found, "type"))
    url = text(payload, "url") or text(found, "url")
    if not kind or not url:
        return None
    return Attachment(kind=kind, url=url, name=text(payload, "title") or text(found, "title"))


def _referral(referral: JsonValue) -> dict[str, str]:
    return _named(referral, _REFERRAL)


def _named(value: JsonValue, names: Mapping[str, str]) -> dict[str, str]:
    return {name: found for field, name in names.items() if (found := text(value, field))}
