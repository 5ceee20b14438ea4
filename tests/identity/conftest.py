"""Tables of their own in the run's table service, and a clock that stands still."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio

from functions.cloud.tables import AzureTable, Tables, open_tables
from functions.identity.identities import Identities
from functions.identity.records import Records
from local.azurite import Azurite

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


@pytest_asyncio.fixture(scope="session")
async def tables(azurite: Azurite) -> AsyncIterator[Tables]:
    opened = open_tables(azurite.connection_string)
    yield opened
    await opened.close()


@pytest.fixture
def table(tables: Tables) -> AzureTable:
    return tables.table(f"t{uuid4().hex}")


@pytest.fixture
def clock() -> Callable[[], datetime]:
    return lambda: NOW


@pytest.fixture
def identities(tables: Tables, clock: Callable[[], datetime]) -> Identities:
    return Identities(tables.table(f"t{uuid4().hex}"), clock)


@pytest.fixture
def records(table: AzureTable, clock: Callable[[], datetime]) -> Records:
    return Records(table, clock, lambda: "FI")
