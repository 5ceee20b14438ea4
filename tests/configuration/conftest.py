"""A table and a clock of each test's own."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from functions.cloud.tables import AzureTable, Tables, open_tables
from local.azurite import Azurite
from tests.configuration.kit import Clock


@pytest_asyncio.fixture(scope="session")
async def tables(azurite: Azurite) -> AsyncIterator[Tables]:
    opened = open_tables(azurite.connection_string)
    yield opened
    await opened.close()


@pytest.fixture
def table(tables: Tables) -> AzureTable:
    return tables.table(f"t{uuid4().hex}")


@pytest.fixture
def clock() -> Clock:
    return Clock()
