"""Long texts are cut where a reader would cut them, and nothing of them is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.channels.text import octets, split, units

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("", 10, []),
        (" \n ", 10, []),
        ("hei", 3, ["hei"]),
        ("yksi kaksi", 7, ["yksi", "kaksi"]),
        ("yksi.  kaksi", 8, ["yksi.", "kaksi"]),
        ("aaaa bb. cc dd", 11, ["aaaa bb.", "cc dd"]),
        ("aaaa\nbb cc dd", 9, ["aaaa", "bb cc dd"]),
        ("aaa bb\n\ncc\ndd ee", 12, ["aaa bb", "cc\ndd ee"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("ab " + "c" * 10, 8, ["ab ccccc", "ccccc"]),
        ("👋👋👋", 4, ["👋👋", "👋"]),
        ("a👋", 2, ["a", "👋"]),
        ("ae\u0301e\u0301", 4, ["ae\u0301", "e\u0301"]),
        ("👍🏽👍🏽", 6, ["👍🏽", "👍🏽"]),
        ("🇫🇮🇸🇪", 6, ["🇫🇮", "🇸🇪"]),
        ("x" + FAMILY, 8, ["x", FAMILY]),
        (FAMILY, 4, ["\U0001f468\u200d", "\U0001f469\u200d", "\U0001f467"]),
    ],
)
def test_split(text: str, limit: int, parts: list[str]) -> None:
    assert split(text, limit) == parts


@given(st.text(alphabet=st.sampled_from("ab .\n👋🇫🇮\u0301\u200d🏽"), max_size=80), st.integers(2, 20))
def test_nothing_is_lost_and_nothing_is_too_long(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(0 < units(part) <= limit and part == part.strip() for part in parts)


@given(st.text(alphabet=st.sampled_from("ab .\näö👋🇫🇮"), max_size=80), st.integers(4, 20))
def test_bytes_are_a_limit_too(text: str, limit: int) -> None:
    parts = split(text, limit, octets)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(0 < len(part.encode()) <= limit for part in parts)
