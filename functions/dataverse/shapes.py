"""What tables are made of: asked once an hour, so that a query names only what is there.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api. A column that
is a reference has another name in queries, and one that is not there would make the whole query fail.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue

from functions.dataverse import odata
from functions.dataverse.client import Client
from functions.providers.payload import children, text

AGE = timedelta(hours=1)
_REFERENCES = frozenset({"Lookup", "Customer", "Owner"})
_UNREADABLE = frozenset({"Virtual", "EntityName", "CalendarRules", "PartyList"})


@dataclass(frozen=True, slots=True)
class Shape:
    """A table: its name in addresses, its key, and its columns' names in queries by their logical names.

    `tracked`: the environment keeps track of its changes.
    """

    entity: str
    collection: str
    key: str
    tracked: bool
    columns: Mapping[str, str]

    def select(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Give the names in queries of those columns that are there."""
        return tuple(dict.fromkeys(self.columns[one] for one in columns if one in self.columns))


class Shapes:
    """The shapes of one environment's tables."""

    def __init__(self, client: Client, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[Shape, datetime]] = {}

    async def of(self, entity: str) -> Shape:
        """Give a table's shape; raises NotFound when there is none, and as the client."""
        known = self._known.get(entity)
        if known and self._clock() < known[1]:
            return known[0]
        found = dict(await self._client.read(odata.definition(entity)))
        shape = _shape(entity, found)
        self._known[entity] = (shape, self._clock() + AGE)
        return shape


def _shape(entity: str, found: JsonValue) -> Shape:
    columns = {}
    for one in children(found, "Attributes"):
        name, kind = text(one, "LogicalName"), text(one, "AttributeType")
        if name and kind not in _UNREADABLE:
            columns[name] = f"_{name}_value" if kind in _REFERENCES else name
    tracked = isinstance(found, dict) and found.get("ChangeTrackingEnabled") is True
    return Shape(entity, text(found, "EntitySetName"), text(found, "PrimaryIdAttribute"), tracked, columns)
