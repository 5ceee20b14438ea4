"""Following one conversation: what is new after a mark, what has changed, and whether its customer types.

The mark that a follower holds says how far they have read, and has a short fingerprint of each of the last
messages as they saw it. So nothing is kept for a follower, and a look is one range read of the conversation's
last messages with the signs of typing, beside the read of the newest head for the provider's watermarks.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.conversations import layout
from functions.conversations.feed import AFTER_TYPING, CUSTOMER, TYPING
from functions.conversations.model import Conversation, Direction, StoredMessage
from functions.conversations.progress import seen_until
from functions.conversations.sending import COPY
from functions.conversations.store import Store
from functions.errors import Invalid, NotFound
from functions.message import digest
from functions.ports import Entity

WATCHED = 20  # the last messages before the mark, whose changes a follower hears of
NEW = 100  # messages of one look
SHOWN = timedelta(seconds=5)  # how long a sign of typing counts
PRINT = 6  # hexadecimal digits of a fingerprint
MARK = re.compile(f"([0-9]{{1,8}})-([01])-((?:[0-9a-f]{{{PRINT}}}){{0,{WATCHED}}})")
# What changes of a message for those who look at it; the steps of its delivery in between do not.
SHOWS = frozenset(
    {"text", "kind", "attachments", "delivery", "delivery_reason", "edited_at", "deleted_at", "reactions"}
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a follower knows: messages up to `sequence`, the last of them with their fingerprints."""

    sequence: int = 0
    typing: bool = False
    prints: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.sequence}-{self.typing:d}-{''.join(self.prints)}"

    @classmethod
    def read(cls, text: str) -> "Known":
        """Read a mark; empty is the beginning. Raises Invalid."""
        if not text:
            return cls()
        found = MARK.fullmatch(text)
        if found is None or len(found[3]) // PRINT > int(found[1]):
            raise Invalid("the mark is not one of ours")
        prints = tuple(found[3][at : at + PRINT] for at in range(0, len(found[3]), PRINT))
        return cls(int(found[1]), found[2] == "1", prints)

    @property
    def first(self) -> int:
        """The sequence of the first message that has a fingerprint."""
        return self.sequence - len(self.prints) + 1

    def saw(self, message: StoredMessage) -> bool:
        """Tell whether the follower has the message as it is."""
        at = message.sequence - self.first
        return at < len(self.prints) and self.prints[at] == fingerprint(message)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found: messages that are new or have changed, and what the follower then knows."""

    items: tuple[StoredMessage, ...]
    known: Known


def fingerprint(message: StoredMessage) -> str:
    """Give a few digits that differ when the message looks different."""
    return digest(message.model_dump_json(include=set(SHOWS)))[:PRINT]


async def look(store: Store, conversation: str, known: Known, clock: Callable[[], datetime]) -> Look:
    """Read once what has happened; raises NotFound."""
    where = layout.place(conversation)
    start = layout.message_key(where.number, known.first)
    prefix = f"m:{where.number:06d}:"
    newest, rows = await asyncio.gather(
        store.newest(where.partition),
        store.table.range(where.partition, start, AFTER_TYPING, WATCHED + NEW),
    )
    head = layout.read(Conversation, newest) if newest else None
    if head is None or layout.place(head.id).number < where.number:
        raise NotFound("no such conversation")
    read = [layout.read(StoredMessage, row) for row in rows if row.key.startswith(prefix)]
    messages = [seen_until(message, head) for message in read]
    typing = _types([row for row in rows if row.key == f"{TYPING}{CUSTOMER}"], messages, clock())
    return compared(known, messages, typing)


def compared(known: Known, messages: Sequence[StoredMessage], typing: bool) -> Look:
    """Compare what was read from `known.first` on with what the follower knows."""
    unseen = [message for message in messages if not known.saw(message)]
    # An echo that turned out to be a message of ours is told to those who saw it: they take it away.
    items = tuple(message for message in unseen if message.kind != COPY or message.sequence <= known.sequence)
    last = tuple(fingerprint(message) for message in messages[-WATCHED:])
    sequence = messages[-1].sequence if messages else known.sequence
    return Look(items, Known(sequence, typing, last))


def _types(rows: Sequence[Entity], messages: Sequence[StoredMessage], now: datetime) -> bool:
    """Tell whether the customer typed a moment ago, and has not written since."""
    said = [message.received_at for message in messages if message.direction is Direction.INBOUND]
    signs = [at for row in rows if isinstance(at := row.values["at"], datetime)]
    return any(now - at < SHOWN and all(at > spoken for spoken in said) for at in signs)
