"""From a row to a record of the record store, by the columns that its table names. Pure."""

from collections.abc import Iterator

from functions.configuration.document import Record
from functions.configuration.recordtables import RecordTable
from functions.identity.keys import CUSTOMERS
from functions.records.row import Row

LONGEST = 500  # characters of a name or attribute
LARGEST = 25_000  # bytes of a record: the store takes 30,000


def record_of(row: Row, table: RecordTable, known: Record | None) -> Record:
    """Give the record; of a row that is known in part, what is `known` already fills the gaps."""
    fresh = Record(
        entity=row.entity,
        id=row.id,
        name=row.value(table.name).value[:LONGEST],
        phones=tuple(_texts(row, (*table.mobiles, *table.phones))),
        emails=tuple(_texts(row, table.emails)),
        customer=customer_of(row, table),
        active=row.is_active(table),
        attributes=dict(_attributes(row, table)),
    )
    return _fitting(fresh if row.whole or known is None else _filled(fresh, row, table, known))


def customer_of(row: Row, table: RecordTable) -> str:
    """Give the record's customer as `contact/ID` or `account/ID`; empty when it has none."""
    references = (row.value(column) for column in table.customer)
    found = (f"{one.entity}/{one.value}" for one in references if one.entity in CUSTOMERS and one.value)
    return next(found, "")


def _texts(row: Row, columns: tuple[str, ...]) -> Iterator[str]:
    return (text for column in columns if (text := row.value(column).value.strip()[:LONGEST]))


def _attributes(row: Row, table: RecordTable) -> Iterator[tuple[str, str]]:
    for column in table.attributes:
        found = row.value(column)
        if found.value:
            yield column, found.value[:LONGEST]
        if found.name:
            yield f"{column}.name", found.name[:LONGEST]


def _filled(fresh: Record, row: Row, table: RecordTable, known: Record) -> Record:
    sources = {
        "name": (table.name,),
        "phones": (*table.mobiles, *table.phones),
        "emails": table.emails,
        "customer": table.customer,
        "active": (table.active.column,),
    }
    gaps = [field for field, columns in sources.items() if not any(column in row.cells for column in columns)]
    kept = {field: getattr(known, field) for field in gaps if field != "active" or row.deleted_at is None}
    return fresh.model_copy(update={**kept, "attributes": {**known.attributes, **fresh.attributes}})


def _fitting(record: Record) -> Record:
    while record.attributes and len(record.json_text().encode()) > LARGEST:
        rest = dict(list(record.attributes.items())[:-1])
        record = record.model_copy(update={"attributes": rest})
    return record
