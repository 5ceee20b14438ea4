"""Whether a file is Bicep at all."""

from collections.abc import Iterator
from pathlib import Path

from tree_sitter import Node

from infra.check.bicep import File, raw
from infra.check.problem import Problem, at


def check(file: File, root: Path) -> Iterator[Problem]:
    """Find what the grammar does not know, each place once."""
    for node in _broken(file.root):
        what = f"{node.type!r} is missing" if node.is_missing else f"not Bicep: {raw(node)[:40]!r}"
        yield at(file.path, root, node, what)


def _broken(node: Node) -> Iterator[Node]:
    if node.type == "ERROR" or node.is_missing:
        yield node
    elif node.has_error:
        for child in node.children:
            yield from _broken(child)
