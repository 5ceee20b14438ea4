"""Files of parameters, and azure.yaml: they name what main.bicep has, and give what it needs."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from tree_sitter import Node

from infra.check import values
from infra.check.bicep import File, Kind, find, properties, text
from infra.check.problem import Problem

APP = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def check(main: File, types: File, channels: Sequence[str], root: Path) -> Iterator[Problem]:
    """Compare main.parameters.json and the examples with main.bicep, and its apps with azure.yaml."""
    typed = next(find(types.of(Kind.TYPE)["appOption"].node, "object"))
    for path in [root / "main.parameters.json", *sorted((root / "examples").glob("*.json"))]:
        name = path.relative_to(root).as_posix()
        given = json.loads(path.read_text())["parameters"]
        yield from (Problem(name, 0, says) for says in _given(main, given))
        yield from (Problem(name, 0, says) for says in values.parameters(main, given))
        for app in given.get("apps", {"value": []})["value"]:
            yield from (Problem(name, 0, says) for says in _fields(app, properties(typed)))
            yield from (Problem(name, 0, says) for says in values.fields(typed, app))
        if "apps" in given:
            yield from (Problem(name, 0, says) for says in _apps(given["apps"]["value"], channels))
    services = yaml.safe_load((root.parent / "azure.yaml").read_text())["services"]
    for app in _default_apps(main):
        if app not in services:
            yield Problem("../azure.yaml", 0, f"the app {app!r} of main.bicep has no service of its name")


def _given(main: File, given: dict[str, Any]) -> Iterator[str]:
    wanted = main.of(Kind.PARAMETER)
    for name in given:
        if name not in wanted:
            yield f"main.bicep has no parameter {name!r}"
    for name, parameter in wanted.items():
        if parameter.required and name not in given:
            yield f"main.bicep needs the parameter {name!r}"


def _fields(app: dict[str, Any], shape: Mapping[str, Node]) -> Iterator[str]:
    needed = {name for name, is_a in shape.items() if is_a.type != "nullable_type"}
    yield from (f"an app has no {name!r}" for name in sorted(app.keys() - shape.keys()))
    yield from (f"the app {app.get('name')!r} needs {name!r}" for name in sorted(needed - app.keys()))


def _apps(apps: list[dict[str, Any]], channels: Sequence[str]) -> Iterator[str]:
    served = Counter(channel for app in apps for channel in app["channels"] or channels)
    for channel in channels:
        if served[channel] != 1:
            yield f"the channel {channel!r} is served by {served[channel]} apps, not by one"
    yield from (f"there is no channel {channel!r}" for channel in served if channel not in channels)
    for app in apps:
        if not APP.fullmatch(app.get("name", "")):
            yield f"an app cannot be called {app.get('name')!r}: small letters and digits, for Azure's names"
    for name, count in Counter(app.get("name") for app in apps).items():
        if count > 1:
            yield f"{count} apps are called {name!r}"


def _default_apps(main: File) -> list[str]:
    value = main.of(Kind.PARAMETER)["apps"].value
    objects = find(value, "object") if value else ()
    return [text(properties(app)["name"]) for app in objects]
