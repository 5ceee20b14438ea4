"""Values of parameter files against the limits that main.bicep and types.bicep set: @allowed and the like."""

from collections.abc import Iterator, Mapping
from typing import Any

from tree_sitter import Node

from infra.check.bicep import File, Kind, find, raw, text

Limits = dict[str, list[str]]  # a decorator's name, and its arguments


def parameters(main: File, given: Mapping[str, Any]) -> Iterator[str]:
    """Find values that a parameter does not take; azd's `${NAME=default}` counts by its default."""
    wanted = main.of(Kind.PARAMETER)
    for name, value in given.items():
        if name in wanted and (plain := _plain(value.get("value"))) not in (None, ""):
            yield from _unfit(name, plain, _limits(wanted[name].node, wanted[name].node.prev_sibling))


def fields(shape: Node, item: Mapping[str, Any]) -> Iterator[str]:
    """Find values that a property of an object's type does not take."""
    decorators = None
    for child in shape.children:
        if child.type == "decorators":
            decorators = child
        elif child.type == "object_property":
            name = text(child.children[0])
            if name in item:
                yield from _unfit(name, item[name], _limits(child.children[-1], decorators))
            decorators = None


def _limits(node: Node, decorators: Node | None) -> Limits:
    found: Limits = {}
    for call in find(decorators, "call_expression") if decorators else ():
        found[raw(call.children[0])] = [raw(part).strip("'") for part in _literals(call)]
    if union := next(find(node, "union_type"), None):
        found["allowed"] = [raw(part).strip("'") for part in union.children if part.is_named]
    return found


def _literals(node: Node) -> Iterator[Node]:
    if node.type in ("number", "string"):
        yield node
    for child in node.children:
        yield from _literals(child)


def _unfit(name: str, value: object, limits: Limits) -> Iterator[str]:
    if "allowed" in limits and str(value) not in limits["allowed"]:
        yield f"{name} cannot be {value!r}: {', '.join(limits['allowed'])}"
    size = value if isinstance(value, int) else len(value) if isinstance(value, str | list) else None
    least, most = ("minValue", "maxValue") if isinstance(value, int) else ("minLength", "maxLength")
    if size is None or isinstance(value, bool):
        return
    if least in limits and size < int(limits[least][0]):
        yield f"{name} cannot be {value!r}: {least} is {limits[least][0]}"
    if most in limits and size > int(limits[most][0]):
        yield f"{name} cannot be {value!r}: {most} is {limits[most][0]}"


def _plain(value: object) -> object:
    if isinstance(value, str) and value.startswith("${"):
        return value.rstrip("}").partition("=")[2] or None
    return value
