"""What a later item does to a message that is stored already: edit, deletion, reaction. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from functions.conversations.model import StoredMessage
from functions.message import Attachment, Inbound, Kind

Change = Callable[[StoredMessage, Inbound], StoredMessage]


def _edited(message: StoredMessage, item: Inbound) -> StoredMessage:
    when = _when(item)
    # An edit that was overtaken by a later one, or by the deletion, brings nothing back.
    if any(later and when < later for later in (message.edited_at, message.deleted_at)):
        return message
    attachments = _attachments(message, item) or message.attachments
    changes = {"text": item.text, "attachments": attachments, "edited_at": when, "deleted_at": None}
    return message.model_copy(update=changes)


def _attachments(message: StoredMessage, item: Inbound) -> tuple[Attachment, ...]:
    """Give the edit's attachments; of one that stays where it was, the copy stays too."""
    former = dict(enumerate(message.attachments))
    return tuple(
        former[index] if index in former and former[index].url == attachment.url else attachment
        for index, attachment in enumerate(item.attachments)
    )


def _deleted(message: StoredMessage, item: Inbound) -> StoredMessage:
    gone = {"text": "", "attachments": (), "choices": (), "payload": "", "raw": None}
    return message.model_copy(update={**gone, "deleted_at": _when(item)})


def _reacted(message: StoredMessage, item: Inbound) -> StoredMessage:
    others = {who: what for who, what in message.reactions.items() if who != item.sender.id}
    mine = {item.sender.id: item.text} if item.text else {}
    return message.model_copy(update={"reactions": {**others, **mine}})


CHANGES: Mapping[Kind, Change] = MappingProxyType(
    {Kind.EDIT: _edited, Kind.DELETE: _deleted, Kind.REACTION: _reacted}
)


def _when(item: Inbound) -> datetime:
    return item.sent_at or item.received_at
