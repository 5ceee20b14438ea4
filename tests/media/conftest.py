"""One house for the whole room; every test has messages and paths of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.media.house import House, open_house


@pytest_asyncio.fixture(scope="session")
async def opened(azurite: Azurite, blob_service: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with open_house(azurite, blob_service, servicebus) as house:
        yield house


@pytest.fixture
def house(opened: House) -> House:
    opened.slept.clear()
    opened.media.asked.clear()
    return opened
