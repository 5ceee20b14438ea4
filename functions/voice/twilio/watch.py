"""The calls at Twilio whose end may not have been told: every ten minutes each is asked after.

A number whose *Call status changes* was not set, or a process that stopped with nobody to tell it again,
would leave a caller for ever in an agent's inbox.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from functions.message import digest
from functions.ports import Entity, Op, Table, Write

TABLE = "callsdue"
SPREAD = 16  # partitions, so that no single one takes all calls' writes
EVERY = timedelta(minutes=10)
SOON = timedelta(minutes=2)  # after a call that may have left a message


class Watch:
    """The live calls. Every method raises Unavailable when the table does not answer."""

    def __init__(self, table: Callable[[str], Table], clock: Callable[[], datetime]) -> None:
        self._table = table(TABLE)
        self._clock = clock

    async def later(self, account: str, call: str, wait: timedelta = EVERY) -> None:
        """Ask after a call in a while."""
        due = self._clock() + wait
        await self._table.commit([Op(Write.UPSERT, _row(call, account=account, due=due))])

    async def done(self, call: str) -> None:
        """Ask after it no more."""
        await self._table.commit([Op(Write.DELETE, _row(call))])

    async def overdue(self) -> list[tuple[str, str]]:
        """List whom to ask after: account and call."""
        parts = await asyncio.gather(*(self._table.range(f"{part:02x}") for part in range(SPREAD)))
        now = self._clock()
        return [(str(row.values["account"]), row.key) for rows in parts for row in rows if _due(row) <= now]


def _row(call: str, **values: str | datetime) -> Entity:
    return Entity(f"{int(digest(TABLE, call)[:8], 16) % SPREAD:02x}", call, values)


def _due(row: Entity) -> datetime:
    due = row.values["due"]
    if not isinstance(due, datetime):
        raise TypeError("a live call has a time")
    return due
