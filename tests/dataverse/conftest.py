"""The simulated Dataverse, one for each test, and the service with an account of it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.dataverse.house import House, serving
from tests.dataverse.world import World, open_world


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    async with serving() as house:
        yield house


@pytest_asyncio.fixture
async def world(house: House, azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[World]:
    async with open_world(house, azurite, servicebus) as world:
        yield world
