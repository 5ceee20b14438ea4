"""What agents read of a record's change, in a line. Pure."""

from collections.abc import Sequence

from functions.channels.records.change import RecordChange, RecordMessage, RecordValue
from functions.records.row import Row

LONGEST = 200  # characters of a value
MOST = 10  # columns


def note(change: RecordChange, row: Row, columns: Sequence[str]) -> str:
    """Say what happened: to which values the columns went."""
    if change.message is RecordMessage.DELETE:
        return "deleted"
    said = [f"{column} = {_shown(change, row, column) or '–'}" for column in columns[:MOST]]
    if len(columns) > MOST:
        said.append(f"and {len(columns) - MOST} more")
    verb = _VERBS.get(change.message, change.operation or "changed")
    return f"{verb}: {', '.join(said)}" if said else verb


_VERBS = {
    RecordMessage.CREATE: "created",
    RecordMessage.UPDATE: "changed",
    RecordMessage.ASSIGN: "assigned",
    RecordMessage.STATE: "state changed",
}


def _shown(change: RecordChange, row: Row, column: str) -> str:
    told = change.attributes.get(column, RecordValue())
    return (told.name or row.value(column).name or told.value or row.value(column).value)[:LONGEST]
