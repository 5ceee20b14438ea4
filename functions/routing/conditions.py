"""Conditions as functions: each is compiled once into closures over its operands.

All text compares without regard to case, and a field that is not there is empty text. Only the first 4,000
characters of a text are looked at, which `facts` sees to.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from functions.configuration.document import Condition
from functions.routing.fields import GROUPS, OPERATORS, given, plain
from functions.routing.patterns import pattern


class Values(dict[str, str]):
    """The facts by field, case folded; a missing one is empty. `raw` has them as they came, in UTF-8."""

    raw: Mapping[str, bytes]

    def __init__(self, folded: Mapping[str, str], raw: Mapping[str, bytes]) -> None:
        super().__init__(folded)
        self.raw = raw

    def __missing__(self, field: str) -> str:
        return ""


Test = Callable[[Values], bool]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One leaf of a condition, for the trace: `label` is such as "message.text contains 'lasku'"."""

    label: str
    test: Test


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition to test, and its comparisons in the order they were written."""

    test: Test
    comparisons: tuple[Comparison, ...]


def compiled(condition: Condition, hours: str = "") -> Compiled:
    """Compile a condition without faults; `time.` fields are those of these operating hours."""
    comparisons: list[Comparison] = []
    return Compiled(_test(condition, hours, comparisons), tuple(comparisons))


def time_field(field: str, hours: str) -> str:
    """Name a `time.` field of one of the operating hours: each has its own zone."""
    return f"{field}@{hours}"


def comparisons_of(condition: Condition) -> Iterator[Condition]:
    """Give the leaves of a condition."""
    if condition.negate:
        yield from comparisons_of(condition.negate)
    for member in (*(condition.all or ()), *(condition.any or ())):
        yield from comparisons_of(member)
    if condition.field is not None:
        yield condition


def _test(condition: Condition, hours: str, comparisons: list[Comparison]) -> Test:
    groups = given(condition, GROUPS)
    if not groups:
        comparison = _comparison(condition, hours)
        comparisons.append(comparison)
        return comparison.test
    if condition.negate:
        negated = _test(condition.negate, hours, comparisons)
        return lambda values: not negated(values)
    members = condition.all or condition.any or ()
    tests = tuple(_test(member, hours, comparisons) for member in members)
    return _all(tests) if condition.all else _any(tests)


def _all(tests: tuple[Test, ...]) -> Test:
    def test(values: Values) -> bool:
        for member in tests:  # noqa: SIM110 - a generator for all() costs more than the tests
            if not member(values):
                return False
        return True

    return test


def _any(tests: tuple[Test, ...]) -> Test:
    def test(values: Values) -> bool:
        for member in tests:  # noqa: SIM110
            if member(values):
                return True
        return False

    return test


def _comparison(condition: Condition, hours: str) -> Comparison:
    name = given(condition, OPERATORS)[0]
    operand = getattr(condition, name)
    written = condition.field or ""
    field = time_field(written, hours) if written.startswith("time.") else written
    label = f"{written} {OPERATORS[name]} {_shown(operand)}"
    return Comparison(label, TESTS[name](field, operand))


def _shown(operand: JsonValue | tuple[JsonValue, ...]) -> str:
    if isinstance(operand, bool):
        return plain(operand)
    if isinstance(operand, tuple):
        return f"[{', '.join(map(_shown, operand))}]"
    return f"'{operand}'" if isinstance(operand, str) else str(operand)


def _equals(field: str, operand: JsonValue) -> Test:
    if isinstance(operand, int | float) and not isinstance(operand, bool):
        wanted = float(operand)
        return lambda values: _number(values[field]) == wanted
    text = plain(operand)
    return lambda values: values[field] == text


def _not_equals(field: str, operand: JsonValue) -> Test:
    equals = _equals(field, operand)
    return lambda values: not equals(values)


def _is_in(field: str, operands: tuple[JsonValue, ...]) -> Test:
    if all(isinstance(operand, str) for operand in operands):
        texts = frozenset(map(plain, operands))
        return lambda values: values[field] in texts
    return _any(tuple(_equals(field, operand) for operand in operands))


def _contains(field: str, operand: str) -> Test:
    text = plain(operand)
    return lambda values: text in values[field]


def _begins_with(field: str, operand: str) -> Test:
    text = plain(operand)
    return lambda values: values[field].startswith(text)


def _ends_with(field: str, operand: str) -> Test:
    text = plain(operand)
    return lambda values: values[field].endswith(text)


def _matches(field: str, operand: str) -> Test:
    found = pattern(operand).found
    return lambda values: found(values.raw.get(field, b""))


def _exists(field: str, operand: bool) -> Test:
    return lambda values: bool(values[field]) is operand


def _greater_than(field: str, operand: JsonValue) -> Test:
    if isinstance(operand, str):
        text = plain(operand)
        return lambda values: values[field] > text
    wanted = _finite(operand)
    return lambda values: _number(values[field]) > wanted


def _less_than(field: str, operand: JsonValue) -> Test:
    if isinstance(operand, str):
        text = plain(operand)
        return lambda values: "" < values[field] < text
    wanted = _finite(operand)
    return lambda values: _number(values[field]) < wanted


def _number(text: str) -> float:
    """Give the number, or one that is neither equal to, less nor greater than any."""
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _finite(operand: JsonValue) -> float:
    return float(operand) if isinstance(operand, int | float) else math.nan


TESTS: Mapping[str, Callable[..., Test]] = {
    "equals": _equals,
    "not_equals": _not_equals,
    "is_in": _is_in,
    "contains": _contains,
    "begins_with": _begins_with,
    "ends_with": _ends_with,
    "matches": _matches,
    "exists": _exists,
    "greater_than": _greater_than,
    "less_than": _less_than,
}
