"""Reading an index: its rows are hints, the heads are the truth, and what no longer holds is dropped.

Each row leads to one conversation; its key puts the newest conversation first.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from functions.conversations.model import Conversation
from functions.errors import Invalid, Stale
from functions.paging import Page, decode_cursor, encode_cursor
from functions.ports import Entity, Op, Table, Write

Heads = Callable[[str], Awaitable[Conversation | None]]
KEY = re.compile("[0-9]{13}:[0-9a-f]{32}-[0-9]{6}")
END_OF_TIME = 9_999_999_999_999  # milliseconds
AT_ONCE = 8
Result = TypeVar("Result")


def newest_first(conversation: Conversation) -> str:
    """Give the row key of a conversation."""
    return f"{END_OF_TIME - _milliseconds(conversation.created_at):013d}:{conversation.id}"


async def listing(
    table: Table,
    partitions: Sequence[str],
    cursor: str | None,
    limit: int,
    heads: Heads,
    belongs: Callable[[Conversation], bool],
) -> Page[Conversation]:
    """List the conversations that the rows of several partitions lead to and that belong here.

    Raises Invalid for a cursor that is none of ours.
    """
    start, found, more = _start(cursor), list[Conversation](), True
    while more and len(found) < limit:
        rows, more = await _merged(table, partitions, start, limit - len(found))
        read = await bounded([partial(heads, _id(row)) for row in rows])
        for row, head in zip(rows, read, strict=True):
            if head and belongs(head):
                found.append(head)
            else:
                await drop(table, row)
        start = rows[-1].key + "0" if rows else start
    return Page(items=tuple(found), cursor=encode_cursor(start) if more else None)


async def drop(table: Table, row: Entity) -> None:
    """Delete a row, unless somebody wrote it again since it was read."""
    try:
        await table.commit([Op(Write.DELETE, row)])
    except Stale:
        return


async def bounded(calls: Sequence[Callable[[], Awaitable[Result]]]) -> list[Result]:
    """Make all calls, a few at a time, and give their results in order."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(call: Callable[[], Awaitable[Result]]) -> Result:
        async with turns:
            return await call()

    return await asyncio.gather(*(one(call) for call in calls))


async def _merged(
    table: Table, partitions: Sequence[str], start: str, limit: int
) -> tuple[list[Entity], bool]:
    """Give the first rows of all partitions in key order, and whether there are more."""
    # One more than is wanted tells whether another page is worth asking for.
    parts = await asyncio.gather(*(table.range(part, start, limit=limit + 1) for part in partitions))
    rows = sorted((row for part in parts for row in part), key=lambda row: row.key)
    return rows[:limit], len(rows) > limit


def _start(cursor: str | None) -> str:
    start = decode_cursor(cursor)
    if start and not KEY.fullmatch(start[:-1]):
        raise Invalid("the cursor is not one of ours")
    return start


def _id(row: Entity) -> str:
    return row.key.partition(":")[2]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
