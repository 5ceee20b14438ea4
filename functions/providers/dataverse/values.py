"""The values of Dataverse's SDK as its DataContract JSON writes them, made plain.

Follows https://learn.microsoft.com/power-apps/developer/data-platform/webapi/web-api-types-operations for the
types, and https://learn.microsoft.com/dotnet/framework/wcf/feature-details/stand-alone-json-serialization
for `__type`, dictionaries as arrays of key and value, and `/Date(milliseconds±hhmm)/`, whose offset only
tells the writer's zone: the milliseconds are UTC.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pydantic import JsonValue

from functions.channels.records.change import RecordValue
from functions.providers.payload import children, number, text

LONGEST = 4_000  # characters of a value: what conditions look at
_DATE = re.compile(r"/Date\((-?\d{1,16})([+-]\d{4})?\)/")
_GUID = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY = "00000000-0000-0000-0000-000000000000"
_DEEPEST = 4  # aliased values inside each other


def pairs(value: JsonValue, name: str) -> Iterator[tuple[str, JsonValue]]:
    """Give the entries of a dictionary, an array of `{key, value}`; what is no entry is passed over."""
    for entry in children(value, name):
        if isinstance(entry, dict) and isinstance(key := entry.get("key"), str):
            yield key, entry.get("value")


def parameter(value: JsonValue, name: str) -> JsonValue:
    """Give an input parameter of the context; None when it is not there."""
    return dict(pairs(value, "InputParameters")).get(name)


def type_of(value: JsonValue) -> str:
    """Give the type's name without its namespace; by its shape where a relay has dropped `__type`."""
    if not isinstance(value, dict):
        return ""
    if named := text(value, "__type").partition(":")[0]:
        return named
    if "Attributes" in value:
        return "Entity"
    if "Entities" in value:
        return "EntityCollection"
    return "EntityReference" if "LogicalName" in value and "Id" in value else ""


def guid(value: JsonValue) -> str:
    """Give an id in lower case without braces; empty for what is none, and for the one of nobody."""
    found = _GUID.fullmatch(value) if isinstance(value, str) else None
    plain = found[1].lower() if found else ""
    return "" if plain == _NOBODY else plain


def date(value: JsonValue) -> datetime | None:
    """Read a time; None for anything else, and beyond the calendar."""
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        return _EPOCH + timedelta(milliseconds=int(found[1])) if found else None
    except OverflowError:
        return None


def attributes(entity: JsonValue) -> dict[str, RecordValue]:
    """Read the attributes of an entity or image, by logical name; one that was cleared is empty."""
    shown = {name: value for name, value in pairs(entity, "FormattedValues") if isinstance(value, str)}
    return {name: _named(plain(value), shown, name) for name, value in pairs(entity, "Attributes")}


def plain(value: JsonValue, depth: int = 0) -> RecordValue:
    """Make a value plain; what no column holds (an image, a nested entity) is empty."""
    if isinstance(value, list):
        return RecordValue(value=",".join(filter(None, (plain(one, depth + 1).value for one in value[:100]))))
    if not isinstance(value, dict):
        return RecordValue(value=_scalar(value))
    kind = type_of(value)
    if kind == "EntityReference":
        return reference(value)
    if kind in ("Entity", "EntityCollection") or depth > _DEEPEST:
        return RecordValue(value=",".join(parties(value)))
    return plain(value.get("Value"), depth + 1)  # OptionSetValue, Money, AliasedValue, managed property


def reference(value: Mapping[str, JsonValue]) -> RecordValue:
    """Read an EntityReference."""
    return RecordValue(
        value=guid(value.get("Id")), name=text(dict(value), "Name")[:LONGEST], entity=logical(value)
    )


def logical(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """Give the logical name of an entity or reference, in lower case."""
    name = value.get("LogicalName") if isinstance(value, Mapping) else None
    return name.strip().lower() if isinstance(name, str) else ""


def parties(value: JsonValue) -> Iterator[str]:
    """Give whom an activity's parties (from, to …) refer to, as `contact/ID`."""
    for entity in children(value, "Entities")[:100]:
        for name, inner in pairs(entity, "Attributes"):
            if name == "partyid" and isinstance(inner, dict):
                found = reference(inner)
                yield f"{found.entity}/{found.value}"


def choice(value: JsonValue) -> str:
    """Give the digits of an OptionSetValue; empty when it is none."""
    found = number(value, "Value")
    return "" if found is None else str(found)


def _named(value: RecordValue, shown: Mapping[str, str], name: str) -> RecordValue:
    return value.model_copy(update={"name": shown[name][:LONGEST]}) if shown.get(name) else value


def _scalar(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    if when := date(value):
        return written(when)
    if isinstance(value, str):
        return (guid(value) or value)[:LONGEST]
    return "" if value is None else str(value)


def written(when: datetime) -> str:
    """Write a time as ISO 8601 in UTC."""
    spec = "milliseconds" if when.microsecond else "seconds"
    return when.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")
