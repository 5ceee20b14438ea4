"""Reading YAML: what comes out is what was typed, and no text can hurt."""

from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from functions.configuration.problem import InvalidDocument
from functions.configuration.yaml_text import LARGEST, load
from functions.errors import TooLarge


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", {"a": 1}),
        ("a: -1.5e3", {"a": -1500.0}),
        ("a: true", {"a": True}),
        ("a: null\nb: ~\nc:", {"a": None, "b": None, "c": None}),
        ("a: no\nb: on\nc: Yes", {"a": "no", "b": "on", "c": "Yes"}),
        ("a: 12:30\nb: 08:00", {"a": "12:30", "b": "08:00"}),
        ("a: 2026-12-24", {"a": "2026-12-24"}),
        ("a: 0401234567\nb: +358401234567\nc: 0x1F", {"a": "0401234567", "b": "+358401234567", "c": "0x1F"}),
        ("a: 1e999\nb: .inf\nc: .nan", {"a": "1e999", "b": ".inf", "c": ".nan"}),
        (f"a: {'9' * 5000}", {"a": "9" * 5000}),
        ("a: '1'\nb: \"true\"\nc: |\n  x\n  y\n", {"a": "1", "b": "true", "c": "x\ny\n"}),
        ("1: a\nnull: b\ntrue: c", {"1": "a", "null": "b", "true": "c"}),
        ("a: &x [1, {b: 2}]\nc: *x", {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}),
        ("a: &x 5\nb: [*x, *x]", {"a": 5, "b": [5, 5]}),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
        ("- a\n-\n  - b\n- {}\n- []", ["a", ["b"], {}, []]),
        ("\ufeffa: ä👋", {"a": "ä👋"}),
    ],
)
def test_what_comes_out(text: str, expected: object) -> None:
    assert load(text) == expected


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 60))


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        ("", "document", "empty"),
        ("# nothing\n", "document", "empty"),
        ("a:\n\t- b", "line 2, column 1", "a tab: indent with spaces"),
        ("a: 1\nb: @c", "line 2, column 4", "nothing begins with '@': write it in quotes"),
        ("a: 1\nb: [\n", "line 3, column 1", ""),
        ("a: 1\n b: 2", "line 2, column 3", "mapping values"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1", "'a' is there twice"),
        ("{a: {b: 1, b: 2}}", "line 1, column 12", "'b' is there twice"),
        ("[a]: 1", "line 1, column 1", "a key must be plain text"),
        ("? {a: 1}\n: 2", "line 1, column 3", "a key must be plain text"),
        ("a: &x b\n*x : c", "line 2, column 1", "a key must be plain text"),
        ("a: !!python/object/apply:os.system [x]", "line 1, column 4", "tags"),
        ("a: !!binary aGVp", "line 1, column 4", "tags"),
        ("a: *b", "line 1, column 4", "*b stands for nothing"),
        ("a: &x [*x]", "line 1, column 8", "*x stands for nothing"),
        ("a\n---\nb", "line 3, column 1", "more than one document"),
        ("[" * 1_000_000, "line 1, column", ""),  # PyYAML 6.0.4 counts levels too, and comes first
        ("- " * 100_000, "line 1, column 81", "levels"),
        (LAUGHS, "line 7", "too large or too deep"),
        (CHAIN, "line 39", "too large or too deep"),
        ("a: \x00", "document", "characters"),
        ("a: \ud800", "document", "characters"),
    ],
    ids=range(22),
)
def test_what_is_refused(text: str, where: str, reason: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        load(text)
    (problem,) = refused.value.problems
    assert problem.path.startswith(where)
    assert reason in problem.reason


def test_too_large_a_text_is_not_even_read() -> None:
    with pytest.raises(TooLarge):
        load("ä" * (LARGEST // 2 + 1))


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**17), 10**17),
        # PyYAML, as a writer of YAML 1.1, puts a tag before a number such as 1e-05.
        st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: "." in repr(number)),
        st.text(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_was_written_as_json_comes_back(value: Any) -> None:
    assert load(yaml.dump(value, Dumper=Quoting, allow_unicode=True)) == value


@given(st.text(max_size=60, alphabet="abz01-:[]{}&*!|>'\"#,?%@`~\n\t \ud800\x00"))
def test_no_text_breaks_it(text: str) -> None:
    with suppress(InvalidDocument):
        load(text)


class Quoting(yaml.SafeDumper):
    """Writes every text in double quotes, so that only the escapes are in question."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)
Quoting.add_representer(
    float, lambda dumper, number: dumper.represent_scalar("tag:yaml.org,2002:float", repr(number))
)
