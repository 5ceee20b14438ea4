"""Stored messages as Direct Line activities, and sets of them as clients read them.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-direct-line-3-0-receive-activities.
A customer's own activity comes back as it was posted: its client waits for its `clientActivityID`.
"""

import mimetypes
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from functions.channels.chat import ChatSettings, domain
from functions.channels.contract import Account
from functions.channels.texts import said
from functions.conversations.feed import Mark
from functions.conversations.model import STATE, Direction, State, StoredMessage
from functions.conversations.states import OVER
from functions.directline.tokens import Grant, write_file
from functions.errors import Invalid
from functions.message import Attachment, AttachmentKind, Choice, Kind

Activity = dict[str, JsonValue]
SHOWN = frozenset({Kind.MESSAGE, Kind.POSTBACK, Kind.UNSUPPORTED})
UNNAMED: Mapping[AttachmentKind, str] = {
    AttachmentKind.IMAGE: "image/jpeg",
    AttachmentKind.AUDIO: "audio/mpeg",
    AttachmentKind.VIDEO: "video/mp4",
}
WATERMARK = re.compile(r"([0-9]+-[0-9]+)(?:-([0-9]{1,10}))?(-end)?")
START = Mark()


@dataclass(frozen=True, slots=True)
class View:
    """Who looks at what: the account, the conversation's Direct Line id (which is the thread), and when."""

    account: Account[ChatSettings]
    conversation: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Watermark:
    """Where a client goes on reading; for our own use also when the last message came, and if it is over.

    `begun`: it has read something before, be it only the greeting.
    """

    mark: Mark = START
    at: datetime | None = None
    ended: bool = False
    begun: bool = True

    def __str__(self) -> str:
        at = f"-{int(self.at.timestamp())}" if self.at else ""
        return f"{self.mark}{at}{'-end' if self.ended else ''}"

    @classmethod
    def read(cls, text: str) -> "Watermark":
        """Read a client's watermark; empty is the beginning. Raises Invalid."""
        if not text:
            return cls(begun=False)
        found = WATERMARK.fullmatch(text)
        if found is None:
            raise Invalid("the watermark is not one of ours")
        at = datetime.fromtimestamp(int(found[2]), UTC) if found[2] else None
        return cls(Mark.read(found[1]), at, bool(found[3]))


def after(messages: Sequence[StoredMessage], mark: Mark, before: Watermark, persistent: bool) -> Watermark:
    """Give the watermark after these messages, which lead to `mark`; without any it is the one before."""
    if not messages:
        return Watermark(mark, before.at, before.ended)
    last = messages[-1]
    ended = not persistent and last.kind == STATE and last.payload == State.CLOSED
    return Watermark(mark, last.received_at, ended)


def activity_set(activities: Iterable[Activity], watermark: Watermark | None) -> dict[str, JsonValue]:
    """Give the set that a poll is answered, or one frame holds; transient activities go without watermark."""
    content: dict[str, JsonValue] = {"activities": list(activities)}
    return content if watermark is None else {**content, "watermark": str(watermark)}


def activities(messages: Iterable[StoredMessage], view: View) -> list[Activity]:
    """Give the activities of those messages that a customer is shown."""
    found = (activity(message, view) for message in messages)
    return [one for one in found if one is not None]


def activity(message: StoredMessage, view: View) -> Activity | None:
    """Give a message as an activity; None for what the customer is not shown."""
    if message.kind == STATE:
        return _news(message, view)
    if message.kind not in SHOWN or message.deleted_at:
        return None
    if message.direction is Direction.INBOUND:
        return _own(message, view)
    return _reply(message, view) if message.direction is Direction.OUTBOUND else None


def greeting(view: View, grant: Grant) -> Activity | None:
    """Make the first activity of a conversation; None when the account greets nobody."""
    text = said(view.account.settings.greeting, grant.locale)
    if not text:
        return None
    spoken = {"text": text, "textFormat": "plain", "locale": grant.locale}
    return {**_ours(view, greeting_id(view.conversation), grant.began), "type": "message", **spoken}


def greeting_id(conversation: str) -> str:
    """Name the greeting, which is no stored message."""
    return f"{conversation}-greeting"


def typing(view: View, at: datetime) -> Activity:
    """Make the sign that an agent types; it has no id, for it is not kept."""
    sign = _ours(view, "", at)
    del sign["id"]
    return {**sign, "type": "typing"}


def _own(message: StoredMessage, view: View) -> Activity:
    posted = message.raw if isinstance(message.raw, dict) else {"type": "message", "text": message.text}
    files = [one for one in message.attachments if one.blob]
    return {
        **posted,
        **({"attachments": _attachments(message, view)} if files else {}),
        **_head(view, message.provider_message_id or message.id, message.received_at),
        "from": {"id": message.author, "role": "user"},
    }


def _reply(message: StoredMessage, view: View) -> Activity:
    optional: Activity = {
        "replyToId": message.target,
        "attachments": _attachments(message, view),
        "suggestedActions": {"actions": [_action(one) for one in message.choices]}
        if message.choices
        else None,
    }
    return {
        **_ours(view, message.id, message.received_at),
        "type": "message",
        "text": message.text,
        "textFormat": "plain",
        **{name: value for name, value in optional.items() if value},
    }


def _news(message: StoredMessage, view: View) -> Activity | None:
    ours = _ours(view, message.id, message.received_at)
    if message.payload == State.ACTIVE:
        return {**ours, "type": "event", "name": "AgentAccepted"}
    if message.payload in OVER:
        return {**ours, "type": "endOfConversation", "code": "completedSuccessfully"}
    return None


def _ours(view: View, name: str, at: datetime) -> Activity:
    # Which agent it was is the business's affair: customers see the account's title.
    title = view.account.settings.title
    return {**_head(view, name, at), "from": {"id": view.account.id, "name": title, "role": "bot"}}


def _head(view: View, name: str, at: datetime) -> Activity:
    return {
        "id": name,
        "timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "channelId": "directline",
        "conversation": {"id": view.conversation},
    }


def _attachments(message: StoredMessage, view: View) -> list[JsonValue]:
    return [_attachment(message, index, view) for index in range(len(message.attachments))]


def _attachment(message: StoredMessage, index: int, view: View) -> JsonValue:
    attachment = message.attachments[index]
    name = attachment.name or attachment.url.partition("?")[0].rpartition("/")[2]
    url = _link(message, index, view) if attachment.blob else attachment.url
    return {"contentType": _content_type(attachment), "contentUrl": url, "name": name}


def _link(message: StoredMessage, index: int, view: View) -> str:
    token = write_file(view.account, message.id, index, view.now)
    place = f"conversations/{view.conversation}/attachments/{message.id}/{index}"
    return f"{domain(view.account)}/{place}?t={token}"


def _content_type(attachment: Attachment) -> str:
    guessed = mimetypes.guess_type(attachment.url.partition("?")[0])[0]
    return attachment.content_type or guessed or UNNAMED.get(attachment.kind, "application/octet-stream")


def _action(choice: Choice) -> JsonValue:
    shown = {"title": choice.title, "text": choice.title, "displayText": choice.title}
    return {"type": "messageBack", **shown, "value": choice.payload}
