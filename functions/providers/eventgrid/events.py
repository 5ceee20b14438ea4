"""Events as Event Grid delivers them: one or many, in its own schema or as CloudEvents 1.0.

Follows https://learn.microsoft.com/azure/event-grid/event-schema and
https://learn.microsoft.com/azure/event-grid/cloud-event-schema.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from functions.errors import Invalid
from functions.providers.payload import child, instant, read_json, text

_ENDED = "microsoft.eventgrid.subscriptiondeletedevent"


@dataclass(frozen=True, slots=True)
class Event:
    """An event of either schema. The names in `data` are lower case at every level: publishers vary them."""

    id: str
    type: str  # lower case
    at: datetime | None
    data: dict[str, JsonValue]
    raw: JsonValue


def events(body: bytes) -> Iterator[Event]:
    """Yield each event of a batch, or the only one; raises Invalid when the body holds neither."""
    content = read_json(body)
    if not isinstance(content, list | dict):
        raise Invalid("the body is neither an event nor an array of events")
    for fragment in content if isinstance(content, list) else [content]:
        kind = (text(fragment, "eventType") or text(fragment, "type")).lower()
        at = instant(text(fragment, "eventTime") or text(fragment, "time"))
        if kind != _ENDED:
            data = child(_lowered(child(fragment, "data")))
            yield Event(text(fragment, "id"), kind, at, data, fragment)


def _lowered(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_lowered(item) for item in value]
    if isinstance(value, dict):
        return {name.lower(): _lowered(item) for name, item in value.items()}
    return value
