"""The whole platform for a bench: real parts in a folder of their own."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench import samples
from local.desk import Desk
from local.platform import Platform

STORED_SECONDS = 60.0
THREADS = 64  # customers who write; at most 100, which is a page of the inbox


@asynccontextmanager
async def platform(document: str = "") -> AsyncIterator[Platform]:
    """Start it on free ports, with its own configuration or another; forget its data at the end."""
    with tempfile.TemporaryDirectory(prefix="monikanava-bench-") as folder:
        try:
            async with Platform(Path(folder)) as running:
                await running.configure(document or samples.CONFIGURATION.read_text())
                yield running
        except (OSError, TimeoutError) as error:
            # The folder goes, and with it the only place that says why.
            error.add_note(_last_words(Path(folder) / "host.log"))
            raise


class Stored:
    """Watches messages become parts of their conversations, through the desk's API as an agent sees it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen = 0

    async def wait(self, messages: int) -> None:
        """Return when so many are stored in all; raises TimeoutError."""
        before, started = self._seen, time.perf_counter()
        async with asyncio.timeout(STORED_SECONDS):
            while True:
                self._seen = await self._count()
                if self._seen >= messages:
                    return
                # Looking costs the app as much as routing some messages does: look when it should be done.
                rate = (self._seen - before) / (time.perf_counter() - started)
                await asyncio.sleep(min(1.0, max(0.05, (messages - self._seen) / max(rate, 100))))

    async def _count(self) -> int:
        found = await self._desk.items(
            "conversations", workstream=samples.WORKSTREAM, state="open", limit="100"
        )
        return sum(conversation["messages"] for conversation in found)


def _last_words(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text().splitlines()[-lines:]) if log.exists() else "the host has no log"
