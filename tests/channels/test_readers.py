"""Our readers of JSON, forms and XML beside Python's own, which they are faster than."""

import json
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from functions.errors import Invalid
from functions.providers.payload import DEPTH_LIMIT, digits, number, read_json
from functions.providers.twilio import FIELDS_LIMIT, read_form
from functions.providers.wechat.xml import read_xml

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)
PIECES = ("a", "=", "&", "%", "+", "%41", "%C3", "%A4", "%c3%a4", "ä", ";", "%zz", "%0", "%2B", "%ED%A0%80")
TAGS = ("<a>", "</a>", "<b>", "</b>", "x", "&amp;", "<!--c-->", "<![CDATA[<q>]]>", "ä", "<c/>", " ", "\r\n")


@given(VALUES, st.booleans())
def test_json_is_read_as_python_reads_it(value: JsonValue, escaped: bool) -> None:
    body = json.dumps(value, ensure_ascii=escaped).encode()
    assert read_json(body) == json.loads(body)


@pytest.mark.parametrize("body", [b"NaN", b"[1,]", b"01", b'"\x01"', b'"\xff"', b'{"a":1}}', b'"\\x"', b""])
def test_what_is_no_json_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid, match="not UTF-8 JSON"):
        read_json(body)


@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_json_may_be_nested_so_deeply(opened: bytes, closed: bytes) -> None:
    deepest = opened * (DEPTH_LIMIT - 1)
    read_json(deepest + b"[]" + closed * (DEPTH_LIMIT - 1))
    for levels in (1, 2, 150, 100_000):
        with pytest.raises(Invalid, match="nested"):
            read_json(deepest + opened * levels + b"[]" + closed * (DEPTH_LIMIT - 1 + levels))


def test_numbers_have_at_most_64_bits() -> None:
    whole = read_json(b'{"most":9223372036854775807,"more":9223372036854775808,"less":-1,"said":"12"}')
    assert number(whole, "most") == 2**63 - 1
    assert number(whole, "more") is None
    assert (digits(whole, "most"), digits(whole, "said"), digits(whole, "less")) == (2**63 - 1, 12, None)


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_a_form_is_read_as_python_reads_it(form: str) -> None:
    try:
        expected = tuple(parse_qsl(form, keep_blank_values=True, errors="strict"))
    except ValueError:
        with pytest.raises(Invalid):
            read_form(form.encode())
    else:
        assert read_form(form.encode()) == expected


def test_a_form_has_an_end() -> None:
    assert len(read_form(b"&".join([b"a=1"] * FIELDS_LIMIT))) == FIELDS_LIMIT
    with pytest.raises(Invalid):
        read_form(b"&".join([b"a=1"] * (FIELDS_LIMIT + 1)))
    with pytest.raises(Invalid):
        read_form(b"a=\xff")


def plain(element: Element) -> JsonValue:
    """Give what the reader promises, from Python's own tree."""
    found: dict[str, list[JsonValue]] = {}
    for part in element:
        found.setdefault(part.tag, []).append(plain(part))
    if not found:
        return element.text or ""
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


@given(st.lists(st.sampled_from(TAGS), max_size=9).map("".join))
def test_xml_is_read_as_python_reads_it(inner: str) -> None:
    whole = f"<xml>{inner}</xml>"
    try:
        expected = plain(fromstring(whole))
    except SyntaxError:  # ParseError is one
        with pytest.raises(Invalid):
            read_xml(whole.encode())
    else:
        assert read_xml(whole.encode()) == (expected if isinstance(expected, dict) else {})
