"""Files of parameters, and azure.yaml: they name what main.bicep has, and give what it needs."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from tree_sitter import Node

from functions.configuration.parts import Name
from infra.check import values
from infra.check.bicep import File, Kind, find, properties, text
from infra.check.problem import Problem

APP = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
URL = re.compile(r"https://[^/\s]+(/[^/\s]+)*")
ACCOUNT = TypeAdapter(Name)
SHAPES = {"apps": "appOption", "eventAccounts": "eventAccount"}  # parameters that are lists of objects


def check(main: File, types: File, channels: Sequence[str], root: Path) -> Iterator[Problem]:
    """Compare main.parameters.json and the examples with main.bicep, and what is deployed with azure.yaml."""
    for path in [root / "main.parameters.json", *sorted((root / "examples").glob("*.json"))]:
        name = path.relative_to(root).as_posix()
        given = json.loads(path.read_text())["parameters"]
        yield from (Problem(name, 0, says) for says in _given(main, given))
        yield from (Problem(name, 0, says) for says in values.parameters(main, given))
        yield from (Problem(name, 0, says) for says in _lists(types, given))
        if "apps" in given:
            yield from (Problem(name, 0, says) for says in _apps(given["apps"]["value"], channels))
        yield from (Problem(name, 0, says) for says in _accounts(_listed(given, "eventAccounts")))
    yield from _services(main, root)


def _given(main: File, given: dict[str, Any]) -> Iterator[str]:
    wanted = main.of(Kind.PARAMETER)
    for name in given:
        if name not in wanted:
            yield f"main.bicep has no parameter {name!r}"
    for name, parameter in wanted.items():
        if parameter.required and name not in given:
            yield f"main.bicep needs the parameter {name!r}"


def _lists(types: File, given: dict[str, Any]) -> Iterator[str]:
    for name, kind in SHAPES.items():
        shape = next(find(types.of(Kind.TYPE)[kind].node, "object"))
        for item in _listed(given, name):
            yield from _fields(name, item, properties(shape))
            yield from values.fields(shape, item)


def _listed(given: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = given.get(name, {"value": []})["value"]
    return found


def _fields(what: str, item: dict[str, Any], shape: Mapping[str, Node]) -> Iterator[str]:
    needed = {name for name, is_a in shape.items() if is_a.type != "nullable_type"}
    called = item.get("name", item.get("account"))
    yield from (f"one of {what} has no {name!r}" for name in sorted(item.keys() - shape.keys()))
    yield from (f"{called!r} of {what} needs {name!r}" for name in sorted(needed - item.keys()))


def _apps(apps: list[dict[str, Any]], channels: Sequence[str]) -> Iterator[str]:
    served = Counter(channel for app in apps for channel in app.get("channels") or channels)
    for channel in channels:
        if served[channel] != 1:
            yield f"the channel {channel!r} is served by {served[channel]} apps, not by one"
    yield from (f"there is no channel {channel!r}" for channel in served if channel not in channels)
    for app in apps:
        if not APP.fullmatch(app.get("name", "")):
            yield f"an app cannot be called {app.get('name')!r}: small letters and digits, for Azure's names"
        if not URL.fullmatch(url := app.get("publicBaseUrl", "https://its-own")):
            yield f"publicBaseUrl cannot be {url!r}: https://HOST, without a slash at the end"
    for name, count in Counter(app.get("name") for app in apps).items():
        if count > 1:
            yield f"{count} apps are called {name!r}"


def _accounts(accounts: list[dict[str, Any]]) -> Iterator[str]:
    for name in [account.get("account") for account in accounts]:
        try:
            ACCOUNT.validate_python(name)
        except ValidationError:
            yield f"no account of a configuration has the id {name!r}"


def _services(main: File, root: Path) -> Iterator[Problem]:
    """Compare the apps that are deployed with azd's services: azd finds where to publish by the name."""
    services = yaml.safe_load((root.parent / "azure.yaml").read_text())["services"]
    given = json.loads((root / "main.parameters.json").read_text())["parameters"]
    apps = [app.get("name") for app in _listed(given, "apps")] or _default_apps(main)
    for app in sorted(set(apps) - services.keys()):
        yield Problem("../azure.yaml", 0, f"the app {app!r} has no service of its name")
    for service in sorted(services.keys() - set(apps)):
        yield Problem(
            "../azure.yaml", 0, f"the service {service!r} is no app: azd would not find it in Azure"
        )


def _default_apps(main: File) -> list[str]:
    value = main.of(Kind.PARAMETER)["apps"].value
    objects = find(value, "object") if value else ()
    return [text(properties(app)["name"]) for app in objects]
