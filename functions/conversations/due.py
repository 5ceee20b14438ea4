"""When a conversation may have to be closed: rows by day, so that the timer reads only what is due.

A row is written when a conversation opens or changes its state, not for each message. So it may come too
early: then the timer looks at the head, and puts the row where the head says.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from functions.conversations.listing import drop
from functions.conversations.model import Conversation, State
from functions.message import digest
from functions.ports import Entity, Op, Table, Write

SPREAD = 4  # partitions of a day
DAY = timedelta(days=1)
GRACE = timedelta(hours=1)  # a row may be written this much after its time
FIRST_LOOK = 7 * DAY  # how far back the very first run looks
DEFAULT = 30 * DAY  # the longest of the usual times
CURSOR = ("cursor", "day")


class Due:
    """The index of what the timer has to look at."""

    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock

    async def put(self, conversation: Conversation) -> None:
        """Note when the conversation has to be looked at; nothing when it rests for ever."""
        if conversation.close_after is None:
            return
        # What is late already goes where the timer has not been yet.
        at = max(conversation.close_after, self._clock()).astimezone(UTC)
        row = Entity(_partition(at, _part(conversation.id)), f"{at.isoformat()}:{conversation.id}", {})
        await self._table.commit([Op(Write.UPSERT, row)])

    async def ready(self, now: datetime) -> list[tuple[str, Entity]]:
        """Give the ids of conversations whose time may have come, each with its row."""
        days = _days(await self._first_day(now), now)
        until = f"{now.astimezone(UTC).isoformat()};"
        ranges = [
            self._table.range(_partition(day, part), end=until) for day in days for part in range(SPREAD)
        ]
        return [(row.key[-39:], row) for rows in await asyncio.gather(*ranges) for row in rows]

    async def done(self, row: Entity) -> None:
        """Forget a row that was dealt with."""
        await drop(self._table, row)

    async def erase(self, conversation: Conversation) -> None:
        """Forget a conversation, whenever it was to be looked at; reads the days to come of one partition."""
        times = conversation.auto_close
        longest = max((time for state in State if times and (time := times.of(state))), default=DEFAULT)
        part = _part(conversation.id)
        first = _start_of_day(self._clock() - DAY)
        for day in _days(first, first + max(longest, DEFAULT) + 2 * DAY):
            for row in await self._table.range(_partition(day, part)):
                if row.key.endswith(conversation.id):
                    await drop(self._table, row)

    async def passed(self, now: datetime) -> None:
        """Note that everything that `ready(now)` gave was dealt with: the next run begins there."""
        row = Entity(*CURSOR, {"day": _start_of_day(now - GRACE).isoformat()})
        await self._table.commit([Op(Write.UPSERT, row)])

    async def _first_day(self, now: datetime) -> datetime:
        row = await self._table.get(*CURSOR)
        return datetime.fromisoformat(str(row.values["day"])) if row else _start_of_day(now - FIRST_LOOK)


def _start_of_day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _days(first: datetime, now: datetime) -> list[datetime]:
    return [first + n * DAY for n in range((now - first) // DAY + 1)]


def _partition(day: datetime, part: int) -> str:
    return f"{day:%Y-%m-%d}:{part}"


def _part(conversation: str) -> int:
    return int(digest(conversation), 16) % SPREAD
