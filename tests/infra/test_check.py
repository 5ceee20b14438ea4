"""infra/ is right; and each mistake of a list, made in a copy of it, is told with its place."""

from dataclasses import replace

import pytest

from infra.check import check, code
from tests.infra.conftest import Seed

MAIN, SERVICE, APP = "main.bicep", "modules/service.bicep", "modules/app.bicep"
SETTINGS = "modules/settings.bicep"
STORAGE, RBAC, MESSAGING = "modules/storage.bicep", "modules/rbac.bicep", "modules/messaging.bicep"
MISTAKES = {
    "a word too much": (
        MAIN,
        "param location string",
        "param location text string",
        "main.bicep:13: not Bicep: 'text'",
    ),
    "undefined variable": (
        APP,
        "serverFarmId: plan.id",
        "serverFarmId: farm.id",
        "'farm' is not defined",
    ),
    "undefined in an interpolated text": (
        SETTINGS,
        "AUTH_ISSUER: '${authority}/v2.0'",
        "AUTH_ISSUER: '${issuer}/v2.0'",
        "'issuer' is not defined",
    ),
    "a loop's name outside of the loop": (
        STORAGE,
        "output hostId string = host.id",
        "output hostId string = name",
        "'name' is not defined",
    ),
    "a lambda's name outside of the lambda": (
        "modules/alerts.bicep",
        "actions: { actionGroups: receivers }",
        "actions: { actionGroups: id }",
        "'id' is not defined",
    ),
    "undefined function": (MAIN, "toLower(uniqueString(", "toLower(uniqueText(", "no function 'uniqueText'"),
    "undefined decorator": (MAIN, "@maxLength(40)", "@longest(40)", "no function 'longest'"),
    "undefined type": (SERVICE, "param apps appOption[]", "param apps appChoice[]", "'appChoice' is not def"),
    "unused parameter": (
        SERVICE,
        "    email: alertEmail\n",
        "    email: ''\n",
        "the parameter 'alertEmail' is never used",
    ),
    "unused variable": (
        APP,
        "resource plan",
        "var spare = 1\n\nresource plan",
        "variable 'spare' is never used",
    ),
    "unused existing resource": (
        "modules/pushEvents.bicep",
        "resource hub",
        "resource other 'Microsoft.Web/sites@2025-03-01' existing = {\n  name: 'x'\n}\n\nresource hub",
        "the existing resource 'other' is never used",
    ),
    "declared twice": (
        SETTINGS,
        "resource settings",
        "var authority = ''\n\nresource settings",
        "'authority' is declared",
    ),
    "apps that need their own settings": (
        SERVICE,
        "  dependsOn: [access, endpoints]\n",
        "  dependsOn: [access, endpoints, settings]\n",
        "these wait for each other: channelUrls, functionApps, settings",
    ),
    "a resource that needs itself": (
        APP,
        "  parent: site\n  name: name\n",
        "  parent: site\n  name: publishing.name\n",
        "these wait for each other: publishing",
    ),
    "bad module path": (SERVICE, "'vault.bicep'", "'safe.bicep'", "there is no file 'safe.bicep'"),
    "bad import path": (SERVICE, "'../types.bicep'", "'types.bicep'", "there is no file 'types.bicep'"),
    "import of what is not exported": (
        "types.bicep",
        "@export()\n@description('An account",
        "@description('An account",
        "../types.bicep exports no 'eventAccount'",
    ),
    "bad path of a loaded file": (
        MESSAGING,
        "'../queues.json'",
        "'queues.json'",
        "there is no file 'queues.json'",
    ),
    "unknown module parameter": (
        SERVICE,
        "retentionDays: logRetentionDays",
        "keepDays: logRetentionDays",
        "monitoring.bicep has no parameter 'keepDays'",
    ),
    "missing module parameter": (
        SERVICE,
        "    retentionDays: logRetentionDays\n",
        "",
        "monitoring.bicep needs the parameter 'retentionDays'",
    ),
    "module parameter of another type": (
        SERVICE,
        "retentionDays: logRetentionDays",
        "retentionDays: alertEmail",
        "'retentionDays' takes int, not string",
    ),
    "module without a scope": (
        MAIN,
        "  scope: group\n",
        "",
        "service.bicep is for a resourceGroup: it needs",
    ),
    "output that does not exist": (
        SERVICE,
        "vault.outputs.vaultUri",
        "vault.outputs.address",
        "vault.bicep has no output 'address'",
    ),
    "module that nobody uses": (
        SERVICE,
        "module workbook 'workbook.bicep'",
        "module workbook 'alerts.bicep'",
        "workbook.bicep: no module of main.bicep uses this file",
    ),
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
    "missing queue": (
        "queues.json",
        '"name": "inbound-sms"',
        '"name": "incoming-sms"',
        "the queue 'inbound-sms' that the code uses is missing",
    ),
    "queue with other facts": (
        "queues.json",
        '"requiresSession": true',
        '"requiresSession": false',
        "queues.json: is not what the code says",
    ),
    "missing table": (
        "tables.json",
        '  "threads",\n',
        "",
        "the table 'threads' that the code uses is missing",
    ),
    "table that nothing uses": (
        "tables.json",
        '"threads"',
        '"threads",\n  "lists"',
        "the table 'lists' is used by nothing in the code",
    ),
    "missing container": (
        STORAGE,
        "var containers = ['media']",
        "var containers = ['files']",
        "the container 'media' that the code uses is missing",
    ),
    "missing app setting": (
        SETTINGS,
        "      KEY_VAULT_URI: vaultUri\n",
        "      VAULT: vaultUri\n",
        "the app setting 'KEY_VAULT_URI' that the code reads is missing",
    ),
    "unused app setting": (
        SETTINGS,
        "      TABLES_ENDPOINT:",
        "      TABLE_PREFIX: ''\n      TABLES_ENDPOINT:",
        "the app setting 'TABLE_PREFIX' is read by nothing",
    ),
    "app setting that holds a key": (
        SETTINGS,
        "      TABLES_ENDPOINT:",
        "      TABLES_CONNECTION_STRING:",
        "the app setting 'TABLES_CONNECTION_STRING' would hold a key: use 'TABLES_ENDPOINT'",
    ),
    "missing role": (
        RBAC,
        "['Azure Service Bus Data Receiver', 'Azure Service Bus Data Sender']",
        "['Azure Service Bus Data Receiver']",
        "the role 'Azure Service Bus Data Sender' that the code uses is missing",
    ),
    "role that nothing needs": (
        RBAC,
        "var onTables = ['Storage Table Data Contributor']",
        "var onTables = ['Storage Table Data Contributor', 'Storage Queue Data Contributor']",
        "the role 'Storage Queue Data Contributor' is used by nothing",
    ),
    "role without an id": (RBAC, "  'Storage Blob Data Owner': 'b7", "  'Storage Owner': 'b7", "has no id"),
    "event type that no adapter reads": (
        "events.json",
        "Microsoft.Communication.SMSReceived",
        "Microsoft.Communication.SmsReceived",
        "the event type 'Microsoft.Communication.SMSReceived' that the code uses is missing",
    ),
    "alert on a figure that is not measured": (
        "alerts.json",
        "'monikanava.lag'",
        "'monikanava.age'",
        "the code measures no 'monikanava.age'",
    ),
    "alert on a line that is not logged": (
        "alerts.json",
        "'no token:'",
        "'token missing:'",
        "the code logs nothing that begins with 'token missing:'",
    ),
    "alert on a fact that a figure does not have": (
        "alerts.json",
        "Subject = tostring(Properties.queue)",
        "Subject = tostring(Properties.channel)",
        "spool-not-empty: the code tells no 'channel' of 'monikanava.spooled'",
    ),
    "alert on the most of a count": (
        "alerts.json",
        "Refused = sumif(Sum,",
        "Refused = sumif(Max,",
        "refused-webhooks: 'monikanava.webhooks' has no 'Max', only its sum",
    ),
    "alert on a column that the table does not have": (
        "alerts.json",
        "Value = max(Max) by Subject",
        "Value = max(valueMax) by Subject",
        "oldest-message: AppMetrics has no column 'valueMax'",
    ),
    "chart of a table that does not exist": (
        "workbook.json",
        "customMetrics | where name == 'monikanava.parked'",
        "customMetric | where name == 'monikanava.parked'",
        "Parked: there is no table 'customMetric'",
    ),
    "alert on a metric that Service Bus does not have": (
        "alerts.json",
        '"DeadletteredMessages"',
        '"DeadLetteredMessages"',
        "dead-lettered: Service Bus has no metric 'DeadLetteredMessages'",
    ),
    "alert on a metric's wrong aggregation": (
        "alerts.json",
        '"aggregation": "Minimum"',
        '"aggregation": "Total"',
        "piling-up: Service Bus has no metric 'ActiveMessages' by 'Total'",
    ),
    "alert on a queue that is not there": (
        "alerts.json",
        '"entities": ["parked"]',
        '"entities": ["parking"]',
        "parked: the code uses no queue 'parking'",
    ),
    "unknown parameter in a file of parameters": (
        "main.parameters.json",
        '"alertEmail"',
        '"email"',
        "main.parameters.json: main.bicep has no parameter 'email'",
    ),
    "missing parameter in a file of parameters": (
        "main.parameters.json",
        '    "deskApplicationId": { "value": "${DESK_APPLICATION_ID}" },\n',
        "",
        "main.parameters.json: main.bicep needs the parameter 'deskApplicationId'",
    ),
    "channel without an app": (
        "examples/busy.parameters.json",
        '"channels": ["whatsapp"]',
        '"channels": ["sms"]',
        "the channel 'whatsapp' is served by 0 apps, not by one",
    ),
    "app with an unknown setting": (
        "examples/busy.parameters.json",
        '"httpConcurrency"',
        '"concurrency"',
        "busy.parameters.json: one of apps has no 'concurrency'",
    ),
    "app without a setting": (
        "examples/busy.parameters.json",
        '"alwaysReady": 4',
        '"publicBaseUrl": "https://x.example.com"',
        "busy.parameters.json: 'whatsapp' of apps needs 'alwaysReady'",
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
    "value that is not allowed": (
        "examples/busy.parameters.json",
        '"serviceBusCapacity": { "value": 2 }',
        '"serviceBusCapacity": { "value": 3 }',
        "serviceBusCapacity cannot be 3: 1, 2, 4, 8, 16",
    ),
    "default of azd's that is not allowed": (
        "main.parameters.json",
        "${SERVICE_BUS_SKU=Standard}",
        "${SERVICE_BUS_SKU=Basic}",
        "serviceBusSku cannot be 'Basic': Standard, Premium",
    ),
    "memory that Flex Consumption does not have": (
        "examples/busy.parameters.json",
        '"instanceMemoryMB": 4096',
        '"instanceMemoryMB": 1024',
        "instanceMemoryMB cannot be 1024: 512, 2048, 4096",
    ),
    "too few instances": (
        "examples/busy.parameters.json",
        '"maximumInstanceCount": 200',
        '"maximumInstanceCount": 20',
        "maximumInstanceCount cannot be 20: minValue is 40",
    ),
    "app with a name that storage does not take": (
        "examples/busy.parameters.json",
        '"name": "whatsapp"',
        '"name": "WhatsApp"',
        "an app cannot be called 'WhatsApp'",
    ),
    "two apps of one name": (
        "examples/busy.parameters.json",
        '"name": "whatsapp"',
        '"name": "chat"',
        "2 apps are called 'chat'",
    ),
    "app of main.parameters.json that azd does not know": (
        "main.parameters.json",
        '    "deployed"',
        '    "apps": { "value": [{ "name": "api" }, { "name": "chat" }] },\n    "deployed"',
        "the app 'chat' has no service of its name",
    ),
    "app that azd would not find": (
        "main.parameters.json",
        '    "deployed"',
        '    "apps": { "value": [{ "name": "chat", "channels": [] }] },\n    "deployed"',
        "the service 'api' is no app",
    ),
    "public address that is no URL": (
        "examples/busy.parameters.json",
        '"alwaysReady": 4',
        '"alwaysReady": 4, "publicBaseUrl": "chat.example.com"',
        "publicBaseUrl cannot be 'chat.example.com'",
    ),
    "public address with a slash at the end": (
        "examples/busy.parameters.json",
        '"alwaysReady": 4',
        '"alwaysReady": 4, "publicBaseUrl": "https://chat.example.com/"',
        "publicBaseUrl cannot be 'https://chat.example.com/'",
    ),
    "event account of a channel without events": (
        "main.parameters.json",
        '"deployed"',
        '"eventAccounts": { "value": [{ "account": "a", "channel": "fax", "address": "1" }] }, "deployed"',
        "channel cannot be 'fax': sms, whatsapp, voice",
    ),
    "event account without an address": (
        "main.parameters.json",
        '"deployed"',
        '"eventAccounts": { "value": [{ "account": "a", "channel": "sms" }] },\n    "deployed"',
        "'a' of eventAccounts needs 'address'",
    ),
    "event account with an id that none has": (
        "main.parameters.json",
        '"deployed"',
        '"eventAccounts": { "value": [{ "account": "A_b", "channel": "sms", "address": "" }] }, "deployed"',
        "no account of a configuration has the id 'A_b'",
    ),
    "app that azd does not know": (
        MAIN,
        "    name: 'api'\n",
        "    name: 'web'\n",
        "the app 'web' has no service of its name",
    ),
}


def test_nothing_is_wrong(uses: code.Uses) -> None:
    assert [str(problem) for problem in check(uses=uses)] == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told(mistake: str, seeded: Seed) -> None:
    file, right, wrong, says = MISTAKES[mistake]
    told = seeded(file, right, wrong)
    assert any(says in line for line in told), told


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("queues", "inbound-fax"),
        ("tables", "faxes"),
        ("containers", "faxes"),
        ("roles", "Storage Fax Reader"),
    ],
)
def test_what_the_code_begins_to_use_is_missed(part: str, name: str, uses: code.Uses) -> None:
    grown = replace(uses, **{part: getattr(uses, part) | {name}})
    assert any(f"'{name}' that the code uses is missing" in str(problem) for problem in check(uses=grown))


