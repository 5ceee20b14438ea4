"""Where things are: a child's parent is of the right type, and a role is given on what it is a role of."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.check.bicep import Declaration, File, Kind, body, find, properties, raw, text
from infra.check.deployed import ROLE, looped
from infra.check.problem import Problem, at

OF: Mapping[str, str] = {  # how a role's name begins, and the type of what it is given on
    "Azure Service Bus": "Microsoft.ServiceBus/",
    "Key Vault": "Microsoft.KeyVault/",
    "Monitoring": "Microsoft.Insights/components",
    "Storage": "Microsoft.Storage/",
    "Web PubSub": "Microsoft.SignalRService/",
}


def check(file: File, root: Path) -> Iterator[Problem]:
    """Find children and roles in the wrong place."""
    resources = file.of(Kind.RESOURCE)
    for found in resources.values():
        yield from (at(file.path, root, found.node, says) for says in _parent(found, resources))
        if found.refers_to.startswith(f"{ROLE}@"):
            yield from (at(file.path, root, found.node, says) for says in _role(file, found, resources))


def _parent(found: Declaration, resources: Mapping[str, Declaration]) -> Iterator[str]:
    kind = found.refers_to.partition("@")[0]
    given = properties(body(found.node)).get("parent")
    name = raw(next(find(given, "identifier"), given)) if given else ""
    if name in resources:
        parent = resources[name].refers_to.partition("@")[0]
        if kind.rpartition("/")[0] != parent:
            yield f"{kind} cannot lie in {name}, which is {parent}"
    elif not given and kind.count("/") > 1:
        yield f"{kind} has no parent"


def _role(file: File, found: Declaration, resources: Mapping[str, Declaration]) -> Iterator[str]:
    given = properties(body(found.node))
    scope = raw(given["scope"]) if "scope" in given else ""
    kind = resources[scope].refers_to if scope in resources else ""
    for role in looped(file, found):
        wanted = next((of for begins, of in OF.items() if role.startswith(begins)), "")
        if not wanted or not kind.startswith(wanted):
            yield f"the role {role!r} is given on {scope or 'the resource group'}"
    named = text(given["name"]) if "name" in given else ""
    if not named.startswith(f"guid({scope}.id, principalId, "):
        yield f"{found.name}: the name must come from the scope, the principal and the role"
