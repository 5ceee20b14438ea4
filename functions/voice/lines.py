"""Who waits for an agent queue, in the order of coming: a partition for each queue, a row for each caller."""

from datetime import datetime, timedelta

from functions.ports import Entity, Op, Table, Write

TABLE = "callqueues"
MOST = 500  # callers that are counted


class Lines:
    """The lines of all agent queues. Every method raises Unavailable when the table does not answer."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def join(self, queue: str, call: str, since: datetime, now: datetime, patience: timedelta) -> int:
        """Keep a caller's place, and tell it: 1 is the next.

        Without a sign for longer than `patience` a caller counts no more, for the leaving was not told; one
        who was only quiet has the place again with the next sign.
        """
        mine = Entity(queue, _key(call, since), {"until": now + patience})
        await self._table.commit([Op(Write.UPSERT, mine)])
        before = await self._table.range(queue, end=mine.key, limit=MOST)
        lost = [Op(Write.DELETE, Entity(queue, row.key, {})) for row in before if not _counts(row, now)]
        if lost:  # or they would once be all that is counted
            await self._table.commit(lost[:100])
        return 1 + len(before) - len(lost)

    async def leave(self, queue: str, call: str, since: datetime) -> None:
        """Give up a caller's place; without one is well."""
        await self._table.commit([Op(Write.DELETE, Entity(queue, _key(call, since), {}))])


def _key(call: str, since: datetime) -> str:
    return f"{since.timestamp():017.6f}:{call}"


def _counts(row: Entity, now: datetime) -> bool:
    until = row.values.get("until")
    return isinstance(until, datetime) and now < until
