"""Waiting out a broker that does not answer: told once when it begins and once when it is over."""

import asyncio
import logging
import time

LOG = logging.getLogger("monikanava.host")
SHORTEST, LONGEST = 0.2, 5.0


class Outage:
    """Backs off for as long as the trouble has lasted already, from 0.2 to 5 seconds at a time."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._since: float | None = None

    async def wait(self, error: Exception) -> None:
        """Sleep before another attempt."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
            words = str(error).partition("\n")[0][:200]
            LOG.warning("%s: Service Bus does not answer, trying again: %s", self._queue, words)
        await asyncio.sleep(min(LONGEST, max(SHORTEST, now - self._since)))

    def over(self) -> None:
        """Say that the broker answered."""
        if self._since is not None:
            LOG.info(
                "%s: Service Bus answers again after %.1f s", self._queue, time.monotonic() - self._since
            )
            self._since = None
