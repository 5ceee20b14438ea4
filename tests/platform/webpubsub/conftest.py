"""One emulator for this room's tests; each uses a hub of its own."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from local.webpubsub.launch import WebPubSub


@pytest_asyncio.fixture(scope="package")
async def webpubsub() -> AsyncIterator[WebPubSub]:
    emulator = WebPubSub()
    await emulator.start()
    yield emulator
    await emulator.stop()


@pytest.fixture
def hub() -> str:
    return f"hub{uuid4().hex}"
