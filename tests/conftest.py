"""The real parts that every room's tests may use: Azure Storage (Azurite) and the Service Bus emulator."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import settings

from local.azurite import Azurite, Service

if TYPE_CHECKING:
    from local.servicebus.launch import ServiceBus

ROOT = Path(__file__).parent.parent
# No deadlines: the machine may be busy. By hand every run looks somewhere else, in CI at the same examples.
settings.register_profile("ours", deadline=None, max_examples=100, derandomize="CI" in os.environ)
settings.load_profile("ours")


@pytest_asyncio.fixture(scope="session")
async def azurite() -> AsyncIterator[Azurite]:
    """One table service in memory for the whole run; a test uses tables of its own."""
    service = Azurite(None)
    await service.start()
    yield service
    await service.stop()


@pytest_asyncio.fixture(scope="session")
async def blob_service() -> AsyncIterator[Azurite]:
    """One blob service in memory for the whole run; a test uses a container of its own."""
    service = Azurite(None, service=Service.BLOB)
    await service.start()
    yield service
    await service.stop()


@pytest_asyncio.fixture(scope="session")
async def servicebus(tmp_path_factory: pytest.TempPathFactory) -> "AsyncIterator[ServiceBus]":
    """One broker with the default queues for the whole run; a test uses sessions and ids of its own."""
    from local.servicebus.launch import ServiceBus

    broker = ServiceBus(ROOT / "local" / "servicebus.json", tmp_path_factory.mktemp("servicebus"))
    await broker.start()
    yield broker
    await broker.stop()
