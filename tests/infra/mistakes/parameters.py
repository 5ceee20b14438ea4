"""Mistakes: files of parameters, and azd's services beside them."""

from tests.infra.mistakes import Mistake

MAIN = "main.bicep"

MISTAKES: dict[str, Mistake] = {
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
