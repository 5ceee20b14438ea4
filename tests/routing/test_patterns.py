"""Patterns: what hangs other engines does not hang this one."""

import time

import pytest

from functions.routing.facts import LONGEST
from functions.routing.patterns import pattern


@pytest.mark.parametrize("text", [r"(a+)+$", r"(a|aa)+$", r"(.*a){20}$", r"^(\w+\s?)*$", r"(x+x+)+y"])
def test_no_customer_can_hang_it(text: str) -> None:
    hostile = (b"a" * (LONGEST - 1) + b"!", b"x" * LONGEST, b"aaaa " * (LONGEST // 5) + b"!")
    compiled = pattern(text)
    started = time.perf_counter()
    for one in hostile:
        compiled.found(one)
    assert time.perf_counter() - started < 1  # a backtracking engine needs longer than the universe is old


def test_letters_of_all_languages() -> None:
    assert pattern("äiti").found("ÄITI".encode())
    assert pattern(r"\p{Greek}+").found("λόγος".encode())
    assert not pattern(r"^.{3}$").found("äö".encode())
    assert pattern(r"^.{2}$").found("äö".encode())
