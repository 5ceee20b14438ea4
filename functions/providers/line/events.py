"""Reading LINE's webhooks: any number of events, of any people, rooms and groups, in one call.

Follows https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects. Messages are named by
their own ids, for unsending, editing and quoting name those; any other event by its webhook event id.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Inbound, Kind
from functions.providers.line.media import attachments
from functions.providers.payload import at, child, children, fragment_id, moment, number, read_json, text

_PLAIN = frozenset({"type", "id", "quoteToken", "text"})


class Bot(NamedTuple):
    """Whose webhook it is: the account, and the bot's user id, which every call names as its destination."""

    channel: str
    account: str
    id: str
    received_at: datetime


class _Event(NamedTuple):
    bot: Bot
    destination: str
    fragment: JsonValue

    def make(
        self,
        kind: Kind,
        event: str = "",
        sender: str = "",
        context: dict[str, str] | None = None,
        **more: Any,
    ) -> Inbound:
        source = child(self.fragment, "source")
        user = text(source, "userId")
        place = user if source.get("type") == "user" else _group(source) or user
        # What is about the bot itself has the bot as its thread.
        thread = place or self.destination or self.bot.id
        return Inbound(
            channel=self.bot.channel,
            provider="line",
            account=self.bot.account,
            thread=thread,
            event=event or self.id,
            kind=kind,
            sender=Address(id=sender or user or thread),
            context={**self._context(source), **context} if context else self._context(source),
            sent_at=moment(number(self.fragment, "timestamp"), 1000),
            received_at=self.bot.received_at,
            **more,
        )

    @property
    def id(self) -> str:
        return text(self.fragment, "webhookEventId") or fragment_id(self.fragment)

    def _context(self, source: dict[str, JsonValue]) -> dict[str, str]:
        facts, event = {}, child(self.fragment)
        if event.get("mode") != "active" and (mode := text(event, "mode")):
            facts["mode"] = mode
        if source.get("type") != "user" and (kind := text(source, "type")):
            facts["source"] = kind
        if child(event.get("deliveryContext")).get("isRedelivery") is True:
            facts["redelivered"] = "true"
        if self.destination != self.bot.id:
            facts["note"] = "the item is for another bot than this account's"
            if self.destination:
                facts["destination"] = self.destination
        return facts


def items(body: bytes, bot: Bot) -> Iterator[Inbound]:
    """Yield every event: the console's Verify has none. Raises Invalid when the body is no JSON object."""
    content = read_json(body)
    if not isinstance(content, dict):
        raise Invalid("the body is not a JSON object")
    destination, fragments = text(content, "destination"), content.get("events")
    if not isinstance(fragments, list):
        yield from _unknown(_Event(bot, destination, content))
        return
    for fragment in fragments:
        read = _READERS.get(text(fragment, "type"), _unknown) if destination == bot.id else _unknown
        yield from read(_Event(bot, destination, fragment))


def _message(event: _Event) -> Iterator[Inbound]:
    message = child(event.fragment, "message")
    words = message.get("type") == "text"
    if words and message.keys() == _PLAIN and (body := text(message, "text")):  # as most are
        yield event.make(Kind.MESSAGE, text(message, "id"), text=body)
        return
    body, media = (text(message, "text"), ()) if words else ("", attachments(message))
    if not body and not media:
        yield event.make(Kind.UNSUPPORTED, text(message, "id"), raw=event.fragment)
        return
    yield event.make(
        Kind.MESSAGE,
        text(message, "id"),
        text=body,
        attachments=media,
        target=text(message, "quotedMessageId"),
        context=_facts(message),
    )


def _edited(event: _Event) -> Iterator[Inbound]:
    target, body = text(event.fragment, "message", "id"), text(event.fragment, "message", "text")
    yield event.make(Kind.EDIT, text=body, target=target, raw=None if body else event.fragment)


def _unsent(event: _Event) -> Iterator[Inbound]:
    yield event.make(Kind.DELETE, target=text(event.fragment, "unsend", "messageId"))


def _postback(event: _Event) -> Iterator[Inbound]:
    """A button was pressed: `payload` is its data, `text` the date or time that was chosen with it."""
    chosen = child(event.fragment, "postback", "params")
    picked = (text(chosen, name) for name in ("datetime", "date", "time"))
    yield event.make(
        Kind.POSTBACK,
        text=next(filter(None, picked), ""),
        payload=text(event.fragment, "postback", "data"),
        raw=event.fragment if chosen else None,
    )


def _followed(event: _Event) -> Iterator[Inbound]:
    unblocked = at(event.fragment, "follow", "isUnblocked") is True
    yield event.make(Kind.OPT_IN, context={"unblocked": "true"} if unblocked else None)


def _unfollowed(event: _Event) -> Iterator[Inbound]:
    yield event.make(Kind.OPT_OUT)


def _joined(event: _Event) -> Iterator[Inbound]:
    yield event.make(Kind.JOINED)


def _left(event: _Event) -> Iterator[Inbound]:
    yield event.make(Kind.LEFT)


def _members_joined(event: _Event) -> Iterator[Inbound]:
    return _members(event, "joined", Kind.JOINED)


def _members_left(event: _Event) -> Iterator[Inbound]:
    return _members(event, "left", Kind.LEFT)


def _members(event: _Event, field: str, kind: Kind) -> Iterator[Inbound]:
    people = dict.fromkeys(text(member, "userId") for member in children(event.fragment, field, "members"))
    for person in people:
        yield event.make(kind, f"{event.id}:{person}", sender=person)
    if not people:
        yield from _unknown(event)


def _unknown(event: _Event) -> Iterator[Inbound]:
    yield event.make(Kind.UNSUPPORTED, raw=event.fragment)


_READERS: Mapping[str, Callable[[_Event], Iterator[Inbound]]] = {
    "message": _message,
    "messageEdited": _edited,
    "unsend": _unsent,
    "postback": _postback,
    "follow": _followed,
    "unfollow": _unfollowed,
    "join": _joined,
    "leave": _left,
    "memberJoined": _members_joined,
    "memberLeft": _members_left,
}


def _group(source: JsonValue) -> str:
    return text(source, "groupId") or text(source, "roomId")


def _facts(message: JsonValue) -> dict[str, str]:
    facts = {}
    if image_set := text(message, "imageSet", "id"):
        facts["imageSet"] = image_set
    if any(at(one, "isSelf") is True for one in children(message, "mention", "mentionees")):
        facts["mentioned"] = "true"
    return facts
