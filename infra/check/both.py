"""The code and Bicep, compared both ways: what one uses the other makes, and nothing besides."""

from collections.abc import Collection, Iterator
from pathlib import Path

from infra.check.code import PLATFORM, Uses
from infra.check.deployed import Deployed
from infra.check.problem import Problem
from infra.queues import queues

MESSAGING, STORAGE = "modules/messaging.bicep", "modules/storage.bicep"
APP, RBAC, EVENTS = "modules/settings.bicep", "modules/rbac.bicep", "events.json"
PUSHED = "modules/pushEvents.bicep"
HOST_SETTINGS = (
    "AzureWebJobsStorage__",
    "ServiceBusConnection__",
    "AZURE_CLIENT_ID",
    "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
    "OTEL_TRACES_SAMPLER",
    "PYTHON_ENABLE_OPENTELEMETRY",
)
OPTIONAL_ROLES = frozenset(("Azure Service Bus Data Owner", "Key Vault Secrets Officer"))


def check(uses: Uses, deployed: Deployed, root: Path) -> Iterator[Problem]:
    """Compare everything that has a name on both sides."""
    yield from _compare("queue", uses.queues, {row["name"] for row in deployed.queues}, "queues.json")
    if deployed.queues != queues():
        yield Problem("queues.json", 0, "is not what the code says: python -m infra write")
    for name in sorted(uses.batched):
        # Azure's extension takes one session at a time then, and waits sessionIdleTimeout for the next.
        yield Problem(
            "../functions", 0, f"the trigger of {name!r} takes batches: its sessions would queue up"
        )
    yield from _compare("table", uses.tables, deployed.tables, STORAGE)
    yield from _compare("container", uses.containers, deployed.containers - {"name"}, STORAGE)
    yield from _compare("role", uses.roles, deployed.roles - OPTIONAL_ROLES, RBAC)
    for role in sorted(deployed.named_roles - deployed.roles):
        yield Problem(RBAC, 0, f"the role {role!r} is given to nobody")
    for role in sorted(deployed.roles - deployed.named_roles):
        yield Problem(RBAC, 0, f"the role {role!r} has no id")
    for client in sorted(uses.unknown_clients):
        yield Problem(
            RBAC, 0, f"the code imports {client}: which role does it need? Tell infra/check/code.py"
        )
    yield from _settings(uses, deployed)
    yield from _compare("event type", uses.subscribed, deployed.subscribed, EVENTS)
    yield from _compare("event type", uses.pushed, deployed.pushed, PUSHED)


def _compare(what: str, used: Collection[str], made: Collection[str], file: str) -> Iterator[Problem]:
    for name in sorted(set(used) - set(made)):
        yield Problem(file, 0, f"the {what} {name!r} that the code uses is missing")
    for name in sorted(set(made) - set(used)):
        yield Problem(file, 0, f"the {what} {name!r} is used by nothing in the code")


def _settings(uses: Uses, deployed: Deployed) -> Iterator[Problem]:
    known = {setting.name for setting in uses.settings} | PLATFORM
    for setting in sorted({found.name for found in uses.settings} - PLATFORM):
        alternatives = {
            other for found in uses.settings if found.name == setting for other in found.alternatives
        }
        if not deployed.settings & {setting, *alternatives}:
            yield Problem(APP, 0, f"the app setting {setting!r} that the code reads is missing")
        if alternatives and setting in deployed.settings and "CONNECTION_STRING" in setting:
            yield Problem(APP, 0, f"the app setting {setting!r} would hold a key: use {min(alternatives)!r}")
    for name in sorted(deployed.settings - known):
        if not name.startswith(HOST_SETTINGS):
            yield Problem(APP, 0, f"the app setting {name!r} is read by nothing in the code")
