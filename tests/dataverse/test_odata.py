"""Queries: whatever a value holds, it stays in its literal. The readers are Python's and odata-query's."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from odata_query import ast
from odata_query.grammar import ODataLexer, ODataParser

from functions.dataverse.odata import (
    Op,
    Query,
    Value,
    compared,
    definition,
    either,
    every,
    literal,
    name,
    row,
)
from functions.errors import Invalid

ID = "0192d3a4-0000-4000-8000-00000000000a"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def parsed(text: str) -> object:
    return ODataParser().parse(ODataLexer().tokenize(text))


def asked(where: str) -> dict[str, str]:
    """Decode the query as servers do, and refuse what is not a query of ours."""
    parts = urlsplit(f"https://contoso.crm4.dynamics.com/{where}")
    assert not parts.fragment
    found = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {key: values[0] for key, values in found.items()}


@given(TEXTS)
@example("' or 1 eq 1 or name eq '")
@example("a''b@x.es")
@example("+358 40/123&$top=5000#x?%27%2527")
@example("\x00\r\n\t\u2028'")
def test_no_text_leaves_its_literal(text: str) -> None:
    where = every([compared("name", Op.EQUAL, text), compared("statecode", Op.EQUAL, 0)])
    found = asked(Query(("name",), where, top=3).address("contacts"))
    assert set(found) == {"$select", "$filter", "$top"}
    tree = parsed(found["$filter"])
    assert isinstance(tree, ast.BoolOp)
    assert tree.left == ast.Compare(ast.Eq(), ast.Identifier("name"), ast.String(text))
    assert tree.right == ast.Compare(ast.Eq(), ast.Identifier("statecode"), ast.Integer("0"))


@given(TEXTS)
def test_the_address_is_plain_ascii_that_any_server_decodes_alike(text: str) -> None:
    address = Query(where=compared("name", Op.EQUAL, text)).address("contacts")
    assert address.isascii()
    assert not set(address) & set(" \"<>\\^`{|}#'+")
    assert unquote(address) == unquote_plus(address)


@given(TEXTS)
def test_a_literal_ends_where_it_should(text: str) -> None:
    written = literal(text)
    assert written[0] == written[-1] == "'"
    assert written[1:-1].replace("''", "") == text.replace("'", "")
    assert len(written) == len(text) + text.count("'") + 2


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (0, "0"),
        (-5, "-5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.10"), "0.10"),
        (UUID(ID), ID),
        (datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:00:00.000Z"),
    ],
)
def test_other_literals(value: Value, written: str) -> None:
    assert literal(value) == written


@given(st.datetimes(datetime(1753, 1, 1), timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0)))
def test_times_are_read_back(at: datetime) -> None:
    tree = parsed(compared("modifiedon", Op.GREATER_OR_EQUAL, at).text)
    assert isinstance(tree, ast.Compare)
    assert isinstance(tree.right, ast.DateTime)
    assert tree.right.py_val == at


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), datetime(2026, 1, 1)])
def test_what_has_no_literal_is_refused(value: Value) -> None:
    with pytest.raises(Invalid):
        literal(value)


@pytest.mark.parametrize(
    "wrong",
    ["", "a b", "name eq 1 or x", "näme", "a/b", "a'", "1a", "$filter", "a,b", "a)", "a" * 200, "name\n"],
)
def test_a_name_is_a_name(wrong: str) -> None:
    for use in (name, lambda one: compared(one, Op.EQUAL, 1), lambda one: row(one, ID), definition):
        with pytest.raises(Invalid):
            use(wrong)


@pytest.mark.parametrize(
    "wrong", ["", "aino", f"{{{ID}}}", ID.replace("-", ""), f"urn:uuid:{ID}", f"{ID})/x"]
)
def test_an_id_is_a_guid(wrong: str) -> None:
    with pytest.raises(Invalid):
        row("contacts", wrong)


def test_addresses() -> None:
    assert row("contacts", ID.upper()) == f"contacts({ID})"
    where = either([compared("a", Op.EQUAL, "+358"), compared("b", Op.EQUAL, "x'y")])
    query = Query(("a", "b"), where, ("a", "b"), 2)
    assert query.address("contacts") == (
        "contacts?$select=a,b&$filter=(a%20eq%20%27%2B358%27%20or%20b%20eq%20%27x%27%27y%27)"
        "&$orderby=a%20asc,b%20asc&$top=2"
    )
    assert Query().address("contacts") == "contacts"


def test_a_lone_surrogate_and_a_condition_of_nothing_are_refused() -> None:
    with pytest.raises(Invalid):
        Query(where=compared("a", Op.EQUAL, "\ud800")).address("contacts")
    with pytest.raises(Invalid):
        either([])
