"""What the code uses, read from the code itself: queues, tables, containers, settings, roles, figures, logs.

Queues come from the indexed app's triggers; the rest from the sources' syntax trees.
"""

import ast
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from functions.telemetry import Figure
from infra.package import SETTINGS

ROLES = {  # of a client of Azure's: what its identity must be allowed
    "azure.servicebus": "Azure Service Bus Data Sender",
    "azure.data.tables": "Storage Table Data Contributor",
    "azure.storage.blob": "Storage Blob Data Contributor",
    "azure.keyvault.secrets": "Key Vault Secrets User",
    "azure.messaging.webpubsubservice": "Web PubSub Service Owner",
    "azure.monitor.opentelemetry": "Monitoring Metrics Publisher",
}
NO_ROLE = (  # what they all share, the host's own model, and the one client that has a key of its account
    "azure.core",
    "azure.functions",
    "azure.identity",
    "azure.communication.callautomation",
)
HOST_ROLES = frozenset(
    ("Azure Service Bus Data Receiver", "Monitoring Metrics Publisher", "Storage Blob Data Owner")
)
INDEX = """
import json, function_app
bindings = [json.loads(text) for one in function_app.app.get_functions() for text in one.get_raw_bindings()]
queues = [one["queueName"] for one in bindings if one["type"] == "serviceBusTrigger"]
timers = [one["schedule"] for one in bindings if one["type"] == "timerTrigger"]
batched = [
    one["queueName"] for one in bindings if one.get("isSessionsEnabled") and one.get("cardinality") == "MANY"
]
print(json.dumps({"queues": queues, "timers": timers, "batched": batched}))
"""
PLATFORM = frozenset(("OTEL_SERVICE_NAME", "WEBSITE_SITE_NAME"))  # settings that Azure makes


class How(StrEnum):
    """Which function of `functions.telemetry` tells a figure."""

    COUNT = "count"
    MEASURE = "measure"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Told:
    """How a figure is told, and the facts that every telling has."""

    how: How
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Setting:
    """A name that the code looks up, and the names that do as well."""

    name: str
    alternatives: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Uses:
    """All of it."""

    queues: frozenset[str]
    batched: frozenset[str]  # queues with sessions whose trigger takes many messages at once
    tables: frozenset[str]
    containers: frozenset[str]
    settings: tuple[Setting, ...]
    roles: frozenset[str]
    unknown_clients: frozenset[str]
    figures: Mapping[str, Told]
    logs: frozenset[str]
    subscribed: frozenset[str]
    pushed: frozenset[str]
    timers: tuple[str, ...]


def read(root: Path) -> Uses:
    """Read `function_app.py` and `functions/` below a folder, which is the one that is imported."""
    trees = {path: ast.parse(path.read_text()) for path in _sources(root)}
    clients = {name for tree in trees.values() for name in _azure(tree)}
    texts = frozenset(
        str(node.value)
        for tree in trees.values()
        for node in _nodes(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    indexed = _indexed(root)
    return Uses(
        queues=frozenset(name.removesuffix("/$DeadLetterQueue") for name in indexed["queues"]),
        batched=frozenset(indexed["batched"]),
        tables=frozenset(_tables(root, trees)),
        containers=frozenset(_values(root, trees, "CONTAINER")),
        settings=tuple(
            found for path, tree in trees.items() for found in _settings(_module(root, path), tree)
        ),
        roles=HOST_ROLES | {role for client, role in ROLES.items() if _any(clients, client)},
        unknown_clients=frozenset(name for name in clients if not name.startswith((*ROLES, *NO_ROLE))),
        figures=_figures(trees),
        logs=frozenset(found for tree in trees.values() for found in _logs(tree)),
        subscribed=frozenset(found for found in texts if found.startswith("Microsoft.Communication.")),
        pushed=frozenset(found for found in texts if found.startswith("azure.webpubsub.")),
        timers=tuple(indexed["timers"]),
    )


@cache
def _nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Walk a tree once: six questions are asked of each."""
    return tuple(ast.walk(tree))


def _sources(root: Path) -> list[Path]:
    return [root / "function_app.py", *sorted((root / "functions").rglob("*.py"))]


def _module(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _any(clients: set[str], prefix: str) -> bool:
    return any(client.startswith(prefix) for client in clients)


def _indexed(root: Path) -> dict[str, list[str]]:
    """Index the app as the host does, in a process of its own: its triggers' queues, and its timers."""
    environment = {**os.environ, **SETTINGS, "CHANNELS": ""}
    command = [sys.executable, "-c", INDEX]
    done = subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def _azure(tree: ast.Module) -> Iterator[str]:
    for node in _nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("azure."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("azure."):
            yield node.module or ""


def _tables(root: Path, trees: dict[Path, ast.Module]) -> Iterator[str]:
    for path, tree in trees.items():
        for node in _nodes(tree):
            if isinstance(node, ast.Call) and len(node.args) == 1 and _called(node) in ("table", "_table"):
                found = _text(_module(root, path), node.args[0])
                if found:
                    yield found


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _text(module: str, node: ast.expr) -> str:
    """Give the text of a constant, of a name of the module, or of both joined; empty for anything else."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name):
        found = getattr(importlib.import_module(module), node.id, "")
        return found if isinstance(found, str) else ""
    if isinstance(node, ast.FormattedValue):
        return _text(module, node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(module, part) for part in node.values)
    return ""


def _values(root: Path, trees: dict[Path, ast.Module], name: str) -> Iterator[str]:
    for path, tree in trees.items():
        if any(isinstance(node, ast.Assign) and _assigned(node) == name for node in tree.body):
            yield str(getattr(importlib.import_module(_module(root, path)), name))


def _assigned(node: ast.Assign) -> str:
    target = node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _settings(module: str, tree: ast.Module) -> Iterator[Setting]:
    for node in _nodes(tree):
        if isinstance(node, ast.BoolOp):
            names = [name for value in node.values for name in _looked_up(module, value)]
            yield from (Setting(name, frozenset(names) - {name}) for name in names)
        elif isinstance(node, ast.Call) and _called(node) == "need":
            names = [_text(module, arg) for place, arg in enumerate(node.args) if place != 1]
            yield from (Setting(name, frozenset(names) - {name}) for name in names)
        elif not isinstance(node, ast.expr):
            continue
        else:
            yield from (Setting(name) for name in _looked_up(module, node))


def _looked_up(module: str, node: ast.expr) -> Iterator[str]:
    """Find `environment.get(NAME)` and its like; a name that is only known when the app runs is none."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        whose = ast.unparse(node.func.value)
        known = whose in ("environment", "os.environ") and node.func.attr in ("get", "setdefault")
        if (known or ast.unparse(node.func) == "os.getenv") and (name := _text(module, node.args[0])):
            yield name


def _figures(trees: dict[Path, ast.Module]) -> dict[str, Told]:
    found: dict[str, Told] = {}
    calls = (node for tree in trees.values() for node in _nodes(tree) if isinstance(node, ast.Call))
    for call in calls:
        name = ast.unparse(call.args[0]).removeprefix("Figure.") if call.args else ""
        if name in Figure.__members__ and _called(call) in {how.value for how in How}:
            facts = frozenset(word.arg for word in call.keywords if word.arg)
            known = found.get(Figure[name].value, Told(How(_called(call)), facts))
            found[Figure[name].value] = Told(known.how, known.facts & facts)
    return found


def _logs(tree: ast.Module) -> Iterator[str]:
    for node in _nodes(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        if ast.unparse(node.func.value) == "log" and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
