"""One house for the whole room; every test has records and numbers of its own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.records.house import House, open_house


@pytest_asyncio.fixture(scope="session")
async def house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with open_house(azurite, servicebus) as opened:
        yield opened