def test_sessions_are_not_taken_in_batches(uses: code.Uses) -> None:
    grown = replace(uses, batched=frozenset({"inbound-sms"}))
    assert any("'inbound-sms' takes batches" in str(problem) for problem in check(uses=grown))


def test_a_client_of_azure_needs_a_known_role(uses: code.Uses) -> None:
    grown = replace(uses, unknown_clients=frozenset({"azure.cosmos"}))
    assert any("the code imports azure.cosmos" in str(problem) for problem in check(uses=grown))


def test_a_setting_that_the_code_begins_to_read_is_missed(uses: code.Uses) -> None:
    grown = replace(uses, settings=(*uses.settings, code.Setting("FAX_NUMBER")))
    assert any("'FAX_NUMBER' that the code reads is missing" in str(problem) for problem in check(uses=grown))


def test_the_code_is_read_as_it_stands(uses: code.Uses) -> None:
    assert {"inbound-sms", "outbound-chat", "media", "parked"} <= uses.queues
    assert {"threads", "spool", "tokens", "chats", "customs"} <= uses.tables
    assert uses.containers == {"media"}
    assert code.Setting("TABLES_ENDPOINT", frozenset({"TABLES_CONNECTION_STRING"})) in uses.settings
    assert code.Setting("CHANNELS") in uses.settings
    assert "Key Vault Secrets User" in uses.roles
    assert not uses.unknown_clients
    assert "monikanava.lag" in uses.figures
