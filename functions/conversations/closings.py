"""Which conversations closed, and when: rows in that order, for those whose time to be kept is over.

    closed:{part}    {closed_at}:{conversation}

They lie beside the rows of `due`, are written once, and go with their conversation.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from functions.conversations.listing import drop
from functions.conversations.model import Conversation
from functions.message import digest
from functions.ports import Entity, Op, Table, Write

SPREAD = 16  # partitions
PAGE = 100
_ID = 39  # characters of a conversation's id


class Closings:
    """The index of closed conversations, by the moment of their closing."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def put(self, conversation: Conversation) -> None:
        """Note that a conversation closed; may be repeated."""
        if row := _row(conversation):
            await self._table.commit([Op(Write.UPSERT, row)])

    async def before(self, moment: datetime) -> AsyncIterator[list[Entity]]:
        """Give the rows of what closed before a moment, a page at a time; the oldest of a partition first."""
        for part in range(SPREAD):
            start, rows = "", [Entity("", "", {})]
            while rows:
                rows = await self._table.range(f"closed:{part}", start, _time(moment), PAGE)
                if rows:
                    yield rows
                    start = rows[-1].key + "0"

    async def done(self, row: Entity) -> None:
        """Forget a row whose conversation is gone."""
        await drop(self._table, row)

    async def erase(self, conversation: Conversation) -> None:
        """Forget a conversation; may be repeated."""
        if row := _row(conversation):
            await self._table.commit([Op(Write.DELETE, row)])


def conversation_of(row: Entity) -> str:
    """Give the id of the conversation that a row names."""
    return row.key[-_ID:]


def _row(conversation: Conversation) -> Entity | None:
    if conversation.closed_at is None:
        return None
    part = int(digest(conversation.id), 16) % SPREAD
    return Entity(f"closed:{part}", f"{_time(conversation.closed_at)}:{conversation.id}", {})


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
