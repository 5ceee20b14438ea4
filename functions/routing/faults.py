"""What is wrong with a condition, found when the configuration is checked and not when a customer writes."""

from collections.abc import Iterator

from pydantic import JsonValue

from functions.configuration.document import Condition
from functions.configuration.problem import Problem
from functions.errors import Invalid
from functions.routing.fields import GROUPS, NUMERIC, OPERATORS, given, is_field, possible
from functions.routing.patterns import pattern

DEEPEST = 10  # groups inside each other


def faults(condition: Condition, path: str, depth: int = 0) -> Iterator[Problem]:
    """Give every problem of a condition; after none, `conditions.compiled` takes it."""
    groups, operators = given(condition, GROUPS), given(condition, OPERATORS)
    if depth > DEEPEST:
        yield Problem(path=path, reason=f"more than {DEEPEST} groups inside each other")
    elif len(groups) + (condition.field is not None) != 1:
        yield Problem(path=path, reason="must be one of: all, any, not, or a field with an operator")
    elif groups:
        yield from _group(condition, groups[0], path, depth, bool(operators))
    else:
        yield from _comparison(condition, operators, path)


def _group(condition: Condition, group: str, path: str, depth: int, stray: bool) -> Iterator[Problem]:
    if stray:
        yield Problem(path=path, reason=f"an operator needs a field; it cannot stand beside {GROUPS[group]}")
    members = getattr(condition, group)
    if not members:
        yield Problem(path=f"{path}.{GROUPS[group]}", reason="a group needs at least one condition")
    elif group == "negate":
        yield from faults(members, f"{path}.not", depth + 1)
    else:
        for place, member in enumerate(members):
            yield from faults(member, f"{path}.{group}[{place}]", depth + 1)


def _comparison(condition: Condition, operators: list[str], path: str) -> Iterator[Problem]:
    field = condition.field or ""
    if not is_field(field):
        yield Problem(path=f"{path}.field", reason=f"there is no field {field!r}")
    if len(operators) != 1:
        named = ", ".join(OPERATORS[name] for name in operators) or "none"
        yield Problem(path=path, reason=f"needs exactly one operator, and has {named}")
    elif flaw := _flaw(field, operators[0], getattr(condition, operators[0])):
        yield Problem(path=f"{path}.{OPERATORS[operators[0]]}", reason=flaw)


def _flaw(field: str, operator: str, operand: JsonValue | tuple[JsonValue, ...]) -> str:
    if operand is None or operand in ((), ""):
        return "needs a value" if operand != "" or operator not in ("equals", "not_equals") else ""
    if operator == "matches":
        return _pattern_flaw(str(operand))
    if operator in ("equals", "not_equals", "is_in"):
        return _value_flaw(field, operand if isinstance(operand, tuple) else (operand,))
    if operator in ("greater_than", "less_than"):
        return _order_flaw(field, operand)
    return ""


def _value_flaw(field: str, operands: tuple[JsonValue, ...]) -> str:
    for operand in operands:
        if not isinstance(operand, str | int | float):
            return "must be text, a number, true or false"
        if not possible(field, operand):
            return f"{field} is never {operand!r}"
    return ""


def _order_flaw(field: str, operand: object) -> str:
    if isinstance(operand, bool) or not isinstance(operand, str | int | float):
        return "must be a number, or text such as a date"
    if field in NUMERIC and not isinstance(operand, int | float):
        return f"{field} is a number"
    return ""


def _pattern_flaw(text: str) -> str:
    try:
        pattern(text)
    except Invalid as error:
        return error.reason
    return ""
