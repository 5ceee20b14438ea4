"""Who waits for an agent queue, in the order of coming: a partition for each queue, a row for each caller."""

from datetime import datetime, timedelta

from functions.ports import Entity, Op, Table, Write

TABLE = "callqueues"
LOST = timedelta(minutes=15)  # without a sign of a caller, whose leaving was not noted then
MOST = 500  # callers that are counted


class Lines:
    """The lines of all agent queues. Every method raises Unavailable when the table does not answer."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def join(self, queue: str, call: str, since: datetime, now: datetime) -> int:
        """Keep a caller's place, and tell it: 1 is the next."""
        mine = Entity(queue, _key(call, since), {"at": now})
        await self._table.commit([Op(Write.UPSERT, mine)])
        before = await self._table.range(queue, end=mine.key, limit=MOST)
        lost = [Op(Write.DELETE, Entity(queue, row.key, {})) for row in before if now - _at(row) >= LOST]
        if lost:  # or they would once be all that is counted
            await self._table.commit(lost[:100])
        return 1 + len(before) - len(lost)

    async def leave(self, queue: str, call: str, since: datetime) -> None:
        """Give up a caller's place; without one is well."""
        await self._table.commit([Op(Write.DELETE, Entity(queue, _key(call, since), {}))])


def _key(call: str, since: datetime) -> str:
    return f"{since.timestamp():017.6f}:{call}"


def _at(row: Entity) -> datetime:
    at = row.values["at"]
    if not isinstance(at, datetime):
        raise TypeError("a row of the line holds a time")
    return at
