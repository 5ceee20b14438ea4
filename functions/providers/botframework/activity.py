"""Reading a Teams activity: one for each webhook call.

Follows https://learn.microsoft.com/microsoftteams/platform/bots/build-conversational-capability and
https://github.com/microsoft/botframework-sdk/blob/main/specs/botframework-activity/botframework-activity.md.
Activity ids are times, the same in two conversations at once: an item is named `CONVERSATION/ID`. What
Teams says of the bot's own messages (reactions, reading) names them by the bare id that sending answered.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Delivery, Inbound, Kind, Receipt
from functions.providers.botframework.content import attachments, spoken
from functions.providers.payload import (
    child,
    children,
    digits,
    fragment_id,
    instant,
    moment,
    read_json,
    text,
)

INVOKED = "invoke"  # the context's name for what Teams waits for an answer to
_READ = "application/vnd.microsoft.readReceipt"
_EMOJIS = {"like": "👍", "heart": "❤️", "laugh": "😆", "surprised": "😮", "sad": "😢", "angry": "😠"}
_CONTEXT = {
    "serviceUrl": ("serviceUrl",),
    "tenant": ("channelData", "tenant", "id"),
    "bot": ("recipient", "id"),
    "conversationType": ("conversation", "conversationType"),
    "entraUser": ("from", "aadObjectId"),
    "team": ("channelData", "team", "id"),
    "teamName": ("channelData", "team", "name"),
    "teamsChannel": ("channelData", "channel", "id"),
}


@dataclass(frozen=True, slots=True)
class Bot:
    """Whose webhook it is: the account, and the bot's app id."""

    channel: str
    account: str
    app_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Activity:
    bot: Bot
    content: dict[str, JsonValue]

    @property
    def conversation(self) -> str:
        return text(self.content, "conversation", "id")

    @property
    def name(self) -> str:
        found = text(self.content, "id")
        return f"{self.conversation}/{found}" if found else fragment_id(self.content)

    def make(
        self,
        kind: Kind,
        event: str = "",
        sender: JsonValue = None,
        context: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Inbound:
        person = self.content.get("from") if sender is None else sender
        ours = f"28:{self.bot.app_id}"
        return Inbound(
            channel=self.bot.channel,
            provider="botframework",
            account=self.bot.account,
            thread=self.conversation or text(person, "id") or ours,
            event=event or self.name,
            kind=kind,
            sender=Address(
                id=text(person, "id") or self.conversation or ours,
                name=text(person, "name"),
                locale=text(self.content, "locale"),
            ),
            context={**self._context(), **(context or {})},
            sent_at=instant(text(self.content, "timestamp")),
            received_at=self.bot.received_at,
            **more,
        )

    def unsupported(self, **more: Any) -> Inbound:
        return self.make(Kind.UNSUPPORTED, raw=self.content, **more)

    def is_bot(self, member: JsonValue) -> bool:
        return text(member, "id") in {text(self.content, "recipient", "id"), f"28:{self.bot.app_id}"}

    def _context(self) -> dict[str, str]:
        found = {name: text(self.content, *path) for name, path in _CONTEXT.items()}
        return {name: value for name, value in found.items() if value}


def items(body: bytes, bot: Bot) -> Iterator[Inbound]:
    """Yield what an activity says: mostly one item. Raises Invalid when the body is no JSON object."""
    content = read_json(body)
    if not isinstance(content, dict):
        raise Invalid("the activity is not a JSON object")
    read = _READERS.get(text(content, "type"), _unknown)
    return read(_Activity(bot, content))


def _message(activity: _Activity) -> Iterator[Inbound]:
    said, files = spoken(activity.content), attachments(activity.content)
    value = activity.content.get("value")
    if value not in (None, ""):
        yield _pressed(activity, value, said)
    elif said or files:
        target = text(activity.content, "replyToId")
        yield activity.make(Kind.MESSAGE, text=said, attachments=files, target=target)
    else:
        yield activity.unsupported()


def _pressed(
    activity: _Activity, value: JsonValue, said: str, context: Mapping[str, str] | None = None
) -> Inbound:
    """A button was pressed. Ours carry payload and title, others what their card's maker chose."""
    payload = text(value, "payload") or (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    )
    return activity.make(
        Kind.POSTBACK,
        text=said or text(value, "title"),
        payload=payload,
        target=text(activity.content, "replyToId"),
        context=context,
    )


def _invoked(activity: _Activity) -> Iterator[Inbound]:
    name = text(activity.content, "name")
    context = {INVOKED: name or "unnamed"}
    if name == "adaptiveCard/action":
        action = child(activity.content, "value", "action")
        value = {"verb": text(action, "verb"), **child(action, "data")}
        yield _pressed(activity, value, "", context)
    else:
        yield activity.unsupported(context=context)


def _reacted(activity: _Activity) -> Iterator[Inbound]:
    """Reactions of one person: a message has the last one's; a removal leaves none."""
    gone = [("removed", text(one, "type")) for one in children(activity.content, "reactionsRemoved")]
    come = [("added", text(one, "type")) for one in children(activity.content, "reactionsAdded")]
    target = text(activity.content, "replyToId")
    for index, (action, name) in enumerate([*gone, *come]):
        yield activity.make(
            Kind.REACTION,
            f"{activity.name}/{index}",
            text=_EMOJIS.get(name, name) if action == "added" else "",
            payload=name,
            target=target,
            context={"action": action},
        )
    if not gone and not come:
        yield activity.unsupported()


def _updated(activity: _Activity) -> Iterator[Inbound]:
    """An edit, or a deletion taken back: both bring the text that counts now."""
    said = spoken(activity.content)
    when = text(activity.content, "timestamp") or fragment_id(activity.content)
    yield activity.make(
        Kind.EDIT,
        f"{activity.name}@{when}",
        text=said,
        attachments=attachments(activity.content),
        target=activity.name,
        raw=None if said else activity.content,
    )


def _deleted(activity: _Activity) -> Iterator[Inbound]:
    when = text(activity.content, "timestamp")
    yield activity.make(Kind.DELETE, f"{activity.name}@{when}", target=activity.name)


def _happened(activity: _Activity) -> Iterator[Inbound]:
    last = text(activity.content, "value", "lastReadMessageId")
    if text(activity.content, "name") != _READ or not last:
        yield activity.unsupported()
        return
    # The id of a message is the moment when Teams took it, in milliseconds.
    until = moment(digits(activity.content, "value", "lastReadMessageId"), 1000)
    yield activity.make(Kind.RECEIPT, receipt=Receipt(state=Delivery.READ, message=last, watermark=until))


def _typing(activity: _Activity) -> Iterator[Inbound]:
    yield activity.make(Kind.TYPING)


def _installed(activity: _Activity) -> Iterator[Inbound]:
    """A person installs for themselves; in a team or a group it is the bot that comes or goes."""
    come = text(activity.content, "action").startswith("add")
    if not come and not text(activity.content, "action").startswith("remove"):
        yield activity.unsupported()
    elif text(activity.content, "conversation", "conversationType") in ("", "personal"):
        yield activity.make(Kind.OPT_IN if come else Kind.OPT_OUT)
    else:
        yield activity.make(Kind.JOINED if come else Kind.LEFT)


def _membership(activity: _Activity) -> Iterator[Inbound]:
    """Who came and went. When it is the bot itself, whoever brought or sent it away is the sender."""
    found = False
    for field, kind in (("membersAdded", Kind.JOINED), ("membersRemoved", Kind.LEFT)):
        people = {text(member, "id"): member for member in children(activity.content, field)}
        for person, member in people.items():
            found = True
            sender = None if activity.is_bot(member) else member
            yield activity.make(kind, f"{activity.name}/{person}", sender=sender)
    if not found:
        yield activity.unsupported()


def _unknown(activity: _Activity) -> Iterator[Inbound]:
    yield activity.unsupported()


_READERS: dict[str, Callable[[_Activity], Iterator[Inbound]]] = {
    "message": _message,
    "invoke": _invoked,
    "messageReaction": _reacted,
    "messageUpdate": _updated,
    "messageDelete": _deleted,
    "event": _happened,
    "typing": _typing,
    "installationUpdate": _installed,
    "conversationUpdate": _membership,
}
