"""OData queries, built of parts so that no value can leave its literal. Pure.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query/overview and, for the literals,
https://docs.oasis-open.org/odata/odata/v4.0/odata-v4.0-part2-url-conventions.html. Nothing else in the house
writes an address of the Web API: a value is made a literal (quotes doubled), and the whole percent-encoded.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from urllib.parse import quote
from uuid import UUID

from functions.errors import Invalid

Value = str | bool | int | Decimal | datetime | UUID
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


class Op(StrEnum):
    """How a column is compared."""

    EQUAL = "eq"
    GREATER_OR_EQUAL = "ge"


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition, made by `compared`, `either` and `every` only. `text` is not percent-encoded yet."""

    text: str


def literal(value: Value) -> str:
    """Write a value as OData does; raises Invalid for a number that is none, or a time without a zone."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise Invalid("a number must be finite")
        return format(value, "f")
    return str(value)


def compared(column: str, op: Op, value: Value) -> Filter:
    """Compare a column with a value; raises Invalid for a name that no column has."""
    return Filter(f"{name(column)} {op} {literal(value)}")


def either(filters: Sequence[Filter]) -> Filter:
    """Hold when any holds; of none, raises Invalid."""
    return _joined(filters, " or ")


def every(filters: Sequence[Filter]) -> Filter:
    """Hold when all hold; of none, raises Invalid."""
    return _joined(filters, " and ")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a table."""

    select: Sequence[str] = ()
    where: Filter | None = None
    order: Sequence[str] = ()  # ascending
    top: int | None = None

    def address(self, collection: str) -> str:
        """Give the address below the API's base; raises Invalid for a name that nothing has."""
        options = {
            "$select": ",".join(map(name, self.select)),
            "$filter": self.where.text if self.where else "",
            "$orderby": ",".join(f"{name(column)} asc" for column in self.order),
            "$top": str(self.top) if self.top is not None else "",
        }
        query = "&".join(f"{option}={escaped(text)}" for option, text in options.items() if text)
        return f"{name(collection)}?{query}" if query else name(collection)


def row(collection: str, id: str) -> str:  # noqa: A002 - its name
    """Give the address of one row; raises Invalid for an id that is no GUID."""
    return f"{name(collection)}({guid(id)})"


def definition(entity: str) -> str:
    """Give the address of what a table is made of."""
    select = escaped("EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled")
    expand = escaped("Attributes($select=LogicalName,AttributeType)")
    key = escaped(literal(name(entity)))
    return f"EntityDefinitions(LogicalName={key})?$select={select}&$expand={expand}"


def guid(text: str) -> UUID:
    """Read an id; raises Invalid for what is no GUID in its usual form."""
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text.lower():
        raise Invalid("not an id of Dataverse")
    return found


def name(text: str) -> str:
    """Pass a name of a column or table; raises Invalid for anything else."""
    if not _NAME.fullmatch(text):
        raise Invalid("not a name of a column or table")
    return text


def escaped(text: str) -> str:
    """Percent-encode; raises Invalid for text that no UTF-8 can carry."""
    try:
        return quote(text, safe="(),")
    except UnicodeEncodeError:
        raise Invalid("the text is not Unicode") from None


def _joined(filters: Sequence[Filter], word: str) -> Filter:
    if not filters:
        raise Invalid("a condition of nothing")
    if len(filters) == 1:
        return filters[0]
    return Filter("(" + word.join(one.text for one in filters) + ")")


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise Invalid("a time needs its zone")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
