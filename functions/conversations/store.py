"""The threads' table: reading heads and messages, and changing one although others write at the same time."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from functions.conversations import layout
from functions.conversations.model import Conversation, StoredMessage
from functions.errors import AlreadyExists, NotFound, Stale, Unavailable
from functions.ports import Entity, Op, Table, Write

TRIES = 25
PAUSE = 0.004  # seconds, doubled five times at most
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Version:
    """A head as it was read, with the ETag that guards its replacement."""

    head: Conversation
    etag: str

    def replaced_by(self, head: Conversation) -> list[Op]:
        """Give the operation that writes another head over this one; none when it is the same."""
        if head == self.head:
            return []
        return [Op(Write.REPLACE, layout.head_row(head, self.etag))]


async def persist(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Attempt again while others write the same rows; raises Unavailable when they never stop.

    The attempt reads what it needs anew each time.
    """
    for turn in range(TRIES):
        try:
            return await attempt()
        except (Stale, AlreadyExists):
            # Each writer waits for a time of its own, or they would meet again.
            await asyncio.sleep(random.uniform(0, PAUSE * 2 ** min(turn, 5)))  # noqa: S311 - no secret
    raise Unavailable("too many write to this thread at once", retry_after=1)


class Store:
    """One table of threads."""

    def __init__(self, table: Table) -> None:
        self.table = table

    async def newest(self, partition: str) -> Entity | None:
        """Read the row of a thread's newest head."""
        rows = await self.table.range(partition, layout.NEWEST, layout.AFTER_HEADS, 1)
        return rows[0] if rows else None

    async def version(self, conversation: str) -> Version:
        """Read a head and its ETag; raises NotFound."""
        where = layout.place(conversation)
        row = await self.table.get(where.partition, layout.head_key(where.number))
        if row is None:
            raise NotFound("no such conversation")
        return Version(layout.read(Conversation, row), row.etag)

    async def head(self, conversation: str) -> Conversation | None:
        """Read a head; None when there is none."""
        try:
            return (await self.version(conversation)).head
        except NotFound:
            return None

    async def message(self, message: str) -> tuple[StoredMessage, str]:
        """Read a message and its ETag; raises NotFound."""
        where, key = layout.message_place(message)
        row = await self.table.get(where.partition, key)
        if row is None:
            raise NotFound("no such message")
        return layout.read(StoredMessage, row), row.etag

    async def present(self, partition: str, keys: Sequence[str]) -> dict[str, Entity]:
        """Read those of the rows that are there, at the same time."""
        rows = await asyncio.gather(*(self.table.get(partition, key) for key in keys))
        return {row.key: row for row in rows if row}

    async def change_head(
        self, conversation: str, change: Callable[[Conversation], Conversation]
    ) -> tuple[Conversation, Conversation]:
        """Change a head, and give it before and after; raises NotFound and whatever `change` raises."""

        async def attempt() -> tuple[Conversation, Conversation]:
            version = await self.version(conversation)
            after = change(version.head)
            if ops := version.replaced_by(after):
                await self.table.commit(ops)
            return version.head, after

        return await persist(attempt)
