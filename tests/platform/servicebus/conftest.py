"""One emulator for the whole room, with a queue for each scenario."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from local.servicebus.launch import ServiceBus
from tests.platform.servicebus.sdk import DRIVERS

SESSIONS = {"RequiresSession": True}
EACH_SDK: dict[str, dict[str, Any]] = {
    "plain": {},
    "settle": {"MaxDeliveryCount": 3},
    "poison": {"MaxDeliveryCount": 3},
    "short-lock": {"LockDuration": "PT3S"},
    "short-life": {"DeadLetteringOnMessageExpiration": True},
    "no-duplicates": {"RequiresDuplicateDetection": True},
    "later": {},
    "large": {},
    "gone-at-once": {},
    "collected": {},
    "ordered": SESSIONS,
    "state": SESSIONS,
    "next": SESSIONS,
    "back": SESSIONS,
    "deferred": SESSIONS,
    "many-sessions": SESSIONS,
    "short-sessions": {"RequiresSession": True, "LockDuration": "PT3S"},
}
QUEUES: dict[str, dict[str, Any]] = {
    **{f"{sdk}-{name}": rules for sdk in DRIVERS for name, rules in EACH_SDK.items()},
    **{f"{sdk}-forwards": {"ForwardDeadLetteredMessagesTo": f"{sdk}-collected"} for sdk in DRIVERS},
    "sessions": SESSIONS,
    "many-sessions": SESSIONS,
    "still-there": {},
    "node": {"MaxDeliveryCount": 3},
    "node-sessions": SESSIONS,
}


def write_config(path: Path, queues: dict[str, dict[str, Any]]) -> Path:
    listed = [{"Name": name, "Properties": rules} for name, rules in queues.items()]
    path.write_text(json.dumps({"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": listed}]}}))
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceBus]:
    folder = tmp_path_factory.mktemp("servicebus")
    async with ServiceBus(write_config(folder / "config.json", QUEUES), folder / "data") as running:
        yield running
