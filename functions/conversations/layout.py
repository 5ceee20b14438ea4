"""How a thread lies in its table partition: row keys, ids that carry them, and models as rows.

c:{999999 - n}       head of conversation n, the newest first
x:{n}                why conversation n went where it went
m:{n}:{sequence}     a message
d:{Inbound.id}       this item was taken; the row names the message it became, or changed
n:{who}              the customer, or an agent, is typing: overwritten, of no lasting worth
p:{digest(id)}       a provider's id of a message of ours: its message, or the receipt that came before it
k:{digest(key)}      an idempotency key that was used: its message, and a digest of what was asked
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from functions.conversations.model import Conversation, Decision, StoredMessage
from functions.errors import NotFound
from functions.message import Model, Receipt, digest
from functions.ports import Entity, Value
from functions.rows import pack, unpack

NEWEST, AFTER_HEADS = "c:", "c;"
CONVERSATION = re.compile("([0-9a-f]{32})-([0-9]{6})")
MESSAGE = re.compile("([0-9a-f]{32}-[0-9]{6})-([0-9]{8})")
LAST = 999_999
AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation lies: its partition, and its number in the thread."""

    partition: str
    number: int

    @property
    def conversation(self) -> str:
        """Give the conversation's id."""
        return f"{self.partition}-{self.number:06d}"


def place(conversation: str) -> Place:
    """Read a conversation's id; raises NotFound for anything that is none."""
    found = CONVERSATION.fullmatch(conversation)
    if not found:
        raise NotFound("no such conversation")
    return Place(found[1], int(found[2]))


def message_place(message: str) -> tuple[Place, str]:
    """Read a message's id: its conversation, and its row key; raises NotFound."""
    found = MESSAGE.fullmatch(message)
    if not found:
        raise NotFound("no such message")
    where = place(found[1])
    return where, message_key(where.number, int(found[2]))


def message_id(conversation: str, sequence: int) -> str:
    """Name a message."""
    return f"{conversation}-{sequence:08d}"


def head_key(number: int) -> str:
    """Give the row key of a head."""
    return f"c:{LAST - number:06d}"


def trace_key(number: int) -> str:
    """Give the row key of a decision."""
    return f"x:{number:06d}"


def message_key(number: int, sequence: int) -> str:
    """Give the row key of a message."""
    return f"m:{number:06d}:{sequence:08d}"


def marker_key(item: str) -> str:
    """Give the row key that says an inbound item was taken."""
    return f"d:{item}"


def provider_key(provider_id: str) -> str:
    """Give the row key of a provider's message id."""
    return f"p:{digest(provider_id)}"


def reply_key(key: str) -> str:
    """Give the row key of an idempotency key."""
    return f"k:{digest(key)}"


def head_row(head: Conversation, etag: str = "") -> Entity:
    """Give the row of a head; its decision lies in a row of its own."""
    where = place(head.id)
    values = _packed(head.model_copy(update={"decision": None}))
    return Entity(where.partition, head_key(where.number), values, etag)


def trace_row(head: Conversation, decision: Decision) -> Entity:
    """Give the row of a decision."""
    where = place(head.id)
    return Entity(where.partition, trace_key(where.number), _packed(decision))


def message_row(message: StoredMessage, etag: str = "") -> Entity:
    """Give the row of a message."""
    where, key = message_place(message.id)
    return Entity(where.partition, key, _packed(message), etag)


def named_row(partition: str, key: str, message: str, etag: str = "", **more: Value) -> Entity:
    """Give a row that points to a message (empty: to none)."""
    return Entity(partition, key, {"message": message, **more}, etag)


def receipt_row(partition: str, receipt: Receipt, etag: str = "") -> Entity:
    """Give the row of a receipt whose message is not known yet."""
    return Entity(partition, provider_key(receipt.message), _packed(receipt), etag)


def read(model: type[AnyModel], row: Entity) -> AnyModel:
    """Read the model that a row holds."""
    return model.model_validate_json(unpack("json", row.values))


def named(row: Entity | None) -> str:
    """Read which message a row points to; empty when to none."""
    return str(row.values.get("message", "")) if row else ""


def _packed(model: Model) -> Mapping[str, Value]:
    return pack("json", model.json_text())
