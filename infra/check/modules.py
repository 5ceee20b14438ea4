"""Modules: their files, what they are given, and what is read of them.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/modules
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tree_sitter import Node

from infra.check.bicep import Declaration, File, Kind, body, find, properties, raw, text
from infra.check.problem import Problem, at

Files = Mapping[Path, File]
LITERALS = {"string": "string", "number": "int", "boolean": "bool", "array": "array", "object": "object"}


def check(file: File, files: Files, root: Path) -> Iterator[Problem]:
    """Compare the file's modules and imports with the files that they name."""
    modules = file.of(Kind.MODULE)
    for module in modules.values():
        other = files.get((file.path.parent / module.refers_to).resolve())
        if other is None:
            yield at(file.path, root, module.node, f"there is no file {module.refers_to!r}")
        else:
            yield from _given(file, module, other, root)
            yield from _scope(file, module, other, root)
    yield from _imports(file, files, root)
    yield from _outputs(file, modules, files, root)
    yield from _loaded(file, root)


def _given(file: File, module: Declaration, other: File, root: Path) -> Iterator[Problem]:
    wanted = other.of(Kind.PARAMETER)
    given = properties(properties(body(module.node)).get("params"))
    for name, value in given.items():
        if name not in wanted:
            yield at(file.path, root, value, f"{module.refers_to} has no parameter {name!r}")
        elif (is_a := _type(value, file)) and (declared := _plain(wanted[name].type)) and is_a != declared:
            yield at(file.path, root, value, f"{module.refers_to}: {name!r} takes {declared}, not {is_a}")
    for name, parameter in wanted.items():
        if parameter.required and name not in given:
            yield at(file.path, root, module.node, f"{module.refers_to} needs the parameter {name!r}")


def _type(value: Node, file: File) -> str:
    """Tell the type of a literal or of a parameter; empty where it takes a compiler to know."""
    if value.type == "identifier":
        parameter = file.of(Kind.PARAMETER).get(raw(value))
        return _plain(parameter.type) if parameter else ""
    return LITERALS.get(value.type, "")


def _plain(declared: str) -> str:
    if declared.endswith("[]"):
        return "array"
    return declared if declared in LITERALS.values() else ""


def _scope(file: File, module: Declaration, other: File, root: Path) -> Iterator[Problem]:
    if _target(file) != _target(other) and "scope" not in properties(body(module.node)):
        yield at(
            file.path, root, module.node, f"{module.refers_to} is for a {_target(other)}: it needs a scope"
        )


def _target(file: File) -> str:
    found = next(find(file.root, "target_scope_assignment"), None)
    return text(found.children[-1]) if found else "resourceGroup"


def _imports(file: File, files: Files, root: Path) -> Iterator[Problem]:
    for found in file.of(Kind.IMPORT).values():
        other = files.get((file.path.parent / found.refers_to).resolve())
        if other is None:
            yield at(file.path, root, found.node, f"there is no file {found.refers_to!r}")
        elif "export" not in _decorators(other, found.name):
            yield at(file.path, root, found.node, f"{found.refers_to} exports no {found.name!r}")


def _decorators(file: File, name: str) -> tuple[str, ...]:
    return next((found.decorators for found in file.declarations if found.name == name), ())


def _outputs(file: File, modules: Mapping[str, Declaration], files: Files, root: Path) -> Iterator[Problem]:
    for node in find(file.root, "member_expression"):
        whole, name = node.children[0], raw(node.children[-1])
        if whole.type != "member_expression" or raw(whole.children[-1]) != "outputs":
            continue
        module = modules.get(raw(next(find(whole, "identifier"))))
        other = module and files.get((file.path.parent / module.refers_to).resolve())
        if module and other and name not in other.of(Kind.OUTPUT):
            yield at(file.path, root, node, f"{module.refers_to} has no output {name!r}")


def _loaded(file: File, root: Path) -> Iterator[Problem]:
    for call in find(file.root, "call_expression"):
        if raw(call.children[0]).startswith("load"):
            path = text(next(find(call, "string")))
            if not (file.path.parent / path).is_file():
                yield at(file.path, root, call, f"there is no file {path!r}")
