"""A thread row by row: what of it a customer's erasure, or the end of its time, takes, and what stays.

A thread is nearly always one customer's. Where several people share one (a group), each conversation in it is
its customer's, and so are the rows that name its messages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.conversations import layout
from functions.conversations.model import Conversation, State, StoredMessage
from functions.errors import Conflict, NotFound
from functions.identity.merging import Who
from functions.message import thread_key
from functions.ports import Entity, Op, Table, Write

CHUNK = 100  # operations of a transaction


@dataclass(frozen=True, slots=True)
class Share:
    """Some of a thread's conversations, a customer's mostly; `whole`: it has no others."""

    partition: str
    heads: tuple[Conversation, ...]
    rows: tuple[Entity, ...]  # heads last: as long as one is there, the rest is found again
    whole: bool

    @property
    def messages(self) -> list[StoredMessage]:
        """Give the messages, in their order."""
        return [layout.read(StoredMessage, row) for row in self.rows if row.key.startswith("m:")]

    @property
    def threads(self) -> list[str]:
        """Name the thread as its provider does."""
        return list(dict.fromkeys(head.thread for head in self.heads)) if self.whole else []


async def shares(table: Table, who: Who, conversations: Sequence[str]) -> list[Share]:
    """Read the customer's threads: those of the conversations, and the one that has the customer's own id."""
    own = thread_key(who.channel, who.account, who.id)
    partitions = dict.fromkeys([*(layout.place(one).partition for one in conversations), own])
    found = [await _share(table, one, lambda head: _is_of(head, who)) for one in partitions]
    return [share for share in found if share.rows]


async def expired(table: Table, partition: str, before: datetime) -> Share:
    """Read a thread's conversations that closed before a moment."""
    return await _share(table, partition, lambda head: bool(head.closed_at and head.closed_at < before))


def refuse_open(found: Sequence[Share]) -> None:
    """Raise Conflict while a conversation is not closed: somebody may be writing in it."""
    open_ones = [head.id for share in found for head in share.heads if head.state is not State.CLOSED]
    if open_ones:
        raise Conflict(f"close these conversations first: {', '.join(open_ones[:5])}")


async def drop(table: Table, rows: Sequence[Entity]) -> int:
    """Delete rows of one partition, in their order; gone already is well. Give how many there were."""
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        await table.commit([Op(Write.DELETE, Entity(row.partition, row.key, {})) for row in part])
    return len(rows)


async def _share(table: Table, partition: str, wanted: Callable[[Conversation], bool]) -> Share:
    rows = await table.range(partition)
    heads = {row.key: layout.read(Conversation, row) for row in rows if row.key.startswith(layout.NEWEST)}
    mine = {key: head for key, head in heads.items() if wanted(head)}
    whole = len(mine) == len(heads) and bool(heads)
    numbers = {layout.place(head.id).number for head in mine.values()}
    kept = [row for row in rows if row.key not in heads and (whole or _number(row) in numbers)]
    return Share(
        partition,
        heads=tuple(mine.values()),
        rows=(*kept, *(row for row in rows if row.key in mine)),
        whole=whole,
    )


def _is_of(head: Conversation, who: Who) -> bool:
    return (head.channel, head.account, head.customer.id) == (who.channel, who.account, who.id)


def _number(row: Entity) -> int | None:
    """Tell whose conversation a row belongs to; None for one of the whole thread."""
    kind, _, rest = row.key.partition(":")
    if kind in ("m", "x"):
        return int(rest[:6])
    try:
        return layout.message_place(layout.named(row))[0].number
    except NotFound:
        return None
