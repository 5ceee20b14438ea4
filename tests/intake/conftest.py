"""Tables and a bus of the room's own: real ones, with table names that no other test uses."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import AzureTable, Tables, open_tables
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.intake.samples import Clock


@pytest_asyncio.fixture
async def tables(azurite: Azurite) -> AsyncIterator[Tables]:
    opened = open_tables(azurite.connection_string)
    yield opened
    await opened.close()


@pytest.fixture
def table(tables: Tables) -> AzureTable:
    return tables.table(f"t{uuid4().hex}")


@pytest_asyncio.fixture
async def bus(servicebus: ServiceBus) -> AsyncIterator[AzureBus]:
    made = AzureBus.connect(servicebus.connection_string)
    yield made
    await made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()
