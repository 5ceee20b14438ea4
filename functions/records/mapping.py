"""From a row to a record of the record store, by the columns that its table names. Pure."""

from collections.abc import Iterator, Mapping

from functions.configuration.document import Record
from functions.configuration.recordtables import RecordTable
from functions.identity.keys import CUSTOMERS
from functions.records.row import QUEUE, Row

LONGEST = 500  # characters of a name or attribute
LARGEST = 25_000  # bytes of a record: the store takes 30,000


def record_of(row: Row, table: RecordTable, known: Record | None) -> Record:
    """Give the record; of a row that is known in part, what is `known` already fills the gaps."""
    fresh = Record(
        entity=row.entity,
        id=row.id,
        name=row.value(table.name).value[:LONGEST],
        mobiles=_texts(row, table.mobiles),
        business_phones=_texts(row, table.business_phones),
        phones=_texts(row, table.phones),
        emails=_texts(row, table.emails),
        social_ids={
            channel: ids for channel, columns in table.social_ids.items() if (ids := _texts(row, columns))
        },
        customer_number=row.value(table.customer_number or "").value[:LONGEST],
        customer=_customer(row, table),
        active=row.is_active(table),
        attributes=dict(_attributes(row, table)),
    )
    return _fitting(fresh if row.whole or known is None else _filled(fresh, row, table, known))


def _customer(row: Row, table: RecordTable) -> str:
    references = (row.value(column) for column in table.customer)
    found = (f"{one.entity}/{one.value}" for one in references if one.entity in CUSTOMERS and one.value)
    return next(found, "")


def _texts(row: Row, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for column in columns if (text := row.value(column).value.strip()[:LONGEST]))


def _attributes(row: Row, table: RecordTable) -> Iterator[tuple[str, str]]:
    for column in dict.fromkeys((*table.attributes, QUEUE)):
        found = row.value(column)
        if found.value:
            yield column, found.value[:LONGEST]
        if found.name:
            yield f"{column}.name", found.name[:LONGEST]


def _filled(fresh: Record, row: Row, table: RecordTable, known: Record) -> Record:
    sources: Mapping[str, tuple[str, ...]] = {
        "name": (table.name,),
        "mobiles": table.mobiles,
        "business_phones": table.business_phones,
        "phones": table.phones,
        "emails": table.emails,
        "customer_number": (table.customer_number,) if table.customer_number else (),
        "customer": table.customer,
        "active": (table.active.column,),
    }
    gaps = [field for field, columns in sources.items() if not any(column in row.cells for column in columns)]
    kept = {field: getattr(known, field) for field in gaps if field != "active" or not row.deleted_at}
    social = {**known.social_ids, **fresh.social_ids}
    # What the row tells of a column counts, also that it is empty now.
    rest = {name: text for name, text in known.attributes.items() if name.partition(".")[0] not in row.cells}
    attributes = {**rest, **fresh.attributes}
    return fresh.model_copy(update={**kept, "social_ids": social, "attributes": attributes})


def _fitting(record: Record) -> Record:
    while record.attributes and len(record.json_text().encode()) > LARGEST:
        rest = dict(list(record.attributes.items())[:-1])
        record = record.model_copy(update={"attributes": rest})
    return record
