"""A real table that counts its calls, and can break like a machine that stops in the middle."""

from collections.abc import Sequence

from functions.errors import Unavailable
from functions.ports import Entity, Op, Table


class Counting:
    """`table`, counted. After `commits_left` more commits every one fails, as if the process were gone."""

    def __init__(self, table: Table, commits_left: int = 1_000_000) -> None:
        self._table = table
        self.commits_left = commits_left
        self.reads = 0
        self.commits = 0

    async def get(self, partition: str, key: str) -> Entity | None:
        self.reads += 1
        return await self._table.get(partition, key)

    async def range(
        self, partition: str, start: str = "", end: str = "\uffff", limit: int | None = None
    ) -> list[Entity]:
        self.reads += 1
        return await self._table.range(partition, start, end, limit)

    async def commit(self, ops: Sequence[Op]) -> None:
        if self.commits >= self.commits_left:
            raise Unavailable("the process is gone")
        self.commits += 1
        await self._table.commit(ops)
