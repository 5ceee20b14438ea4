"""Reading the items of Messenger's and Instagram's webhooks: batches of entries, with items of many kinds.

Follows https://developers.facebook.com/docs/messenger-platform/reference/webhook-events. Nothing is
dropped: what is unknown, or belongs to another page, is yielded as UNSUPPORTED with its fragment.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Attachment, Delivery, Inbound, Kind, Receipt
from functions.providers.meta.messenger_content import attachment, named, referral, story
from functions.providers.payload import (
    at,
    child,
    children,
    digits,
    fragment_id,
    moment,
    number,
    read_json,
    text,
)

_ENTRY_FACTS = frozenset({"id", "time", "uid", "changed_fields", "hop_context"})
_PLAIN = frozenset({"mid", "text"})
_FACTS = {"app_id": "app", "metadata": "metadata"}
# They are about marketing only: who stops it may still ask something, and be answered.
_OPT = {"STOP_NOTIFICATIONS": Kind.LEFT, "RESUME_NOTIFICATIONS": Kind.JOINED}


class Page(NamedTuple):
    """Whose webhook it is: the account, and the page (`object` instagram: the profile) that it is for."""

    channel: str
    account: str
    id: str
    received_at: datetime
    object: str = "page"


class _Item(NamedTuple):
    page: Page
    owner: str  # the page of the entry
    fragment: JsonValue
    context: Mapping[str, str]

    def make(
        self, kind: Kind, event: str = "", context: Mapping[str, str] | None = None, **more: Any
    ) -> Inbound:
        # What is about the page itself, or names nobody, has the page as its thread.
        sender = _end(self.fragment, "sender") or self.page.id
        ours = sender == self.owner or kind is Kind.ECHO
        return Inbound(
            channel=self.page.channel,
            provider="meta",
            account=self.page.account,
            thread=(_end(self.fragment, "recipient") or self.page.id) if ours else sender,
            event=event or fragment_id(self.fragment),
            kind=kind,
            sender=Address(id=sender),
            context={**self.context, **(context or {})},
            sent_at=_sent_at(self.fragment),
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
    if content.get("object") != page.object or not isinstance(content.get("entry"), list):
        yield _Item(page, page.id, content, {}).unsupported()
        return
    for entry in children(content, "entry"):
        yield from _entry(entry, page)


def _entry(entry: JsonValue, page: Page) -> Iterator[Inbound]:
    owner = text(entry, "id")
    fields = {
        field: value if isinstance(value, list) else [value]
        for field, value in child(entry).items()
        if field not in _ENTRY_FACTS
    }
    for field, fragments in (fields if any(fields.values()) else {"entry": [entry]}).items():
        context = _context(field, owner, page)
        for fragment in fragments:
            yield from _read(_Item(page, owner, fragment, context), field)


def _context(field: str, owner: str, page: Page) -> dict[str, str]:
    context = {} if field == "messaging" else {"field": field}
    if owner != page.id:
        context |= {"page": owner, "note": "the item belongs to another page than this account's"}
    return context


def _read(item: _Item, field: str) -> Iterable[Inbound]:
    item = _unwrapped(item) if field == "changes" else item
    if item.owner != item.page.id or field not in ("messaging", "standby", "changes"):
        return _unknown(item)
    readers = [_READERS[name] for name in child(item.fragment) if name in _READERS]
    if len(readers) == 1:
        return readers[0](item)
    return chain.from_iterable(read(item) for read in readers or [_unknown])


def _unwrapped(item: _Item) -> _Item:
    """Instagram may send an item as a change; other changes (comments, a page's feed) stay as they are."""
    value = child(item.fragment, "value")
    if item.page.object != "instagram" or not text(value, "sender", "id"):
        return item
    return item._replace(fragment=value, context={**item.context, "field": text(item.fragment, "field")})


def _end(fragment: JsonValue, name: str) -> str:
    return text(fragment, name, "id") or text(fragment, name, "user_ref")


def _sent_at(fragment: JsonValue) -> datetime | None:
    """Read the time: a number of milliseconds, or in a change a string of seconds."""
    stamp = at(fragment, "timestamp")
    return moment(digits(stamp)) if isinstance(stamp, str) else moment(number(stamp), 1000)


def _message(item: _Item) -> Iterator[Inbound]:
    message = child(item.fragment, "message")
    mid, body = text(message, "mid"), text(message, "text")
    if body and message.keys() <= _PLAIN:  # most are: there is nothing else to look for
        yield item.make(Kind.MESSAGE, mid, text=body)
        return
    if message.get("is_deleted") is True:  # unsent: our copy goes too
        yield item.make(Kind.DELETE, mid, target=mid)
        return
    attachments = [attachment(found) for found in children(message, "attachments")]
    known = tuple(one for one in (*attachments, story(message)) if one)
    kind = _kind(message, known)
    yield item.make(
        kind,
        mid,
        {**referral(message.get("referral")), **named(message, _FACTS), **_story(message)},
        text=body,
        attachments=known,
        target=_target(message, kind),
        payload=text(message, "quick_reply", "payload"),
        raw=None if all(attachments) and kind is not Kind.UNSUPPORTED else item.fragment,
    )


def _kind(message: JsonValue, attachments: tuple[Attachment, ...]) -> Kind:
    if at(message, "is_echo") is True:
        return Kind.ECHO
    if text(message, "quick_reply", "payload"):
        return Kind.POSTBACK
    return Kind.MESSAGE if text(message, "text") or attachments else Kind.UNSUPPORTED


def _target(message: JsonValue, kind: Kind) -> str:
    """Give the message that is answered; of an echo the one of ours that it is: its id went along."""
    ours = text(message, "metadata") if kind is Kind.ECHO else ""
    return ours or text(message, "reply_to", "mid")


def _story(message: JsonValue) -> dict[str, str]:
    return named(at(message, "reply_to", "story"), {"id": "story"})


def _postback(item: _Item) -> Iterator[Inbound]:
    postback = child(item.fragment, "postback")
    yield item.make(
        Kind.POSTBACK,
        text(postback, "mid"),
        referral(postback.get("referral")),
        text=text(postback, "title"),
        payload=text(postback, "payload"),
    )


def _reaction(item: _Item) -> Iterator[Inbound]:
    reaction = child(item.fragment, "reaction")
    yield item.make(
        Kind.REACTION,
        context=named(reaction, {"action": "action"}),
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
    """Messenger tells up to when all was read; Instagram names the message."""
    if mid := text(item.fragment, "read", "mid"):
        yield item.make(Kind.RECEIPT, mid, receipt=Receipt(state=Delivery.READ, message=mid))
        return
    yield _up_to(item, "read", Delivery.READ)


def _up_to(item: _Item, name: str, state: Delivery) -> Inbound:
    watermark = moment(number(item.fragment, name, "watermark"), 1000)
    if not watermark:
        return item.unsupported()
    return item.make(Kind.RECEIPT, receipt=Receipt(state=state, watermark=watermark))


def _optin(item: _Item) -> Iterator[Inbound]:
    optin = child(item.fragment, "optin")
    kind = _OPT.get(text(optin, "notification_messages_status"), Kind.JOINED)
    payload = text(optin, "payload") or text(optin, "ref")
    yield item.make(kind, payload=payload, text=text(optin, "title"), raw=item.fragment)


def _arrival(item: _Item) -> Iterator[Inbound]:
    """A customer came to a known conversation by a link or an advertisement."""
    found = child(item.fragment, "referral")
    yield item.make(Kind.JOINED, context=referral(found), payload=text(found, "ref"))


def _unknown(item: _Item) -> Iterator[Inbound]:
    yield item.unsupported()


_READERS: Mapping[str, Callable[[_Item], Iterable[Inbound]]] = {
    "message": _message,
    "postback": _postback,
    "reaction": _reaction,
    "message_edit": _edit,
    "delivery": _delivered,
    "read": _seen,
    "optin": _optin,
    "referral": _arrival,
}
