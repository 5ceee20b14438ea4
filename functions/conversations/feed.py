"""Following a thread: what came after a mark, and who is typing, in one range read of its partition."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from functions.conversations import layout
from functions.conversations.model import StoredMessage
from functions.conversations.sending import COPY
from functions.conversations.store import Store
from functions.errors import Invalid
from functions.ports import Entity, Op, Write

MARK = re.compile("([0-9]{1,6})-([0-9]{1,8})")
TYPING, AFTER_TYPING = "n:", "n;"
CUSTOMER, AGENT = "customer", "agent"  # who types


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a thread: after this message of this conversation. `str` gives a watermark for clients."""

    number: int = 0
    sequence: int = 0

    def __str__(self) -> str:
        return f"{self.number}-{self.sequence}"

    @classmethod
    def of(cls, message: StoredMessage) -> "Mark":
        """Give the place after a message."""
        return cls(layout.place(message.conversation).number, message.sequence)

    @classmethod
    def read(cls, text: str) -> "Mark":
        """Read a watermark; empty is the beginning. Raises Invalid."""
        found = MARK.fullmatch(text)
        if found is None and text:
            raise Invalid("the watermark is not one of ours")
        return cls(int(found[1]), int(found[2])) if found else cls()


@dataclass(frozen=True, slots=True)
class Feed:
    """What came after a mark. `typing`: who wrote a sign of typing, and when; the reader judges its age."""

    messages: tuple[StoredMessage, ...]
    mark: Mark  # where to go on
    typing: Mapping[str, datetime] = field(default_factory=dict)


async def follow(store: Store, partition: str, after: Mark, limit: int) -> Feed:
    """Read at most `limit` rows after a mark, over all conversations of the thread."""
    start = layout.message_key(after.number, after.sequence + 1)
    rows = await store.table.range(partition, start, AFTER_TYPING, limit)
    read = [layout.read(StoredMessage, row) for row in rows if row.key < TYPING]
    typing = {row.key.removeprefix(TYPING): _time(row) for row in rows if row.key >= TYPING}
    shown = tuple(message for message in read if message.kind != COPY)
    return Feed(shown, Mark.of(read[-1]) if read else after, typing)


async def note_typing(store: Store, partition: str, who: str, at: datetime) -> None:
    """Note that somebody types in a thread; `who` is the customer or an agent's side."""
    await store.table.commit([Op(Write.UPSERT, Entity(partition, f"{TYPING}{who}", {"at": at}))])


def _time(row: Entity) -> datetime:
    at = row.values["at"]
    if not isinstance(at, datetime):
        raise TypeError("a typing row holds a time")
    return at
