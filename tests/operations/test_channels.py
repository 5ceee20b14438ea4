"""An app with one channel: only its functions are there, and only its modules are imported."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from functions.channels import CHANNELS, channel_names
from functions.serving import SERVERS
from local.child import ROOT

SETTINGS = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
# Starts as the worker does, then loads what the channel's first webhook would.
STARTED = """
import json, sys
import function_app
from functions.channels import CHANNELS, adapter
from functions.serving import SERVERS
from importlib import import_module
names = [one.get_function_name() for one in function_app.app.get_functions()]
def loaded():
    return [name for name in sys.modules if name.startswith("functions.")]
indexed = loaded()
for channel, provider in CHANNELS:
    if channel == sys.argv[1]:
        adapter(channel, provider)
        if (channel, provider) in SERVERS:
            import_module(SERVERS[channel, provider].partition(":")[0])
print(json.dumps({"names": names, "indexed": indexed, "served": loaded()}))
"""
ROOMS = {"directline": {"chat"}, "messaging": {"custom"}, "voice": {"voice"}, "dataverse": {"records"}}
EXTRA = {
    "chat": {"push_events", "tidy_chats"},
    "voice": {"push_events", "mend_calls"},
    "records": {"reconcile_records", "write_timeline"},
}
# What a request to the API or a record's message may look like: words without work.
WORDS = {
    "functions.voice",
    "functions.voice.dialling",
    "functions.voice.words",
    "functions.channels.records",
    "functions.channels.records.change",
    "functions.providers.dataverse",
    "functions.providers.dataverse.values",
}


@cache
def started(channel: str) -> Mapping[str, list[str]]:
    environment = {**os.environ, **SETTINGS, "CHANNELS": channel, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", STARTED, channel], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    found: dict[str, list[str]] = json.loads(ran.stdout)
    return found


def own(channel: str) -> set[str]:
    """The names of a channel's own functions."""
    usual = ("{}", "route_{}", "deliver_{}", "dead_inbound_{}", "dead_outbound_{}")
    return {name.format(channel) for name in usual} | EXTRA.get(channel, set())


@cache
def owners() -> Mapping[str, frozenset[str]]:
    """Whose each module of the channels' rooms is: the channels whose adapters or servers import it."""
    found: dict[str, set[str]] = {}
    roots = [(channel, where) for (channel, _), where in (*CHANNELS.items(), *SERVERS.items())]
    for channel, where in roots:
        for module in closure(where.partition(":")[0]):
            found.setdefault(module, set()).add(channel)
    return {module: frozenset(channels) for module, channels in found.items()}


def closure(module: str) -> set[str]:
    found: set[str] = set()
    waiting = [module]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [
                name for name in (one.rpartition(".")[0], *imported(one)) if name.startswith("functions.")
            ]
    return found


@cache
def imported(module: str) -> tuple[str, ...]:
    place = ROOT / module.replace(".", "/")
    files = (place.with_suffix(".py"), place / "__init__.py")
    return tuple(name for path in files if path.exists() for name in _imported(ast.parse(path.read_text())))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def strangers(channel: str, modules: list[str]) -> set[str]:
    """The modules that only other channels have a use for."""
    rooms = {name for name in modules if _room_of(name) and channel not in _room_of(name)}
    adapters = {
        name
        for name in modules
        if name.startswith(("functions.channels.", "functions.providers."))
        and (whose := owners().get(name))
        and len(whose) == 1
        and channel not in whose
    }
    return (rooms | adapters) - WORDS


def _room_of(module: str) -> set[str]:
    return ROOMS.get(module.split(".")[1], set())


@pytest.mark.parametrize("channel", channel_names())
def test_only_its_functions_are_indexed(channel: str) -> None:
    names = started(channel)["names"]
    everything = set().union(*map(own, channel_names()))
    assert len(set(names)) == len(names)
    assert set(names) & everything == own(channel)
    assert set(names) - everything == set(started("")["names"]) - everything


def test_without_a_list_there_are_all() -> None:
    assert set().union(*map(own, channel_names())) <= set(started("")["names"])


@pytest.mark.parametrize("channel", channel_names())
def test_only_its_modules_are_imported(channel: str) -> None:
    found = started(channel)
    assert strangers(channel, found["indexed"]) == set()
    assert strangers(channel, found["served"]) == set()
    module = next(where for (one, _), where in CHANNELS.items() if one == channel).partition(":")[0]
    assert module in found["served"]


def test_a_stranger_would_be_seen() -> None:
    assert strangers(
        "sms", ["functions.channels.line", "functions.directline.tokens", "functions.errors"]
    ) == {
        "functions.channels.line",
        "functions.directline.tokens",
    }
