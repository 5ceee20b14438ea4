"""The fields and operators that conditions are made of, as data for validation and for compiling."""

from collections.abc import Mapping
from datetime import date

from pydantic import JsonValue

from functions.configuration.document import Condition
from functions.message import Kind
from functions.routing.hours import DAYS

FIELDS = frozenset(
    {
        "channel",
        "provider",
        "account",
        *(f"message.{name}" for name in ("text", "kind", "payload", "attachments")),
        *(f"customer.{name}" for name in ("id", "name", "phone", "email", "locale")),
        *(f"time.{name}" for name in ("hour", "minute", "weekday", "date", "open")),
    }
)
OPEN_FIELDS = ("linked.", "record.", "context.")  # any name may follow
OPERATORS: Mapping[str, str] = {  # of `Condition` → as it is written
    "equals": "equals",
    "not_equals": "notEquals",
    "is_in": "in",
    "contains": "contains",
    "begins_with": "beginsWith",
    "ends_with": "endsWith",
    "matches": "matches",
    "exists": "exists",
    "greater_than": "greaterThan",
    "less_than": "lessThan",
}
GROUPS: Mapping[str, str] = {"all": "all", "any": "any", "negate": "not"}
VALUES: Mapping[str, frozenset[str]] = {
    "message.kind": frozenset(kind.casefold() for kind in Kind),
    "time.weekday": frozenset(DAYS),
    "time.open": frozenset({"true", "false"}),
}
NUMERIC: Mapping[str, int] = {"time.hour": 24, "time.minute": 60}


def is_field(name: str) -> bool:
    """Tell whether a condition can ask for this field."""
    return name in FIELDS or any(name.startswith(start) and name != start for start in OPEN_FIELDS)


def given(condition: Condition, names: Mapping[str, str]) -> list[str]:
    """List which of these attributes the condition sets."""
    return [name for name in names if name in condition.model_fields_set]


def plain(value: JsonValue) -> str:
    """Write an operand as the facts are written, so that they compare: folded text, `true`, `5`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).casefold()


def possible(field: str, value: JsonValue) -> bool:
    """Tell whether the field can ever have this value."""
    if field in NUMERIC:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < NUMERIC[field]
    if field == "time.date":
        return isinstance(value, str) and _is_date(value)
    return field not in VALUES or plain(value) in VALUES[field]


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
