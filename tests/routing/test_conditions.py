"""Conditions: every operator against every sort of value, groups, and what validation refuses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.configuration.document import Condition
from functions.routing.conditions import Values, compiled
from functions.routing.faults import faults

FIELDS = {
    "channel": "sms",
    "message.text": "Hei, missä LASKU 42 viipyy? Straße",
    "message.kind": "message",
    "context.score": "12.5",
    "context.when": "2026-08-01",
    "context.broken": "12,5",
    "context.nan": "nan",
    "context.vip": "true",
}


def values(**more: str) -> Values:
    fields = {**FIELDS, **more}
    return Values(
        {name: text.casefold() for name, text in fields.items()},
        {name: text.encode() for name, text in fields.items()},
    )


def holds(**condition: Any) -> bool:
    read = Condition.model_validate(condition)
    assert list(faults(read, "when")) == []
    return compiled(read).test(values())


@pytest.mark.parametrize(
    ("field", "operator", "operand", "expected"),
    [
        ("channel", "equals", "SMS", True),
        ("channel", "equals", "sm", False),
        ("channel", "notEquals", "voice", True),
        ("channel", "notEquals", "sms", False),
        ("channel", "in", ["voice", "Sms"], True),
        ("channel", "in", ["voice"], False),
        ("message.text", "contains", "lasku", True),
        ("message.text", "contains", "STRASSE", True),
        ("message.text", "contains", "laskut", False),
        ("message.text", "beginsWith", "hei", True),
        ("message.text", "beginsWith", "missä", False),
        ("message.text", "endsWith", "straße", True),
        ("message.text", "endsWith", "viipyy", False),
        ("message.text", "matches", r"lasku\s+\d+", True),
        ("message.text", "matches", r"^lasku", False),
        ("message.text", "matches", r"MISSÄ", True),
        ("message.text", "matches", r"STRAßE", True),
        ("message.text", "exists", True, True),
        ("message.payload", "exists", True, False),
        ("message.payload", "exists", False, True),
        ("message.payload", "equals", "", True),
        ("message.payload", "notEquals", "x", True),
        ("message.payload", "in", ["x"], False),
        ("message.payload", "lessThan", "x", False),
        ("message.payload", "lessThan", 5, False),
        ("message.payload", "matches", "x*y", False),
        ("context.score", "greaterThan", 12, True),
        ("context.score", "greaterThan", 12.5, False),
        ("context.score", "lessThan", 13, True),
        ("context.score", "equals", 12.5, True),
        ("context.score", "in", [1, 12.5], True),
        ("context.score", "in", ["a", 3], False),
        ("context.broken", "greaterThan", 1, False),
        ("context.broken", "lessThan", 100, False),
        ("context.nan", "greaterThan", 0, False),
        ("context.nan", "notEquals", 0, True),
        ("context.when", "greaterThan", "2026-07-31", True),
        ("context.when", "lessThan", "2026-08-01", False),
        ("context.vip", "equals", True, True),
        ("context.nobody", "exists", True, False),
    ],
)
def test_operators(field: str, operator: str, operand: object, expected: bool) -> None:
    assert holds(field=field, **{operator: operand}) is expected


YES = {"field": "channel", "equals": "sms"}
NO = {"field": "channel", "equals": "voice"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"any": [NO, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"not": NO}, True),
        ({"not": {"any": [NO, YES]}}, False),
        ({"all": [YES, {"any": [NO, {"not": {"all": [YES, NO]}}]}]}, True),
    ],
)
def test_groups(condition: dict[str, Any], expected: bool) -> None:
    assert holds(**condition) is expected


def test_the_trace_names_field_operator_and_operand() -> None:
    read = Condition.model_validate(
        {
            "all": [
                {"field": "message.text", "contains": "lasku"},
                {"field": "channel", "in": ["sms", "voice"]},
                {"not": {"field": "context.score", "greaterThan": 3}},
                {"field": "message.payload", "exists": False},
            ]
        }
    )
    assert [one.label for one in compiled(read).comparisons] == [
        "message.text contains 'lasku'",
        "channel in ['sms', 'voice']",
        "context.score greaterThan 3",
        "message.payload exists false",
    ]


def nested(depth: int) -> dict[str, Any]:
    return YES if depth == 0 else {"not": nested(depth - 1)}


@pytest.mark.parametrize(
    ("condition", "path", "reason"),
    [
        ({}, "when", "must be one of"),
        ({"field": "channel"}, "when", "exactly one operator, and has none"),
        ({"field": "channel", "equals": "a", "contains": "b"}, "when", "has equals, contains"),
        ({"equals": "a"}, "when", "must be one of"),
        ({"all": [YES], "any": [YES]}, "when", "must be one of"),
        ({"all": [YES], "field": "channel", "equals": "a"}, "when", "must be one of"),
        ({"all": [YES], "equals": "a"}, "when", "an operator needs a field"),
        ({"all": []}, "when.all", "at least one"),
        ({"not": None}, "when.not", "at least one"),
        ({"any": [YES, {"not": {"field": "x", "exists": True}}]}, "when.any[1].not.field", "no field 'x'"),
        ({"field": "context.", "exists": True}, "when.field", "no field 'context.'"),
        ({"field": "message.txt", "exists": True}, "when.field", "no field"),
        ({"field": "channel", "equals": None}, "when.equals", "needs a value"),
        ({"field": "channel", "in": []}, "when.in", "needs a value"),
        ({"field": "channel", "in": [None]}, "when.in", "must be text"),
        ({"field": "channel", "contains": ""}, "when.contains", "needs a value"),
        ({"field": "channel", "equals": ["a"]}, "when.equals", "must be text"),
        ({"field": "channel", "greaterThan": True}, "when.greaterThan", "must be a number"),
        ({"field": "time.hour", "greaterThan": "8"}, "when.greaterThan", "is a number"),
        ({"field": "time.hour", "equals": 24}, "when.equals", "never 24"),
        ({"field": "time.weekday", "in": ["mon", "monday"]}, "when.in", "never 'monday'"),
        ({"field": "time.date", "equals": "24.12.2026"}, "when.equals", "never"),
        ({"field": "message.kind", "equals": "mesage"}, "when.equals", "never 'mesage'"),
        ({"field": "message.text", "matches": "("}, "when.matches", "cannot be read"),
        ({"field": "message.text", "matches": "(?=a)b"}, "when.matches", "cannot be read"),
        ({"field": "message.text", "matches": r"(a)\1"}, "when.matches", "cannot be read"),
        ({"field": "message.text", "matches": "a" * 1001}, "when.matches", "1 to 1000"),
        ({"field": "message.text", "matches": "\\pL{1,30}"}, "when.matches", "multiply"),
        (nested(12), "when" + ".not" * 11, "more than 10 groups"),
    ],
)
def test_faults(condition: dict[str, Any], path: str, reason: str) -> None:
    found = list(faults(Condition.model_validate(condition), "when"))
    assert [one.path for one in found] == [path]
    assert reason in found[0].reason


SCALARS = st.one_of(st.text(max_size=20), st.integers(), st.floats(allow_nan=False), st.booleans())
LEAVES = st.one_of(
    st.builds(
        lambda operator, operand: {"field": "message.text", operator: operand},
        st.sampled_from(["equals", "notEquals", "greaterThan", "lessThan"]),
        SCALARS,
    ),
    st.builds(
        lambda operator, operand: {"field": "context.score", operator: operand},
        st.sampled_from(["contains", "beginsWith", "endsWith", "matches"]),
        st.text(max_size=20),
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda members: {"all": members}),
        st.lists(inner, max_size=3).map(lambda members: {"any": members}),
        inner.map(lambda member: {"not": member}),
    ),
    max_leaves=6,
)


@given(CONDITIONS, st.text(max_size=50))
def test_what_has_no_faults_always_decides(condition: dict[str, Any], text: str) -> None:
    read = Condition.model_validate(condition)
    if not list(faults(read, "when")):
        decided = compiled(read).test(
            Values({"message.text": text.casefold()}, {"message.text": text.encode()})
        )
        assert isinstance(decided, bool)
