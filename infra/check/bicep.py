"""A Bicep file as its declarations, read with tree-sitter's grammar.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/file. The grammar knows no spread (`...`):
a file with one counts as broken, so `union` is used instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_bicep.language()))


class Kind(StrEnum):
    """What a statement declares, by the grammar's names."""

    PARAMETER = "parameter_declaration"
    VARIABLE = "variable_declaration"
    RESOURCE = "resource_declaration"
    MODULE = "module_declaration"
    OUTPUT = "output_declaration"
    TYPE = "type_declaration"
    FUNCTION = "user_defined_function"
    IMPORT = "import_functionality"


KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A named thing of a file, and its decorators."""

    kind: Kind
    name: str
    node: Node
    decorators: tuple[str, ...]

    @property
    def existing(self) -> bool:
        """Whether it is a resource that somebody else makes."""
        return any(child.type == "existing" for child in self.node.children)

    @property
    def required(self) -> bool:
        """Whether a parameter must be given: it has no default, and its type does not take null."""
        has_default = any(child.type == "=" for child in self.node.children)
        return not has_default and not any(True for _ in find(self.node, "nullable_type"))

    @property
    def refers_to(self) -> str:
        """Give the text after the name: a module's path, a resource's type and version, an import's file."""
        return next((text(child) for child in self.node.children if child.type == "string"), "")

    @property
    def type(self) -> str:
        """Give the type's name as it is written; empty where there is none."""
        return next((raw(child) for child in self.node.children if child.type == "type"), "")

    @property
    def value(self) -> Node | None:
        """Give the node after `=`."""
        for place, child in enumerate(self.node.children):
            if child.type == "=":
                return self.node.children[place + 1]
        return None


@dataclass(frozen=True, slots=True)
class File:
    """A parsed file."""

    path: Path
    root: Node
    declarations: tuple[Declaration, ...]

    def of(self, *kinds: Kind) -> dict[str, Declaration]:
        """Give the declarations of some kinds by name."""
        return {found.name: found for found in self.declarations if found.kind in kinds}


def read(path: Path) -> File:
    """Parse a file. What is not Bicep stands in it as nodes of the type ERROR, or missing ones."""
    root = PARSER.parse(path.read_bytes()).root_node
    return File(path, root, tuple(_declarations(root)))


def _declarations(root: Node) -> Iterator[Declaration]:
    decorators: tuple[str, ...] = ()
    for node in root.children:
        if node.type == "decorators":
            decorators = tuple(raw(call.children[0]) for call in find(node, "call_expression"))
        elif node.type in KINDS:
            for name in _named(node):
                yield Declaration(Kind(node.type), name, node, decorators)
            decorators = ()


def _named(node: Node) -> list[str]:
    names = [raw(child) for child in node.children if child.type == "identifier"]
    return names if node.type == Kind.IMPORT else names[:1]


def find(node: Node, kind: str, stop: str = "") -> Iterator[Node]:
    """Find the nodes of a type below a node, the node itself too; `stop` names a type not to look into."""
    if node.type == kind:
        yield node
    for child in node.children:
        if child.type != stop:
            yield from find(child, kind, stop)


def raw(node: Node) -> str:
    """Give a node's source."""
    return (node.text or b"").decode()


def text(node: Node) -> str:
    """Give the text of a string without its quotes; of an interpolated one with its `${…}`."""
    return raw(node).removeprefix("'").removesuffix("'")


def body(node: Node) -> Node | None:
    """Give the object of a declaration: below `for` and `if`, too."""
    for child in node.children:
        if child.type == "object":
            return child
        if child.type in ("for_statement", "if_statement") and (found := body(child)):
            return found
    return None


def properties(node: Node | None) -> dict[str, Node]:
    """Give an object's properties, by name: the nodes of their values."""
    found = {}
    for child in node.children if node else ():
        if child.type == "object_property":
            key, value = child.children[0], child.children[-1]
            found[text(key)] = value
    return found
