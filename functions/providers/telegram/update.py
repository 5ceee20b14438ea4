"""Reading Telegram's updates: one object per call, with an id and one field that names its kind.

Follows https://core.telegram.org/bots/api#update. A message is named `CHAT:MESSAGE` everywhere (in events,
targets and replies), because message ids count per chat; any other update is named by its update id.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Inbound, Kind
from functions.providers.payload import child, children, fragment_id, moment, number, read_json, text
from functions.providers.telegram.media import attachments

_OUTSIDE = frozenset({"left", "kicked"})  # what the bot is in a chat; in a customer's own: blocked, or not


@dataclass(frozen=True, slots=True)
class _Update:
    channel: str
    account: str
    received_at: datetime
    id: str
    fragment: JsonValue  # what the kind's field holds
    raw: JsonValue  # the whole update

    def make(self, kind: Kind, event: str = "", thread: str = "", **more: Any) -> Inbound:
        # What names nobody (a poll's end) is about the bot itself: the account stands for it.
        sender = more.pop("sender", None) or _person(self.fragment)
        sender = sender if sender.id else sender.model_copy(update={"id": self.account})
        thread = thread or thread_name(self.fragment, child(self.fragment, "chat")) or sender.id
        return Inbound(
            channel=self.channel,
            provider="telegram",
            account=self.account,
            thread=thread,
            event=event or self.id or fragment_id(self.raw),
            kind=kind,
            sender=sender,
            received_at=self.received_at,
            **{"sent_at": moment(number(self.fragment, "date")), **more},
        )


def items(channel: str, account: str, body: bytes, received_at: datetime) -> Iterator[Inbound]:
    """Yield what the update holds; raises Invalid when the body is no JSON object."""
    content = read_json(body)
    if not isinstance(content, dict):
        raise Invalid("the body is not a JSON object")
    names = sorted((name for name in content if name != "update_id"), key=lambda name: name not in _READERS)
    name = names[0] if names else ""
    update = _Update(channel, account, received_at, text(content, "update_id"), content.get(name), content)
    yield from _READERS.get(name, _unknown)(update)


def thread_name(message: JsonValue, chat: JsonValue) -> str:
    """Name a thread: the chat, in front of it the business connection through which the bot speaks."""
    connection, chat_id = text(message, "business_connection_id"), text(chat, "id")
    return f"{connection}:{chat_id}" if connection and chat_id else chat_id


def message_name(message: JsonValue) -> str:
    """Name a message within the bot: thread and message id; empty when either is missing."""
    thread, number_in_chat = thread_name(message, child(message, "chat")), text(message, "message_id")
    return f"{thread}:{number_in_chat}" if thread and number_in_chat else ""


def _message(update: _Update) -> Iterator[Inbound]:
    message = update.fragment
    moved = [*_moved(update, "new_chat_members", Kind.JOINED), *_moved(update, "left_chat_member", Kind.LEFT)]
    kind = Kind.ECHO if _owners(message) else Kind.MESSAGE
    yield from moved or [_written(update, kind, message_name(message), _replied(message))]


def _owners(message: JsonValue) -> bool:
    """Tell whether the business account's owner, and not the customer of the private chat, wrote."""
    return bool(text(message, "business_connection_id")) and text(message, "from", "id") != text(
        message, "chat", "id"
    )


def _edited(update: _Update) -> Iterator[Inbound]:
    edited = moment(number(update.fragment, "edit_date"))
    yield _written(
        update, Kind.EDIT, "", message_name(update.fragment), **({"sent_at": edited} if edited else {})
    )


def _written(update: _Update, kind: Kind, event: str, target: str, **more: Any) -> Inbound:
    message = update.fragment
    body, media = text(message, "text") or text(message, "caption"), attachments(message)
    if not body and not media:
        return update.make(Kind.UNSUPPORTED, event, raw=update.raw)
    return update.make(
        kind, event, text=body, attachments=media, target=target, context=_context(message), **more
    )


def _moved(update: _Update, field: str, kind: Kind) -> Iterator[Inbound]:
    found = child(update.fragment).get(field)
    for person in found if isinstance(found, list) else [found] if found else []:
        event = f"{message_name(update.fragment) or update.id}:{text(person, 'id')}"
        yield update.make(kind, event, sender=_address(person), raw=update.raw)


