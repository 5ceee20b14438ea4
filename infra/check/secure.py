"""What must not be loosened: no keys, no anonymous access, no plain text, nothing deleted for good at once.

A value that is not written is Azure's default, which for most of these is the loose one.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tree_sitter import Node

from infra.check.bicep import File, Kind, body, properties, raw
from infra.check.problem import Problem, at

RIGHT: Mapping[str, Mapping[str, str]] = {
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": {
        "destination.properties.azureActiveDirectoryApplicationIdOrUri": "applicationId",
        "destination.properties.azureActiveDirectoryTenantId": "tenant().tenantId",
    },
    "Microsoft.Insights/components": {"DisableLocalAuth": "true"},
    "Microsoft.KeyVault/vaults": {
        "enableRbacAuthorization": "true",
        "enablePurgeProtection": "true",
        "enableSoftDelete": "true",
    },
    "Microsoft.OperationalInsights/workspaces": {"features.disableLocalAuth": "true"},
    "Microsoft.ServiceBus/namespaces": {"disableLocalAuth": "true", "minimumTlsVersion": "'1.2'"},
    "Microsoft.SignalRService/webPubSub": {"disableLocalAuth": "true"},
    "Microsoft.SignalRService/webPubSub/hubs": {"anonymousConnectPolicy": "'deny'"},
    "Microsoft.Storage/storageAccounts": {
        "allowBlobPublicAccess": "false",
        "allowCrossTenantReplication": "false",
        "allowSharedKeyAccess": "false",
        "minimumTlsVersion": "'TLS1_2'",
        "supportsHttpsTrafficOnly": "true",
    },
    "Microsoft.Web/sites": {"httpsOnly": "true", "siteConfig.minTlsVersion": "'1.2'"},
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"allow": "false"},
}


def check(file: File, root: Path) -> Iterator[Problem]:
    """Find resources that are less guarded than they must be."""
    for found in file.of(Kind.RESOURCE).values():
        kind = found.refers_to.partition("@")[0]
        if found.existing:
            continue
        whole = properties(body(found.node)).get("properties")
        for path, right in RIGHT.get(kind, {}).items():
            node = _at(file, whole, path.split("."))
            if node is None or raw(node) != right:
                yield at(file.path, root, found.node, f"{kind}: {path} must be {right}")


def _at(file: File, node: Node | None, path: list[str]) -> Node | None:
    """Follow a path of properties, and a variable that stands for an object."""
    for name in path:
        if node is not None and node.type == "identifier":
            variable = file.of(Kind.VARIABLE).get(raw(node))
            node = variable.value if variable else None
        node = properties(node).get(name)
    return node
