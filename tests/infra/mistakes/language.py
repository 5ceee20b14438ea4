"""Mistakes: what Bicep itself would refuse: names, modules, what waits for itself."""

from tests.infra.mistakes import Mistake

MAIN = "main.bicep"
SERVICE = "modules/service.bicep"
APP = "modules/app.bicep"
SETTINGS = "modules/settings.bicep"
STORAGE = "modules/storage.bicep"
MESSAGING = "modules/messaging.bicep"

MISTAKES: dict[str, Mistake] = {
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
}
