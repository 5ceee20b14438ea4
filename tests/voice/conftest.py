"""One running platform for the room, with telephones at Twilio."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from local.desk import Desk
from local.platform import Platform
from tests.voice.kit import Calling, configuration


@pytest_asyncio.fixture(scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with Platform(tmp_path_factory.mktemp("voice")) as platform:
        await platform.configure(configuration())
        yield platform


@pytest_asyncio.fixture(scope="session")
async def calling(platform: Platform) -> AsyncIterator[Calling]:
    token = platform.issuer.token("Administrator", "maija")
    async with aiohttp.ClientSession() as http, Desk(platform.url, token) as desk:
        yield Calling(http, platform.url, platform.simulators_url, desk)
