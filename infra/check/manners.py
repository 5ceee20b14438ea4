"""What a compiler lets pass: no description, no limits, an unknown version, a secret in an output."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.check.bicep import Declaration, File, Kind, find, raw
from infra.check.problem import Problem, at

BOUNDS = frozenset(("minValue", "maxValue"))
SECRET_CALLS = ("listKeys", "listSecrets", "listAccountSas")
SECRET_PROPERTIES = frozenset(
    (
        "primaryConnectionString",
        "secondaryConnectionString",
        "primaryKey",
        "secondaryKey",
        "InstrumentationKey",
    )
)


def check(file: File, versions: Mapping[str, str], root: Path) -> Iterator[Problem]:
    """Find what a review would find."""
    for found in file.declarations:
        if found.kind is Kind.PARAMETER:
            yield from (at(file.path, root, found.node, says) for says in _parameter(found))
        elif found.kind is Kind.RESOURCE:
            yield from (at(file.path, root, found.node, says) for says in _version(found, versions))
        elif found.kind is Kind.OUTPUT:
            yield from (at(file.path, root, found.node, says) for says in _secrets(found, file))


def _parameter(found: Declaration) -> Iterator[str]:
    if "description" not in found.decorators:
        yield f"the parameter {found.name!r} has no description"
    unbounded = found.type == "int" and "allowed" not in found.decorators
    if unbounded and not set(found.decorators) >= BOUNDS:
        yield f"the parameter {found.name!r} has no limits"


def _version(found: Declaration, versions: Mapping[str, str]) -> Iterator[str]:
    kind, _, version = found.refers_to.partition("@")
    if kind not in versions:
        yield f"{kind} is not among infra/versions.json"
    elif version != versions[kind]:
        yield f"{kind}@{version} is not the version of infra/versions.json: {versions[kind]}"


def _secrets(found: Declaration, file: File) -> Iterator[str]:
    secure = {name for name, one in file.of(Kind.PARAMETER).items() if "secure" in one.decorators}
    names = {raw(node) for node in find(found.node, "identifier")}
    members = {raw(node) for node in find(found.node, "property_identifier")}
    called = any(name.startswith(SECRET_CALLS) for name in names | members)
    if called or secure & names or SECRET_PROPERTIES & members:
        yield f"the output {found.name!r} tells a secret"