def _pressed(update: _Update) -> Iterator[Inbound]:
    """A button was pressed: `payload` is its data, `text` what stood on it."""
    message, data = child(update.fragment, "message"), text(update.fragment, "data")
    thread = thread_name(message, child(message, "chat"))
    yield update.make(
        Kind.POSTBACK,
        thread=thread,
        text=_title(message, data),
        payload=data or text(update.fragment, "game_short_name"),
        target=message_name(message),
        context={**_context(message), "callbackQuery": text(update.fragment, "id")},
        raw=None if data else update.raw,
    )


def _title(message: JsonValue, data: str) -> str:
    buttons = (
        button for row in children(message, "reply_markup", "inline_keyboard") for button in children(row)
    )
    return next((text(button, "text") for button in buttons if text(button, "callback_data") == data), "")


def _reacted(update: _Update) -> Iterator[Inbound]:
    reactions = children(update.fragment, "new_reaction")
    emojis = [text(reaction, "emoji") for reaction in reactions]
    yield update.make(
        Kind.REACTION,
        text="".join(emojis),
        target=message_name(update.fragment),
        raw=None if all(emojis) else update.raw,
    )


def _membership(update: _Update) -> Iterator[Inbound]:
    """A customer blocked the bot, or let it speak again; in a group it is only put out, or let in."""
    was, now = (text(update.fragment, name, "status") for name in ("old_chat_member", "new_chat_member"))
    out, private = now in _OUTSIDE, text(update.fragment, "chat", "type") == "private"
    if not now or (was and out == (was in _OUTSIDE)):  # a right was given or taken
        yield from _unknown(update)
    elif private:
        yield update.make(Kind.OPT_OUT if out else Kind.OPT_IN, raw=update.raw)
    else:
        yield update.make(Kind.LEFT if out else Kind.JOINED, raw=update.raw)


def _deleted(update: _Update) -> Iterator[Inbound]:
    numbers, chat = children(update.fragment, "message_ids"), child(update.fragment, "chat")
    thread, customer = thread_name(update.fragment, chat), _address(chat)
    for found in numbers:
        name = f"{thread}:{text(found)}"
        yield update.make(Kind.DELETE, f"{update.id}:{name}", target=name, sender=customer)
    if not numbers:
        yield from _unknown(update)


def _unknown(update: _Update) -> Iterator[Inbound]:
    yield update.make(Kind.UNSUPPORTED, raw=update.raw)


_READERS: Mapping[str, Callable[[_Update], Iterator[Inbound]]] = {
    "message": _message,
    "channel_post": _message,
    "business_message": _message,
    "guest_message": _message,
    "edited_message": _edited,
    "edited_channel_post": _edited,
    "edited_business_message": _edited,
    "deleted_business_messages": _deleted,
    "callback_query": _pressed,
    "message_reaction": _reacted,
    "my_chat_member": _membership,
}


def _person(fragment: JsonValue) -> Address:
    """Who did it: in channels and for anonymous administrators, a chat stands for the person."""
    for field in ("from", "user", "sender_chat", "actor_chat", "chat"):
        if found := child(fragment, field):
            return _address(found, _own_phone(fragment, found))
    return Address(id="")


def _address(person: JsonValue, phone: str = "") -> Address:
    name = f"{text(person, 'first_name')} {text(person, 'last_name')}".strip() or text(person, "title")
    return Address(id=text(person, "id"), name=name, phone=phone, locale=text(person, "language_code"))


def _own_phone(message: JsonValue, person: JsonValue) -> str:
    """A customer who shares their own contact tells their phone number; another's contact does not."""
    contact = child(message, "contact")
    digits = text(contact, "phone_number").lstrip("+")
    own = digits.isdecimal() and text(contact, "user_id") == text(person, "id")
    return f"+{digits}" if own else ""


def _replied(message: JsonValue) -> str:
    replied = child(message, "reply_to_message")
    return message_name({**child(message), "message_id": replied.get("message_id")}) if replied else ""


def _context(message: JsonValue) -> dict[str, str]:
    facts = {
        "chatType": text(message, "chat", "type"),
        "chatTitle": text(message, "chat", "title"),
        "username": text(message, "from", "username"),
        "topic": text(message, "message_thread_id"),
        "mediaGroup": text(message, "media_group_id"),
        "forwarded": "true" if child(message, "forward_origin") else "",
    }
    return {name: value for name, value in facts.items() if value}
