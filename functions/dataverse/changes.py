"""Rows of the Web API as changes of records, the same that webhooks tell. Pure."""

from datetime import datetime, timedelta

from functions.channels.records.change import RecordChange, RecordMessage
from functions.configuration.recordtables import RecordTable
from functions.dataverse.client import Row
from functions.dataverse.shapes import Shape
from functions.dataverse.values import attributes, moment
from functions.providers.payload import text

CREATED, MODIFIED, BY = "createdon", "modifiedon", "modifiedby"
SECOND = timedelta(milliseconds=999)  # times of rows are whole seconds: what changed in one counts at its end
DELETED = "$deletedEntity"


def columns(shape: Shape, table: RecordTable) -> tuple[str, ...]:
    """Name, as queries do, what has to be read of a table."""
    return shape.select((shape.key, *table.columns, CREATED, MODIFIED, BY))


def change_of(row: Row, shape: Shape, since: datetime | None) -> RecordChange:
    """Give what a row tells: all of it, as one that was created or changed after `since`."""
    found, created, at = attributes(row), moment(row, CREATED), moment(row, MODIFIED)
    new = since is not None and created is not None and created > since
    return RecordChange(
        message=RecordMessage.CREATE if new else RecordMessage.UPDATE,
        entity=shape.entity,
        id=found[shape.key].value,
        attributes=found,
        at=at + SECOND if at else None,
        user=found[BY].value if BY in found else "",
        whole=True,
    )


def deletion_of(row: Row, shape: Shape) -> RecordChange | None:
    """Give the deletion that an entry of a delta tells; None for any other row."""
    if DELETED not in text(dict(row), "@odata.context") or text(dict(row), "reason") != "deleted":
        return None
    id_ = text(dict(row), "id").lower()
    return RecordChange(message=RecordMessage.DELETE, entity=shape.entity, id=id_) if id_ else None


def has_id(row: Row, shape: Shape) -> bool:
    """Tell whether a row names itself."""
    return isinstance(row.get(shape.key), str)
