"""What the host is told: `host.json`, the environment and `local.settings.json`.

https://learn.microsoft.com/azure/azure-functions/functions-host-json and
https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus (host.json settings).
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?")
PLACEHOLDER = re.compile(r"%([^%]+)%")


class ConfigurationError(Exception):
    """The app or its settings cannot be run; the message says what to change."""


@dataclass(frozen=True, slots=True)
class ServiceBusOptions:
    """`extensions.serviceBus` of host.json, with the extension's defaults; times are in seconds."""

    max_concurrent_calls: int = 16
    max_concurrent_sessions: int = 8
    max_message_batch_size: int = 1000
    min_message_batch_size: int = 1
    max_batch_wait_time: float = 30
    session_idle_timeout: float = 60
    max_auto_lock_renewal_duration: float = 300


@dataclass(frozen=True, slots=True)
class HostSettings:
    """`host.json`. `function_timeout` is in seconds, None without limit."""

    route_prefix: str = "api"
    function_timeout: float | None = 300
    service_bus: ServiceBusOptions = field(default_factory=ServiceBusOptions)


def read_host_settings(app_dir: Path) -> HostSettings:
    """Read `host.json`; raises ConfigurationError when it is missing or cannot be understood."""
    document = _read_object(app_dir / "host.json")
    if document.get("version") != "2.0":
        raise ConfigurationError('host.json must say "version": "2.0"')
    extensions = _object(document, "extensions")
    return HostSettings(
        route_prefix=str(_object(extensions, "http").get("routePrefix", "api")).strip("/"),
        function_timeout=_timeout(document.get("functionTimeout")),
        service_bus=_service_bus(_object(extensions, "serviceBus")),
    )


def load_local_settings(app_dir: Path) -> None:
    """Put `Values` of `local.settings.json`, if it is there, into the environment; what is set there wins."""
    path = app_dir / "local.settings.json"
    if not path.exists():
        return
    document = _read_object(path)
    if document.get("IsEncrypted"):
        raise ConfigurationError("local.settings.json is encrypted: decrypt it with `func settings decrypt`")
    for name, value in _object(document, "Values").items():
        os.environ.setdefault(name, str(value))


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """Replace each `%NAME%` by the setting of that name; raises ConfigurationError when it is not set."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise ConfigurationError(f"the setting {name}, which a trigger names as %{name}%, is missing")
        return environment[name]

    return PLACEHOLDER.sub(value, text)


def time_span(text: str) -> float:
    """Read a .NET time span (`d.hh:mm:ss.fff`, days and fraction optional) as seconds."""
    match = TIME_SPAN.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(f"{text!r} is not a time span such as 00:05:00")
    days, hours, minutes, seconds, fraction = match.groups()
    return (
        int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(fraction or 0)
    )


def _service_bus(options: Mapping[str, Any]) -> ServiceBusOptions:
    default = ServiceBusOptions()
    return ServiceBusOptions(
        max_concurrent_calls=_positive(options, "maxConcurrentCalls", default.max_concurrent_calls),
        max_concurrent_sessions=_positive(options, "maxConcurrentSessions", default.max_concurrent_sessions),
        max_message_batch_size=_positive(options, "maxMessageBatchSize", default.max_message_batch_size),
        min_message_batch_size=_positive(options, "minMessageBatchSize", default.min_message_batch_size),
        max_batch_wait_time=_span(options, "maxBatchWaitTime", default.max_batch_wait_time),
        session_idle_timeout=_span(options, "sessionIdleTimeout", default.session_idle_timeout),
        max_auto_lock_renewal_duration=_span(
            options, "maxAutoLockRenewalDuration", default.max_auto_lock_renewal_duration
        ),
    )


def _timeout(value: object) -> float | None:
    if value is None:
        return HostSettings().function_timeout
    return None if value == "-1" else time_span(str(value))


def _span(options: Mapping[str, Any], name: str, default: float) -> float:
    return time_span(str(options[name])) if name in options else default


def _positive(options: Mapping[str, Any], name: str, default: int) -> int:
    value = options.get(name, default)
    if not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"host.json: {name} must be a whole number of at least 1")
    return value


def _read_object(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing") from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path} must hold a JSON object")
    return document


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise ConfigurationError(f"{name} must be a JSON object")
    return value
