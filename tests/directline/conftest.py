"""One running platform for the room, with chat accounts of its own, and an issuer of customers' tokens."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.desk import Desk
from local.platform import Platform
from tests.desk.issuers import KEY, serving
from tests.directline.kit import Chats, configuration


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    data = tmp_path_factory.mktemp("directline")
    async with serving() as jwks, serving() as pem, Platform(data) as platform:
        pem.body = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        await platform.configure(configuration(jwks.url, pem.url))
        yield platform


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def chats(platform: Platform) -> AsyncIterator[Chats]:
    """The callers' side: customers' clients and an agent."""
    token = platform.issuer.token("Administrator", "maija")
    async with aiohttp.ClientSession() as http, Desk(platform.url, token) as desk:
        yield Chats(http, platform.url, desk, token)
