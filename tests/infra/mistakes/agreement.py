"""Mistakes: where the code and infra/ disagree on queues, tables, settings, roles, what alerts ask for."""

from tests.infra.mistakes import Mistake

SETTINGS = "modules/settings.bicep"
STORAGE = "modules/storage.bicep"
RBAC = "modules/rbac.bicep"

MISTAKES: dict[str, Mistake] = {
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
}
