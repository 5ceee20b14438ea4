"""One emulator for the whole room, with a queue for each scenario."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from local.servicebus.launch import ServiceBus
from tests.platform.servicebus.sdk import DRIVERS, Driver

QUEUES: dict[str, dict[str, Any]] = {
    "settle": {"MaxDeliveryCount": 3},
    "short-lock": {"LockDuration": "PT1S"},
    "short-life": {"DefaultMessageTimeToLive": "PT1S", "DeadLetteringOnMessageExpiration": True},
    "no-duplicates": {"RequiresDuplicateDetection": True},
    "later": {},
    "large": {},
    "gone-at-once": {},
    "sessions": {"RequiresSession": True},
    "many-sessions": {"RequiresSession": True},
    "short-sessions": {"RequiresSession": True, "LockDuration": "PT2S"},
    "forwards": {"ForwardDeadLetteredMessagesTo": "collected"},
    "collected": {},
    "node": {"MaxDeliveryCount": 3},
    "node-sessions": {"RequiresSession": True},
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


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=list(DRIVERS))
async def driver(request: pytest.FixtureRequest, bus: ServiceBus) -> AsyncIterator[Driver]:
    made = DRIVERS[request.param](bus.connection_string)
    yield made
    await made.close()
