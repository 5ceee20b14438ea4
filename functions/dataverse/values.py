"""Rows of the Web API as attributes of records, written as those of webhooks are. Pure.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/retrieve-entity-using-web-api: a
reference is `_NAME_value`, and annotations tell its target's table and what people read.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from pydantic import JsonValue

from functions.channels.records.change import RecordValue
from functions.dataverse.client import Row
from functions.providers.dataverse.values import LONGEST, guid
from functions.providers.payload import instant, text

SHOWN = "OData.Community.Display.V1.FormattedValue"
TARGET = "Microsoft.Dynamics.CRM.lookuplogicalname"
_REFERENCE = re.compile(r"_(.+)_value")


def attributes(row: Row) -> Mapping[str, RecordValue]:
    """Read the columns that have a value, by their logical names."""
    return dict(_columns(row))


def moment(row: Row, column: str) -> datetime | None:
    """Read a time; None when there is none."""
    return instant(text(dict(row), column))


def _columns(row: Row) -> Iterator[tuple[str, RecordValue]]:
    for name, value in row.items():
        if "@" in name or value is None or isinstance(value, dict | list):
            continue
        reference = _REFERENCE.fullmatch(name)
        yield (
            reference[1] if reference else name,
            RecordValue(
                value=_written(value),
                name=text(dict(row), f"{name}@{SHOWN}")[:LONGEST],
                entity=text(dict(row), f"{name}@{TARGET}") if reference else "",
            ),
        )


def _written(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    plain = str(value)
    return (guid(plain) or plain)[:LONGEST]
