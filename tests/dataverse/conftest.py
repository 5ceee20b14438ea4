"""The simulated Dataverse, one for each test, and tables of its own."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from functions.cloud.tables import AzureTable, Tables, open_tables
from functions.identity.records import Records
from local.azurite import Azurite
from tests.dataverse.house import House, serving


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    async with serving() as house:
        yield house


@pytest_asyncio.fixture(scope="session")
async def tables(azurite: Azurite) -> AsyncIterator[Tables]:
    opened = open_tables(azurite.connection_string)
    yield opened
    await opened.close()


@pytest.fixture
def table(tables: Tables) -> AzureTable:
    return tables.table(f"t{uuid4().hex}")


@pytest.fixture
def records(tables: Tables, house: House) -> Records:
    return Records(tables.table(f"t{uuid4().hex}"), house.clock, lambda: "FI")
