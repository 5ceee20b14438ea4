"""Waiting for what is ours and down: a failed invocation would spend one of the queue's deliveries.

Service Bus delivers a failed message again at once, ten times, and then dead-letters it. So a storage
outage is sat out inside the invocation, below its time limit; ten deliveries last about forty minutes.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from functions.errors import Unavailable

PATIENCE = 240.0  # seconds; host.json's functionTimeout and lock renewal are 300
Result = TypeVar("Result")
log = logging.getLogger("monikanava.patience")


class Patience:
    """The waiting time of one invocation, shared by everything that it waits for."""

    def __init__(self, seconds: float = PATIENCE) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + seconds

    @property
    def left(self) -> float:
        """How many seconds are left; never below zero."""
        return max(self._deadline - self._loop.time(), 0.0)

    async def __call__(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do the work, again while it raises Unavailable and time is left; then Unavailable is raised."""
        pause = 0.25
        while True:
            try:
                return await work()
            except Unavailable as down:
                if pause > self.left:
                    raise
                log.warning("waiting %.1f s: %s", pause, down.reason)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 (spreads retries, no secret)
            pause = min(pause * 2, 15.0)


async def patient(work: Callable[[], Awaitable[Result]], seconds: float = PATIENCE) -> Result:
    """Do the one thing that an invocation waits for."""
    return await Patience(seconds)(work)
