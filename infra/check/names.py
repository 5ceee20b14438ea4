"""Identifiers: every one is declared, once, and every declaration is used.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tree_sitter import Node

from infra.check.bicep import KINDS, File, Kind, find, raw
from infra.check.problem import Problem, at

_DECORATORS = """
allowed batchSize description discriminator export maxLength maxValue metadata minLength minValue sealed
secure
"""
_FUNCTIONS = """
any array base64 bool cidrHost cidrSubnet concat contains dateTimeAdd deployer deployment empty endsWith
environment filter first flatten format guid int intersection items join json last length listKeys
loadJsonContent loadTextContent loadYamlContent map mapValues max min newGuid objectKeys padLeft
parseCidr range reduce reference replace resourceGroup resourceId shallowMerge skip sort split
startsWith string subscription subscriptionResourceId substring tail take tenant toLogicalZone toLower
toObject toUpper trim union uniqueString uri uriComponent utcNow
"""
DECORATORS, FUNCTIONS = frozenset(_DECORATORS.split()), frozenset(_FUNCTIONS.split())
MUST_BE_USED = {
    Kind.PARAMETER: "parameter",
    Kind.VARIABLE: "variable",
    Kind.IMPORT: "import",
    Kind.FUNCTION: "function",
}


def check(file: File, root: Path) -> Iterator[Problem]:
    """Find undefined, doubled and unused names."""
    counts = Counter(found.name for found in file.declarations if found.kind is not Kind.OUTPUT)
    used: set[str] = set()
    for node in references(file.root):
        if (name := raw(node)) in counts:
            used.add(name)
        else:
            yield at(file.path, root, node, _undefined(node))
    for found in file.declarations:
        if counts[found.name] > 1 and found.kind is not Kind.OUTPUT:
            yield at(file.path, root, found.node, f"{found.name!r} is declared more than once")
        what = "existing resource" if found.existing else MUST_BE_USED.get(found.kind)
        if what and found.name not in used:
            yield at(file.path, root, found.node, f"the {what} {found.name!r} is never used")


def _undefined(node: Node) -> str:
    if node.parent and node.parent.type == "call_expression" and node.parent.children[0] == node:
        return f"there is no function {raw(node)!r}"
    return f"{raw(node)!r} is not defined"


def references(node: Node, local: frozenset[str] = frozenset()) -> Iterator[Node]:
    """Find the identifiers that refer to something of the file, or to nothing; `local` names do neither."""
    if node.type == "identifier":
        if raw(node) not in local and not _built_in(node):
            yield node
        return
    if node.type == "arguments":
        local |= {raw(name) for name in _lambda_names(node)}
    elif node.type == "for_statement":
        local |= {raw(name) for name in _loop_names(node)}
    for child in node.children:
        if not _names_only(node, child):
            yield from references(child, local)


def _names_only(node: Node, child: Node) -> bool:
    """Tell whether an identifier names what it stands in: a declaration, or an object's property."""
    if child.type != "identifier":
        return False
    first = next((found for found in node.children if found.type == "identifier"), None)
    if node.type == Kind.IMPORT:
        return True
    if node.type in {*KINDS, "object_property", "parameter"}:
        return child == first
    return False


def _built_in(node: Node) -> bool:
    parent = node.parent
    if not parent or parent.type != "call_expression" or parent.children[0] != node:
        return False
    decorates = parent.parent is not None and parent.parent.type == "decorator"
    return raw(node) in (DECORATORS if decorates else FUNCTIONS)


def _lambda_names(arguments: Node) -> Iterator[Node]:
    # The grammar lets `x => x.a == x.b` end at the first dot: what follows lies beside the lambda.
    for argument in arguments.children:
        for found in find(argument, "lambda_expression", stop="arguments"):
            names = found.children[0]
            yield from find(names, "identifier")


def _loop_names(loop: Node) -> Iterator[Node]:
    variables = next(child for child in loop.children if child.type in ("identifier", "for_loop_parameters"))
    if variables.type == "identifier":
        yield variables
    else:
        yield from (child for child in variables.children if child.is_named)
