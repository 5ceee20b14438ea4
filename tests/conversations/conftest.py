"""A world of its own for every test, over one table service."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from functions.cloud.tables import Tables, open_tables
from local.azurite import Azurite
from tests.conversations.kit import Counting, World


@pytest_asyncio.fixture(scope="session")
async def tables(azurite: Azurite) -> AsyncIterator[Tables]:
    opened = open_tables(azurite.connection_string)
    yield opened
    await opened.close()


@pytest.fixture
def world(tables: Tables) -> World:
    """The threads table is shared, as in life; the indexes are the test's own, so that lists are short."""
    mark = uuid4().hex[:12]
    names = {"threads": "threads"} | {name: f"{name}{mark}" for name in ("inbox", "records", "due")}
    return World({key: Counting(tables.table(name)) for key, name in names.items()}, thread=f"+358{mark}")
