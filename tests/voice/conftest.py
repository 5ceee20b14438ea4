"""One running platform for the room, with telephones; and the services alone, whose parts can fail."""

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
import pytest_asyncio

from functions.channels.contract import Answer
from local.azurite import Azurite
from local.desk import Desk
from local.platform import Platform
from local.servicebus.launch import ServiceBus
from tests.voice.house import House
from tests.voice.house import house as opened
from tests.voice.kit import Calling, configuration


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with Platform(tmp_path_factory.mktemp("voice")) as platform:
        await platform.configure(configuration())
        yield platform


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def calling(platform: Platform) -> AsyncIterator[Calling]:
    token = platform.issuer.token("Administrator", "maija")
    async with aiohttp.ClientSession() as http, Desk(platform.url, token) as desk:
        yield Calling(http, platform.url, platform.simulators_url, desk)


@pytest_asyncio.fixture(scope="session")
async def open_house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with opened(azurite, servicebus) as house:
        yield house


@pytest.fixture
def house(open_house: House) -> House:
    open_house.weather.calls = open_house.weather.queues = open_house.weather.leaving = False
    open_house.weather.slow = open_house.weather.noting = 0.0
    open_house.weather.ahead = timedelta()
    open_house.bus.sent.clear()
    open_house.provider.asked.clear()
    open_house.provider.answer = Answer(201, {}, b'{"sid": "CA00"}')
    return open_house
