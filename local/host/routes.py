"""Route templates of HTTP triggers, matched in ASP.NET's order of precedence.

https://learn.microsoft.com/aspnet/core/fundamentals/routing: literals before parameters before
catch-alls, segment by segment. Supported: `text`, `{name}`, `{name?}`, `{name:constraint}`, `{*path}`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import unquote

from local.host.settings import ConfigurationError
from local.host.spec import FunctionSpec, HttpTrigger

SEGMENT = re.compile(r"\{(?P<star>\*{0,2})(?P<name>\w+)(?::(?P<constraint>\w+))?(?P<optional>\??)\}")
CONSTRAINTS = {
    "int": re.compile(r"[+-]?\d{1,10}"),
    "long": re.compile(r"[+-]?\d{1,19}"),
    "bool": re.compile(r"true|false", re.IGNORECASE),
    "guid": re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.IGNORECASE),
    "alpha": re.compile(r"[a-z]*", re.IGNORECASE),
    "required": re.compile(r".+"),
}


class Rank(IntEnum):
    """Which segment is tried first."""

    LITERAL = 1
    CONSTRAINED = 2
    PARAMETER = 3
    CATCH_ALL = 5


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a template; `text` is the literal, or the parameter's name."""

    rank: Rank
    text: str
    pattern: re.Pattern[str] | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP function and where it answers."""

    segments: tuple[Segment, ...]
    spec: FunctionSpec
    trigger: HttpTrigger

    def match(self, path: str) -> dict[str, str] | None:
        """Give the parameters of a path (still percent-encoded, below the prefix), None when it is another's.

        Optional parameters that are not there are left out, also from a catch-all.
        """
        parts = path.split("/") if path else []
        found: dict[str, str] = {}
        for index, segment in enumerate(self.segments):
            if segment.rank is Rank.CATCH_ALL:
                rest = unquote("/".join(parts[index:]))
                return found | ({segment.text: rest} if rest else {})
            if index >= len(parts):
                return found if segment.optional else None
            if not _accepts(segment, unquote(parts[index]), found):
                return None
        return found if len(parts) <= len(self.segments) else None


class Router:
    """All routes of an app, in order of precedence."""

    def __init__(self, specs: Iterable[FunctionSpec]) -> None:
        routes = [
            Route(parse_template(spec.trigger.route), spec, spec.trigger)
            for spec in specs
            if isinstance(spec.trigger, HttpTrigger)
        ]
        self._routes = sorted(routes, key=lambda route: [segment.rank for segment in route.segments])

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Find who answers; None when nobody does, and so for a wrong method as well."""
        for route in self._routes:
            if route.trigger.methods and method not in route.trigger.methods:
                continue
            if (parameters := route.match(path)) is not None:
                return route, parameters
        return None


def parse_template(template: str) -> tuple[Segment, ...]:
    """Read a route template; raises ConfigurationError for what is not supported."""
    segments = tuple(_segment(part, template) for part in template.strip("/").split("/") if part)
    for segment in segments[:-1]:
        if segment.rank is Rank.CATCH_ALL or segment.optional:
            raise ConfigurationError(f"route {template!r}: {segment.text} may only be last")
    return segments


def _segment(part: str, template: str) -> Segment:
    if "{" not in part and "}" not in part:
        return Segment(Rank.LITERAL, part.lower())
    match = SEGMENT.fullmatch(part)
    constraint = match["constraint"] if match else None
    if match is None or (constraint and constraint not in CONSTRAINTS):
        raise ConfigurationError(f"route {template!r}: {part} is not supported")
    if match["star"]:
        return Segment(Rank.CATCH_ALL, match["name"], optional=True)
    pattern = CONSTRAINTS[constraint] if constraint else None
    rank = Rank.CONSTRAINED if pattern else Rank.PARAMETER
    return Segment(rank, match["name"], pattern, bool(match["optional"]))


def _accepts(segment: Segment, value: str, found: dict[str, str]) -> bool:
    if segment.rank is Rank.LITERAL:
        return value.lower() == segment.text
    if not value or (segment.pattern and not segment.pattern.fullmatch(value)):
        return False
    found[segment.text] = value
    return True
