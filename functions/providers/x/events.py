"""Reading X's webhooks: the Account Activity API's lists of events, and the X Activity API's envelopes.

Follows https://docs.x.com/x-api/account-activity/introduction, which X is replacing, and
https://docs.x.com/x-api/activity/introduction, whose envelopes hold one event, mostly in the same lists.
Nothing is dropped: posts, likes and encrypted chats are yielded as UNSUPPORTED with their fragment.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Delivery, Inbound, Kind, Receipt
from functions.providers.payload import child, digits, fragment_id, instant, moment, read_json, text
from functions.providers.x import message
from functions.providers.x.message import DirectMessage

_FACTS = frozenset({"for_user_id", "user_has_blocked", "is_blocked_by", "users", "apps"})
_CONSENT = {"block": Kind.OPT_OUT, "unblock": Kind.OPT_IN}


@dataclass(frozen=True, slots=True)
class User:
    """Whose webhook it is: the account, and its user id at X."""

    account: str
    id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Item:
    user: User
    owner: str  # for whom X sent it
    people: JsonValue  # what is told of those who take part, by their ids
    fragment: JsonValue
    uuid: str = ""  # of the envelope

    def make(self, kind: Kind, person: str = "", thread: str = "", event: str = "", **more: Any) -> Inbound:
        person = person or self._other() or self.owner or self.user.id
        context = {**self._context(person), **more.pop("context", {})}
        return Inbound(
            channel="x",
            provider="x",
            account=self.user.account,
            thread=thread or person,
            event=event or self.uuid or text(self.fragment, "id_str") or fragment_id(self.fragment),
            kind=kind,
            sender=Address(id=person, name=self._told(person, "name")),
            context=context,
            received_at=self.user.received_at,
            **{"sent_at": self.at, **more},
        )

    @property
    def at(self) -> datetime | None:
        stamp = digits(self.fragment, "created_timestamp") or digits(self.fragment, "timestamp_ms")
        return moment(stamp, 1000) or instant(text(self.fragment, "created_at"))

    def unsupported(self) -> Inbound:
        return self.make(Kind.UNSUPPORTED, raw=self.fragment)

    def _other(self) -> str:
        """Find who else than the owner takes part."""
        ways = (("sender_id",), ("user", "id_str"), ("source", "id"), ("source", "user_id"), ("target", "id"))
        found = (text(self.fragment, *way) for way in ways)
        return next((person for person in found if person and person != self.owner), "")

    def _told(self, person: str, name: str) -> str:
        return text(self.people, person, name) or text(self.people, person, "data", name)

    def _context(self, person: str) -> dict[str, str]:
        name = self._told(person, "screen_name") or self._told(person, "username")
        facts = {"screenName": name} if name else {}
        if self.owner != self.user.id:
            facts |= {"forUser": self.owner, "note": "the item is for another user than this account's"}
        return facts


def items(body: bytes, user: User) -> Iterator[Inbound]:
    """Yield every event; raises Invalid when the body is no JSON object."""
    content = read_json(body)
    if not isinstance(content, dict):
        raise Invalid("the body is not a JSON object")
    if text(content, "data", "event_type"):
        return _enveloped(child(content, "data"), user)
    return _listed(content, text(content, "for_user_id"), user)


def _enveloped(data: JsonValue, user: User) -> Iterator[Inbound]:
    owner, payload = text(data, "filter", "user_id"), child(data, "payload")
    uuid, kind = text(data, "event_uuid"), text(data, "event_type")
    if _READERS.keys() & payload.keys():
        return _listed(payload, owner, user, uuid)
    read = _FLAT.get(kind, _unknown)
    whole = payload if read is not _unknown else data
    return _read(read, _Item(user, owner, child(payload, "users"), whole, uuid))


def _listed(content: JsonValue, owner: str, user: User, uuid: str = "") -> Iterator[Inbound]:
    people = child(content, "users")
    named = any(field.endswith(("_event", "_events")) for field in child(content))
    found = [
        (field, fragment)
        for field, value in child(content).items()
        if named and field not in _FACTS
        for fragment in (value if isinstance(value, list) else [value])
    ]
    for field, fragment in found or [("", content)]:
        # One envelope with several events would give them all the same name.
        item = _Item(user, owner, people, fragment, uuid if len(found) == 1 else "")
        yield from _read(_READERS.get(field, _unknown), item)


def _read(read: "Reader", item: _Item) -> Iterator[Inbound]:
    return (read if item.owner == item.user.id else _unknown)(item)


def _message(item: _Item) -> Iterator[Inbound]:
    if text(item.fragment, "type") != "message_create":
        return _unknown(item)
    return _written(item, message.created(item.fragment))


def _flat_message(item: _Item) -> Iterator[Inbound]:
    return _written(item, message.flat(item.fragment))


def _written(item: _Item, message: DirectMessage) -> Iterator[Inbound]:
    ours = message.sender == item.owner
    thread = message.recipient if ours else message.sender
    if not thread or not (message.text or message.attachments or message.payload):
        yield item.make(Kind.UNSUPPORTED, message.sender, thread, message.id, raw=item.fragment)
        return
    kind = Kind.ECHO if ours else Kind.POSTBACK if message.payload else Kind.MESSAGE
    yield item.make(
        kind,
        message.sender,
        thread,
        message.id,
        text=message.text,
        payload=message.payload,
        attachments=message.attachments,
        context=message.context,
        sent_at=message.sent_at,
        raw=None if message.whole else item.fragment,
    )


def _seen(item: _Item) -> Iterator[Inbound]:
    """The customer read all up to now; when our own side did, nothing is to be kept."""
    reader, last = text(item.fragment, "sender_id"), text(item.fragment, "last_read_event_id")
    if reader == item.owner or not reader:
        yield item.make(Kind.TYPING)
    elif item.at or last:
        receipt = Receipt(state=Delivery.READ, watermark=item.at, message="" if item.at else last)
        yield item.make(Kind.RECEIPT, reader, receipt=receipt)
    else:
        yield item.unsupported()


def _typing(item: _Item) -> Iterator[Inbound]:
    yield item.make(Kind.TYPING)


def _revoked(item: _Item) -> Iterator[Inbound]:
    """Somebody took back what they allowed the app."""
    person = text(item.fragment, "revoke", "source", "user_id")
    if not person:
        return _unknown(item)
    return iter([item.make(Kind.OPT_OUT, person, raw=item.fragment)])


def _blocked(item: _Item) -> Iterator[Inbound]:
    kind, person = _CONSENT.get(text(item.fragment, "type")), text(item.fragment, "source", "id")
    if not kind or not person or person == item.owner:
        return _unknown(item)
    return iter([item.make(kind, person, raw=item.fragment)])


def _unknown(item: _Item) -> Iterator[Inbound]:
    yield item.unsupported()


Reader = Callable[[_Item], Iterator[Inbound]]
_READERS: Mapping[str, Reader] = {
    "direct_message_events": _message,
    "direct_message_mark_read_events": _seen,
    "direct_message_indicate_typing_events": _typing,
    "user_event": _revoked,
    "block_events": _blocked,
}
_FLAT: Mapping[str, Reader] = {
    "dm.received": _flat_message,
    "dm.sent": _flat_message,
    "dm.read": _seen,
    "dm.indicate_typing": _typing,
}
