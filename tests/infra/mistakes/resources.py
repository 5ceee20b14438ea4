"""Mistakes: what Azure would refuse, or should not be given: versions, properties, places, open doors."""

from tests.infra.mistakes import Mistake

APP = "modules/app.bicep"
STORAGE = "modules/storage.bicep"
RBAC = "modules/rbac.bicep"
MESSAGING = "modules/messaging.bicep"

MISTAKES: dict[str, Mistake] = {
    "unknown API version": (
        MESSAGING,
        "'Microsoft.ServiceBus/namespaces@2024-01-01'",
        "'Microsoft.ServiceBus/namespaces@2024-02-30'",
        "Microsoft.ServiceBus/namespaces@2024-02-30 is not the version",
    ),
    "unknown resource type": (
        MESSAGING,
        "'Microsoft.ServiceBus/namespaces@2024-01-01'",
        "'Microsoft.ServiceBuss/namespaces@2024-01-01'",
        "Microsoft.ServiceBuss/namespaces is not among infra/versions.json",
    ),
    "unknown property": (
        MESSAGING,
        "    requiresSession: item",
        "    requireSession: item",
        "Microsoft.ServiceBus/namespaces/queues has no property 'requireSession'",
    ),
    "unknown property, deep": (
        APP,
        "instanceMemoryMB: app.instanceMemoryMB",
        "instanceMemory: app.instanceMemoryMB",
        "Microsoft.Web/sites has no property 'instanceMemory'",
    ),
    "unknown property of a list's item": (
        "modules/alerts.bicep",
        "metricName: item.metric",
        "metric: item.metric",
        "Microsoft.Insights/metricAlerts has no property 'metric'",
    ),
    "parameter without a description": (
        MESSAGING,
        "@description('Messaging units of Premium.')\n",
        "",
        "the parameter 'capacity' has no description",
    ),
    "parameter without limits": (
        MESSAGING,
        "@minValue(1)\n@maxValue(16)\n",
        "",
        "the parameter 'capacity' has no limits",
    ),
    "secret in an output": (
        "modules/monitoring.bicep",
        "insights.properties.ConnectionString",
        "insights.properties.InstrumentationKey",
        "the output 'insightsConnection' tells a secret",
    ),
    "key in an output": (
        MESSAGING,
        "output namespaceId string = namespace.id",
        "output namespaceId string = listKeys(namespace.id, '2024-01-01').primaryKey",
        "the output 'namespaceId' tells a secret",
    ),
    "property written twice": (
        MESSAGING,
        "    requiresSession: item.requiresSession\n",
        "    requiresSession: item.requiresSession\n    requiresSession: true\n",
        "the property 'requiresSession' is written twice",
    ),
    "child of another resource": (
        STORAGE,
        "  parent: dataTables\n",
        "  parent: dataBlobs\n",
        "tableServices/tables cannot lie in dataBlobs",
    ),
    "child without a parent": (
        STORAGE,
        "  parent: dataTables\n",
        "",
        "Microsoft.Storage/storageAccounts/tableServices/tables has no parent",
    ),
    "role on another resource": (
        RBAC,
        "  scope: vault\n  name: guid(vault.id",
        "  scope: insights\n  name: guid(insights.id",
        "the role 'Key Vault Secrets User' is given on insights",
    ),
    "role on the whole group": (
        RBAC,
        "  scope: vault\n",
        "",
        "the role 'Key Vault Secrets User' is given on the resource group",
    ),
    "two roles of one name": (
        RBAC,
        "guid(media.id, principalId, roles[role])",
        "guid(dataStorage.id, principalId, roles[role])",
        "mediaRole: the name must come from the scope",
    ),
    "keys of storage": (
        STORAGE,
        "allowSharedKeyAccess: false",
        "allowSharedKeyAccess: true",
        "Microsoft.Storage/storageAccounts: allowSharedKeyAccess must be false",
    ),
    "keys of Service Bus": (
        MESSAGING,
        "    disableLocalAuth: true\n",
        "",
        "Microsoft.ServiceBus/namespaces: disableLocalAuth must be true",
    ),
    "a vault that can be purged": (
        "modules/vault.bicep",
        "enablePurgeProtection: true",
        "enablePurgeProtection: false",
        "Microsoft.KeyVault/vaults: enablePurgeProtection must be true",
    ),
    "events without Entra's token": (
        "modules/eventGrid.bicep",
        "        azureActiveDirectoryApplicationIdOrUri: applicationId\n",
        "",
        "azureActiveDirectoryApplicationIdOrUri must be applicationId",
    ),
    "an app by plain HTTP": (APP, "httpsOnly: true", "httpsOnly: false", "httpsOnly must be true"),
    "transcripts that are not heard": (
        "modules/pushEvents.bicep",
        "userEventPattern: 'message'",
        "userEventPattern: ''",
        "the event type 'azure.webpubsub.user.message' that the code uses is missing",
    ),
}
