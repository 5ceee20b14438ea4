"""From text to a `Document`: what can be read of it, and a problem for each part that cannot.

One broken part does not hide the problems of the others: it is left out, and the rest is checked on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import JsonValue, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from functions.configuration.document import Document
from functions.configuration.problem import Problem

Item = TypeVar("Item")
Place = tuple[int | str, ...]
LISTS = (
    "accounts",
    "rules",
    "workstreams",
    "agentQueues",
    "operatingHours",
    "callFlows",
    "recordTables",
    "intakeRules",
    "records",
)
SAID = {
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    "string_type": "must be text: write it in quotes",
    "model_type": "must be a map of fields",
    "tuple_type": "must be a list",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as far as it can be read.

    `kept` has the original place of each item of a list from which broken ones were left out; `broken`
    the ids of those, by list, so that references to them count. `lost` are fields not read at all.
    """

    document: Document
    kept: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    broken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()

    def places(self, section: str, items: Sequence[Item]) -> Iterator[tuple[str, Item]]:
        """Give each item with its path, such as `accounts[2]`."""
        indices = self.kept.get(section, range(len(items)))
        for index, item in zip(indices, items, strict=True):
            yield f"{section}[{index}]", item


def draft(value: JsonValue) -> tuple[Draft | None, list[Problem]]:
    """Read plain values; None when nothing can be read of them."""
    try:
        return Draft(Document.model_validate(value)), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        problems = [Problem(path=path(item["loc"]) or "document", reason=said(item)) for item in found]
        return (_rest(value, [item["loc"] for item in found]) if isinstance(value, dict) else None), problems


def path(place: Sequence[int | str]) -> str:
    """Write a place as people do: `accounts[2].settings.sender`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return re.sub(r"^\.", "", "".join(parts))


def said(item: ErrorDetails) -> str:
    """Say what pydantic found, without what was typed."""
    message = SAID.get(item["type"]) or item["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _rest(value: dict[str, JsonValue], places: Sequence[Place]) -> Draft | None:
    wrong: dict[str, set[int]] = {}
    whole = set()
    for place in places:
        name = to_camel(str(place[0])) if place else ""
        if len(place) > 1 and isinstance(place[1], int) and name in LISTS:
            wrong.setdefault(name, set()).add(place[1])
        else:
            whole.add(name)
    rest = {to_camel(name): part for name, part in value.items() if to_camel(name) not in whole}
    kept: dict[str, tuple[int, ...]] = {}
    broken: dict[str, frozenset[str]] = {}
    for section, indices in wrong.items():
        items = rest.get(section)
        if isinstance(items, list):
            kept[section] = tuple(index for index in range(len(items)) if index not in indices)
            broken[section] = frozenset(_ids([items[index] for index in indices]))
            rest[section] = [items[index] for index in kept[section]]
    try:
        return Draft(Document.model_validate(rest), kept, broken, frozenset(whole))
    except ValidationError:
        return None


def _ids(items: Sequence[JsonValue]) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict) and isinstance(found := item.get("id"), str):
            yield found
