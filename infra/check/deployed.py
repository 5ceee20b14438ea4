"""What Bicep makes: queues, tables, containers, settings, roles; and the events that it subscribes to."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tree_sitter import Node

from infra.check.bicep import Declaration, File, Kind, body, find, properties, raw, text

SITE_SETTINGS = "Microsoft.Web/sites/config"
ROLE = "Microsoft.Authorization/roleAssignments"
QUEUE = "Microsoft.ServiceBus/namespaces/queues"
TABLE = "Microsoft.Storage/storageAccounts/tableServices/tables"
HUB = "Microsoft.SignalRService/webPubSub/hubs"
CONTAINER = "Microsoft.Storage/storageAccounts/blobServices/containers"


@dataclass(frozen=True, slots=True)
class Deployed:
    """All of it."""

    queues: list[dict[str, Any]]
    tables: frozenset[str]
    containers: frozenset[str]
    settings: frozenset[str]
    roles: frozenset[str]
    named_roles: frozenset[str]
    subscribed: frozenset[str]
    pushed: frozenset[str]  # events of Web PubSub; none without it


def read(files: Mapping[Path, File], root: Path) -> Deployed:
    """Read the modules and the JSON beside them."""
    made = [(file, found) for file in files.values() for found in file.of(Kind.RESOURCE).values()]
    events = json.loads((root / "events.json").read_text())
    return Deployed(
        queues=_queues(made),
        tables=frozenset(_looped(made, TABLE)),
        containers=frozenset(_looped(made, CONTAINER)),
        settings=frozenset(_settings(made)),
        roles=frozenset(_looped(made, ROLE)),
        named_roles=frozenset(_named_roles(files)),
        subscribed=frozenset(event["type"] for event in events),
        pushed=frozenset(_pushed(made)),
    )


Made = list[tuple[File, Declaration]]


def _queues(made: Made) -> list[dict[str, Any]]:
    """Give the rows of the JSON file that the queues are made from."""
    return [row for file, found in _of(made, QUEUE) for row in _loaded(file, _source(found))]


def _looped(made: Made, kind: str) -> Iterator[str]:
    for file, found in _of(made, kind):
        yield from looped(file, found)


def looped(file: File, found: Declaration) -> Iterator[str]:
    """Give the texts over which a resource is made, through the file's variables and JSON files."""
    source = _source(found)
    yield from _texts(file, source)
    yield from _loaded(file, source)


def _loaded(file: File, source: Node | None) -> Iterator[Any]:
    """Give the items of the JSON files that a list is loaded from."""
    for node in _reached(file, source):
        for call in find(node, "call_expression"):
            path = file.path.parent / text(next(find(call, "string"), call))
            if raw(call.children[0]) == "loadJsonContent" and path.is_file():
                yield from json.loads(path.read_text())


def _of(made: Made, kind: str) -> Made:
    return [
        (file, found) for file, found in made if found.refers_to.startswith(f"{kind}@") and not found.existing
    ]


def _source(found: Declaration) -> Node | None:
    """Give what a resource's loop runs over."""
    loop = next(find(found.node, "for_statement"), None)
    if loop is None:
        return None
    named = [child for child in loop.children if child.is_named]
    return named[1]


def _texts(file: File, source: Node | None) -> Iterator[str]:
    """Find the texts of a list; those that are compared with something are no items of it."""
    for node in _reached(file, source):
        for found in find(node, "string"):
            if found.parent and found.parent.type not in ("binary_expression", "arguments"):
                yield text(found)


def _reached(file: File, source: Node | None) -> Iterator[Node]:
    """Give a node, and the values of the variables that it names."""
    if source is None:
        return
    yield source
    variables = file.of(Kind.VARIABLE)
    for name in find(source, "identifier"):
        if (found := variables.get(raw(name))) and found.value:
            yield from _reached(file, found.value)


def _settings(made: Made) -> Iterator[str]:
    for file, found in _of(made, SITE_SETTINGS):
        for node in _reached(file, properties(body(found.node)).get("properties")):
            for item in find(node, "object"):
                yield from properties(item)


def _pushed(made: Made) -> Iterator[str]:
    for _, found in _of(made, HUB):
        for node in find(found.node, "object_property"):
            name, value = text(node.children[0]), node.children[-1]
            if name == "systemEvents":
                yield from (f"azure.webpubsub.sys.{text(one)}" for one in find(value, "string"))
            elif name == "userEventPattern" and text(value):
                yield from (f"azure.webpubsub.user.{one}" for one in text(value).split(","))


def _named_roles(files: Mapping[Path, File]) -> Iterator[str]:
    for file in files.values():
        if (found := file.of(Kind.VARIABLE).get("roles")) and found.value:
            yield from properties(found.value)
