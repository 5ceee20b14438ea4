"""The whole platform for a bench: real parts in a folder of their own, one configured SMS account."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench import samples
from local.desk import Desk
from local.platform import Platform

STORED_SECONDS = 60.0
THREADS = 64  # customers who write; at most 100, which is a page of the inbox
WORKSTREAM = "bench"


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    """Start it on free ports, configured; stop it and forget its data at the end."""
    with tempfile.TemporaryDirectory(prefix="monikanava-bench-") as folder:
        async with Platform(Path(folder)) as running:
            await running.configure(configuration())
            yield running


class Stored:
    """Watches messages become parts of their conversations, through the desk's API as an agent sees it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def wait(self, messages: int) -> None:
        """Return when so many are stored in all; raises TimeoutError."""
        async with asyncio.timeout(STORED_SECONDS):
            while True:
                if await self._count() >= messages:
                    return
                await asyncio.sleep(0.1)

    async def _count(self) -> int:
        found = await self._desk.items("conversations", workstream=WORKSTREAM, state="open", limit="100")
        return sum(conversation["messages"] for conversation in found)


def configuration() -> str:
    """Give a document with one SMS account."""
    account = samples.twilio_sms().account
    document = {
        "version": 1,
        "entitlements": ["digital-messaging"],
        "accounts": [
            {
                "id": account.id,
                "channel": account.channel,
                "provider": account.provider,
                "workstream": WORKSTREAM,
                "settings": samples.TWILIO_SETTINGS,
            }
        ],
        "workstreams": [{"id": WORKSTREAM, "agentQueue": "agents"}],
        "agentQueues": [{"id": "agents"}],
    }
    return json.dumps(document)
