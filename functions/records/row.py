"""Rows: what is known of a record, column by column, however its changes arrive. Pure.

Webhooks of one record may come in any order, and each tells only some columns. So every column keeps the time
of the change that it is from, and only a later one replaces it; the order of arrival makes no difference.
"""

from collections.abc import Mapping
from datetime import datetime

from pydantic import AwareDatetime

from functions.channels.records.change import RecordChange, RecordMessage, RecordValue
from functions.configuration.recordtables import RecordTable
from functions.message import Model

QUEUE = "queueid"
ITEM = "queueitem."  # followed by an item's id: the queue that a record lies in by it (see `queues`)
ITEMS = 20  # of a record; the latest stay


class Cell(Model):
    """A column's value, and when it was set, by the clock of the system that has the row."""

    value: RecordValue
    at: AwareDatetime


class Row(Model):
    """The columns of a record that its table names. `whole`: one that is missing has no value.

    Of a deleted record only that is kept: a late change brings nothing of it back.
    """

    entity: str
    id: str
    cells: Mapping[str, Cell] = {}
    whole: bool = False
    deleted_at: AwareDatetime | None = None

    def value(self, column: str) -> RecordValue:
        """Give a column; empty when it has no value, or none is known."""
        cell = self.cells.get(column)
        return cell.value if cell else RecordValue()

    def is_active(self, table: RecordTable) -> bool:
        """Tell whether the record is there, and by its state somebody's business."""
        state = self.value(table.active.column).value
        return self.deleted_at is None and (not state or state in table.active.values)


def merged(row: Row, change: RecordChange, table: RecordTable, at: datetime) -> Row:
    """Give the row after a change that was made at this time."""
    if change.message is RecordMessage.DELETE:
        gone = max(filter(None, (row.deleted_at, at)))
        return row.model_copy(update={"cells": {}, "whole": False, "deleted_at": gone})
    if row.deleted_at and not (change.whole and at > row.deleted_at):
        return row
    told = {
        column: value
        for column, value in change.attributes.items()
        if column in table.columns or column.startswith(ITEM)
    }
    if change.whole:
        told = dict.fromkeys(table.columns, RecordValue()) | told
    newer = {
        column: Cell(value=value, at=at)
        for column, value in told.items()
        if column not in row.cells or row.cells[column].at <= at
    }
    cells = queued({**row.cells, **newer})
    return row.model_copy(update={"cells": cells, "whole": row.whole or change.whole, "deleted_at": None})


def queued(cells: Mapping[str, Cell]) -> Mapping[str, Cell]:
    """Give the columns with the queue that the latest of the record's items tells, if it has any."""
    items = [name for name in cells if name.startswith(ITEM)]
    if not items:
        return cells
    latest = sorted(items, key=lambda name: cells[name].at, reverse=True)
    lying = next((cells[name] for name in latest if cells[name].value.value), cells[latest[0]])
    left = {name: cell for name, cell in cells.items() if name not in latest[ITEMS:]}
    return {**left, QUEUE: lying}


def news(before: Row, after: Row, change: RecordChange) -> tuple[str, ...]:
    """Name the columns in which this change is news: not those that a later change has overtaken."""
    differing = [
        column
        for column in after.cells
        if column != "modifiedon"
        and not column.startswith(ITEM)
        and before.value(column).value != after.value(column).value
    ]
    if not change.changed:
        return tuple(differing)
    return tuple(
        column
        for column in dict.fromkeys((*change.changed, *(differing if change.partial else ())))
        if column not in after.cells or after.value(column).value == _told(change, after, column)
    )


def _told(change: RecordChange, after: Row, column: str) -> str:
    value = change.attributes.get(column)
    return (value or after.value(column)).value
