"""A function as the host sees it: its name, its code, its trigger and its outputs, as typed values.

The decorators of azure-functions describe a function by bindings, the JSON of `function.json`; this
room reads that JSON once, so that nothing past it handles bare dictionaries.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from local.host.settings import ConfigurationError, resolve

RETURN = "$return"
DEFAULT_CONNECTION = "AzureWebJobsServiceBus"


class Level(Enum):
    """Which key an HTTP function asks for."""

    ANONYMOUS = "anonymous"
    FUNCTION = "function"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """Called by HTTP at `route` below the prefix; no methods means all."""

    name: str
    route: str
    methods: frozenset[str]
    level: Level
    type: str = "httpTrigger"


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """Called for each message of a queue, or with `many` for a batch; `binary` keeps bodies as bytes."""

    name: str
    queue: str
    connection: str
    sessions: bool
    many: bool
    binary: bool
    type: str = "serviceBusTrigger"


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """Called by the clock, in UTC."""

    name: str
    schedule: str
    run_on_startup: bool
    type: str = "timerTrigger"


Trigger = HttpTrigger | QueueTrigger | TimerTrigger


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function; `outputs` are the names of its HTTP outputs, `$return` among them."""

    name: str
    call: Callable[..., Any]
    trigger: Trigger
    outputs: frozenset[str]
    takes_context: bool
    is_async: bool


def parse_bindings(name: str, raw: list[str], settings: Mapping[str, str]) -> tuple[Trigger, frozenset[str]]:
    """Read a function's bindings: its trigger and the names of its outputs.

    Raises ConfigurationError for a kind of binding that this host does not run.
    """
    bindings = [json.loads(text) for text in raw]
    triggers = [_trigger(name, each, settings) for each in bindings if each["direction"] == "IN"]
    if len(triggers) != 1:
        raise ConfigurationError(f"{name}: this host runs functions with one trigger and no input bindings")
    outputs = [each for each in bindings if each["direction"] != "IN"]
    for each in outputs:
        if each["type"] != "http" or not isinstance(triggers[0], HttpTrigger):
            raise ConfigurationError(
                f"{name}: output binding {each['name']} ({each['type']}) is not supported"
            )
    return triggers[0], frozenset(each["name"] for each in outputs)


def _trigger(name: str, binding: Mapping[str, Any], settings: Mapping[str, str]) -> Trigger:
    match binding["type"]:
        case "httpTrigger":
            return _http(binding, settings)
        case "serviceBusTrigger" if binding.get("queueName"):
            return _queue(binding, settings)
        case "timerTrigger":
            schedule = resolve(binding["schedule"], settings)
            return TimerTrigger(binding["name"], schedule, bool(binding.get("runOnStartup")))
        case kind:
            raise ConfigurationError(f"{name}: trigger or input binding {kind} is not supported")


def _http(binding: Mapping[str, Any], settings: Mapping[str, str]) -> HttpTrigger:
    return HttpTrigger(
        name=binding["name"],
        route=resolve(binding["route"], settings).strip("/"),
        methods=frozenset(str(method).upper() for method in binding.get("methods") or ()),
        level=Level(str(binding.get("authLevel") or "function").lower()),
    )


def _queue(binding: Mapping[str, Any], settings: Mapping[str, str]) -> QueueTrigger:
    return QueueTrigger(
        name=binding["name"],
        queue=resolve(binding["queueName"], settings),
        connection=binding.get("connection") or DEFAULT_CONNECTION,
        sessions=bool(binding.get("isSessionsEnabled")),
        many=str(binding.get("cardinality") or "one").lower() == "many",
        binary=str(binding.get("dataType") or "").lower() == "binary",
    )
