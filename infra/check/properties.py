"""Names of properties, compared with the models of Azure's management SDKs.

No package index has Bicep's own type definitions. The SDKs are made from the same specifications, so a
property that no model knows is a slip of the pen. Not looked at: networks, role assignments, resource
groups and diagnostic settings, whose packages are large for the few names that are used of them, and have
no model of the last.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tree_sitter import Node

from infra.check.bicep import File, Kind, body, find, raw, text
from infra.check.problem import Problem, at

MODELS = {
    "Microsoft.EventGrid/systemTopics": "eventgrid:SystemTopic",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": "eventgrid:EventSubscription",
    "Microsoft.Insights/actionGroups": "monitor:ActionGroupResource",
    "Microsoft.Insights/components": "applicationinsights:ApplicationInsightsComponent",
    "Microsoft.Insights/metricAlerts": "monitor:MetricAlertResource",
    "Microsoft.Insights/scheduledQueryRules": "monitor:ScheduledQueryRuleResource",
    "Microsoft.Insights/workbooks": "applicationinsights:Workbook",
    "Microsoft.KeyVault/vaults": "keyvault:Vault",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "msi:Identity",
    "Microsoft.Network/privateDnsZones": "privatedns:PrivateZone",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "privatedns:VirtualNetworkLink",
    "Microsoft.OperationalInsights/workspaces": "loganalytics:Workspace",
    "Microsoft.ServiceBus/namespaces": "servicebus:SBNamespace",
    "Microsoft.ServiceBus/namespaces/queues": "servicebus:SBQueue",
    "Microsoft.SignalRService/webPubSub": "webpubsub:WebPubSubResource",
    "Microsoft.SignalRService/webPubSub/hubs": "webpubsub:WebPubSubHub",
    "Microsoft.Storage/storageAccounts": "storage:StorageAccount",
    "Microsoft.Storage/storageAccounts/blobServices": "storage:BlobServiceProperties",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "storage:BlobContainer",
    "Microsoft.Storage/storageAccounts/managementPolicies": "storage:ManagementPolicy",
    "Microsoft.Storage/storageAccounts/tableServices": "storage:TableServiceProperties",
    "Microsoft.Storage/storageAccounts/tableServices/tables": "storage:Table",
    "Microsoft.Web/serverfarms": "web:AppServicePlan",
    "Microsoft.Web/sites": "web:Site",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "web:CsmPublishingCredentialsPoliciesEntity",
}
BICEP = frozenset(("dependsOn", "name", "parent", "scope", "location", "tags", "sku", "kind", "identity"))
Fields = Mapping[str, Any]  # a name, and what is below it: a model, more fields, or None: anything


def check(file: File, root: Path) -> Iterator[Problem]:
    """Find properties that the type of a resource does not have, and those that are written twice."""
    for whole in find(file.root, "object"):
        names = [text(item.children[0]) for item in whole.children if item.type == "object_property"]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield at(file.path, root, whole, f"the property {name!r} is written twice")
    for found in file.of(Kind.RESOURCE).values():
        kind = found.refers_to.partition("@")[0]
        if kind in MODELS and not found.existing and (made := body(found.node)):
            for node, name in _unknown(made, _fields(_model(MODELS[kind])), BICEP):
                yield at(file.path, root, node, f"{kind} has no property {name!r}")


def _unknown(node: Node, known: Fields, more: frozenset[str] = frozenset()) -> Iterator[tuple[Node, str]]:
    if node.type != "object":
        # A list's items, both ways of a condition, the arguments of `union`: all are of the same shape.
        for child in node.children if node.type in ("array", "ternary_expression", "for_statement") else ():
            yield from _unknown(child, known)
        return
    for item in node.children:
        if item.type != "object_property" or raw(item.children[0]).startswith("'${"):
            continue
        name = text(item.children[0])
        if name not in known and name not in more:
            yield item, name
        elif (below := known.get(name)) is not None:
            yield from _unknown(item.children[-1], below if isinstance(below, Mapping) else _fields(below))


def _model(name: str) -> Any:
    package, _, model = name.partition(":")
    return getattr(import_module(f"azure.mgmt.{package}.models"), model)


@cache
def _fields(model: Any) -> Fields:
    """Give a model's fields, and those of its kinds: which kind it is, another property says."""
    found: dict[str, Any] = {}
    for one in [model, *_kinds(model)]:
        for name, below in _old(one) if hasattr(one, "_attribute_map") else _new(one):
            found.setdefault(name, below)
    for path in [name for name in found if "." in name]:
        _nest(found, path.split("."), found.pop(path))
    return {name.replace("\0", "."): below for name, below in found.items()}


def _kinds(model: Any) -> Iterator[Any]:
    for kind in model.__subclasses__():
        yield kind
        yield from _kinds(kind)


def _new(model: Any) -> Iterator[tuple[str, Any]]:
    package = import_module(model.__module__.rpartition(".")[0])
    for base in model.__mro__:
        for attribute, field in vars(base).items():
            if type(field).__name__ == "_RestField":
                name = field._rest_name_input or attribute
                yield name.replace(".", "\0"), _named(package, str(base.__annotations__.get(attribute, "")))


def _named(package: Any, annotation: str) -> Any:
    names = re.findall(r"_models\.(\w+)", annotation)
    # A dictionary's keys are the caller's own.
    if "Dict[" in annotation or "dict[" in annotation or len(names) != 1:
        return None
    found = getattr(package, names[0], None)
    return found if hasattr(found, "__mro__") and not _enumeration(found) else None


def _enumeration(found: Any) -> bool:
    return any(base.__name__ == "Enum" for base in found.__mro__)


def _old(model: Any) -> Iterator[tuple[str, Any]]:
    package = import_module(model.__module__)
    for field in model._attribute_map.values():
        found = getattr(package, field["type"].strip("[]"), None)
        below = found if hasattr(found, "_attribute_map") else None
        yield field["key"].replace("\\.", "\0"), below


def _nest(fields: dict[str, Any], path: list[str], below: Any) -> None:
    inner = fields.get(path[0])
    fields[path[0]] = inner = inner if isinstance(inner, dict) else {}
    if len(path) == 2:
        inner[path[1].replace("\0", ".")] = below
    else:
        _nest(inner, path[1:], below)
