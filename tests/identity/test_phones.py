"""Phone numbers: many spellings, one form; what is no number stays what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.identity.phones import e164, known_region, normalised


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+358 40 123 4567", None, "+358401234567"),
        ("040-123 4567", "FI", "+358401234567"),
        ("(040) 1234567", "FI", "+358401234567"),
        ("+44 20 7946 0958", "FI", "+442079460958"),
        ("00358401234567", "FI", "+358401234567"),
        ("070 123 45 67", "SE", "+46701234567"),
        ("+15551234567", None, "+15551234567"),
        ("040 123 4567", None, None),  # no country, no region
        ("12345", "FI", None),  # a short code
        ("MyBank", "FI", None),
        ("anonymous", None, None),
        ("+1", None, None),
        ("", "FI", None),
        ("+358" + "4" * 5000, "FI", None),
        ("040 123 4567", "XX", None),
    ],
)
def test_one_form(text: str, region: str | None, expected: str | None) -> None:
    assert e164(text, region) == expected
    assert normalised(text, region) == (expected or text)


@given(st.text(max_size=80), st.sampled_from(["FI", "US", None]))
def test_no_text_breaks_it_and_the_form_is_stable(text: str, region: str | None) -> None:
    number = e164(text, region)
    assert number is None or e164(number) == number


def test_regions_are_known_by_their_code() -> None:
    assert known_region("FI")
    assert not known_region("fi")
    assert not known_region("Finland")
