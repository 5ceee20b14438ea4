"""Marks: how far each table of each environment is reconciled."""

from pydantic import AwareDatetime

from functions.message import Model, digest
from functions.ports import Entity, Op, Table, Write
from functions.rows import pack, unpack

KEY = "mark"


class Mark(Model):
    """`link` is where to go on: the next page, or the changes since the last pass; empty: a pass begins.

    `since` is when the last whole pass began, and `started` when the present one did. `shape` tells which
    columns were asked for: when they change, a pass begins anew.
    """

    link: str = ""
    since: AwareDatetime | None = None
    started: AwareDatetime | None = None
    shape: str = ""


class Marks:
    """The marks' table, a partition for each. Every method raises Unavailable when it does not answer."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, account: str, entity: str) -> Mark:
        """Read a mark; an empty one before the first pass."""
        row = await self._table.get(digest(account, entity), KEY)
        return Mark.model_validate_json(unpack("json", row.values)) if row else Mark()

    async def set(self, account: str, entity: str, mark: Mark) -> None:
        """Write a mark over the former one."""
        row = Entity(digest(account, entity), KEY, pack("json", mark.json_text()))
        await self._table.commit([Op(Write.UPSERT, row)])
