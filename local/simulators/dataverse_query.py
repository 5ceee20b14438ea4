"""$filter as Dataverse understands a part of it: parsed by odata-query, held against a row.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query/filter-rows. Text compares without
regard to case, as there.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

Row = Mapping[str, Any]
Test = Callable[[Row], bool]


class BadQuery(Exception):
    """The query is none, or asks for what this does not know; the text says what."""


def condition(text: str, columns: Mapping[str, str]) -> Test:
    """Read a $filter; raises BadQuery, also for a column that is not one of the table's."""
    try:
        parsed: Any = ODataParser().parse(ODataLexer().tokenize(text))
    except ODataException as error:
        raise BadQuery(f"Syntax error in $filter: {type(error).__name__}") from None
    return _test(parsed, columns)


def _test(node: Any, columns: Mapping[str, str]) -> Test:
    if isinstance(node, ast.BoolOp):
        left, right = _test(node.left, columns), _test(node.right, columns)
        if isinstance(node.op, ast.And):
            return lambda row: left(row) and right(row)
        return lambda row: left(row) or right(row)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _test(node.operand, columns)
        return lambda row: not inner(row)
    if isinstance(node, ast.Call):
        return _function(node, columns)
    if isinstance(node, ast.Compare) and type(node.comparator) in _COMPARISONS:
        compare, column, value = (
            _COMPARISONS[type(node.comparator)],
            _column(node.left, columns),
            _value(node.right),
        )
        return lambda row: compare(_plain(row.get(column), value), value)
    raise BadQuery("The expression is not known here.")


def _function(node: Any, columns: Mapping[str, str]) -> Test:
    known = _FUNCTIONS.get(node.func.name)
    if known is None or len(node.args) != 2:
        raise BadQuery(f"The function {node.func.name} is not known here.")
    column, value = _column(node.args[0], columns), _value(node.args[1])
    return lambda row: known(_plain(row.get(column), value) or "", value)


def _column(node: Any, columns: Mapping[str, str]) -> str:
    if not isinstance(node, ast.Identifier) or node.name not in columns:
        raise BadQuery(f"Could not find a property named '{getattr(node, 'name', '?')}'.")
    return node.name


def _value(node: Any) -> Any:
    if not hasattr(node, "py_val"):
        raise BadQuery("A column compares with a value here.")
    value = node.py_val
    return value.casefold() if isinstance(value, str) else value


def _plain(held: Any, wanted: Any) -> Any:
    """Make what a row holds comparable with a literal."""
    if held is None:
        return None
    if isinstance(wanted, datetime):
        return datetime.fromisoformat(str(held))
    if isinstance(wanted, UUID):
        return UUID(str(held))
    return held.casefold() if isinstance(held, str) else held


_COMPARISONS: Mapping[type, Callable[[Any, Any], bool]] = {
    ast.Eq: lambda held, wanted: bool(held == wanted),
    ast.NotEq: lambda held, wanted: bool(held != wanted),
    ast.Gt: lambda held, wanted: held is not None and bool(held > wanted),
    ast.GtE: lambda held, wanted: held is not None and bool(held >= wanted),
    ast.Lt: lambda held, wanted: held is not None and bool(held < wanted),
    ast.LtE: lambda held, wanted: held is not None and bool(held <= wanted),
}
_FUNCTIONS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda held, wanted: wanted in held,
    "startswith": lambda held, wanted: held.startswith(wanted),
    "endswith": lambda held, wanted: held.endswith(wanted),
}
