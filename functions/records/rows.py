"""The rows' table: one row of ours for each record that ever changed, in a partition of its own."""

from functions.errors import AlreadyExists, Stale, Unavailable
from functions.message import digest
from functions.ports import Entity, Op, Table, Write
from functions.records.row import Row, queued
from functions.rows import pack, unpack

KEY = "row"
TRIES = 8


class Rows:
    """Every method raises Unavailable when the table does not answer."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, entity: str, id: str) -> Row | None:  # noqa: A002 - its name
        """Read what is known of a record; one point read."""
        found = await self._table.get(digest(entity, id), KEY)
        return _row(found) if found else None

    async def keep(self, row: Row) -> None:
        """Write a row over what is there; where somebody else has later columns, those stay."""
        for _ in range(TRIES):
            found = await self._table.get(digest(row.entity, row.id), KEY)
            wanted = _joined(_row(found), row) if found else row
            values = pack("json", wanted.json_text())
            entity = Entity(digest(row.entity, row.id), KEY, values, found.etag if found else "")
            try:
                await self._table.commit([Op(Write.REPLACE if found else Write.INSERT, entity)])
            except (AlreadyExists, Stale):
                continue
            return
        raise Unavailable("the record is changed by too many at once")


def _joined(there: Row, row: Row) -> Row:
    if row.deleted_at:
        return row
    later = {
        column: cell
        for column, cell in there.cells.items()
        if column not in row.cells or row.cells[column].at < cell.at
    }
    return row.model_copy(update={"cells": queued({**row.cells, **later}), "whole": row.whole or there.whole})


def _row(found: Entity) -> Row:
    return Row.model_validate_json(unpack("json", found.values))
