"""Waiting for a condition, with a deadline, instead of sleeping and hoping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

SOON, SLOWEST = 0.02, 0.2  # seconds between two looks: what is looked for shares the machine with who looks


async def eventually(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 60) -> None:
    """Return once the condition holds; raises TimeoutError when it does not in time."""
    pause = SOON
    async with asyncio.timeout(seconds):
        while True:
            answer = condition()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, SLOWEST)


async def early_in(window: timedelta) -> None:
    """Return when a window of the machine's clock has 20 seconds left at least, for what must be in one."""
    left = window.total_seconds() - time.time() % window.total_seconds()
    if left < 20:
        await asyncio.sleep(left)
