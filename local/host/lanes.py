"""How many receivers a function has: enough for its load, few when it has none.

A *lane* is one receiver that works on one message, or one batch, at a time: on a queue with sessions it
holds one session. One lane waits at an idle queue. Opening one takes the SDK half a second, so a lane that
finds work opens several more ahead of need; those that find nothing in a while close again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

AHEAD, MOST_AHEAD = 4, 16  # waiting lanes for each that works, and at most
IN_VAIN_SECONDS = 1.0  # a lane that waits longer than opening takes has found no session free
STOP_SECONDS = 30


class Lanes:
    """Up to `limit` tasks, each calling `turn` over and over; `turn` tells whether it found work."""

    def __init__(self, limit: int, turn: Callable[[], Awaitable[bool]]) -> None:
        self._limit, self._turn = limit, turn
        self._lanes: set[asyncio.Task[None]] = set()
        self._idle_since: dict[asyncio.Task[None], float] = {}
        self._waiting = 0
        self.stopping = False

    @property
    def spare(self) -> bool:
        """Whether a waiting lane could close, because another one waits too."""
        return self._waiting > 1

    @property
    def wanted(self) -> bool:
        """Whether somebody may be waiting for a lane: all are taken, and none waits in vain."""
        now = time.monotonic()
        in_vain = any(now - since > IN_VAIN_SECONDS for since in self._idle_since.values())
        return len(self._lanes) >= self._limit and not in_vain

    def open(self) -> bool:
        """Open one more lane; False when there are enough."""
        if self.stopping or len(self._lanes) >= self._limit:
            return False
        self._waiting += 1
        lane = asyncio.create_task(self._run())
        self._lanes.add(lane)
        lane.add_done_callback(self._lanes.discard)
        return True

    async def stop(self) -> None:
        """Cancel lanes that wait, and give the others 30 seconds to end what they do."""
        self.stopping = True
        deadline = time.monotonic() + STOP_SECONDS
        while self._lanes and time.monotonic() < deadline:
            # Once may not do: before Python 3.12 asyncio.wait_for, which the SDK reads by, can lose it.
            for lane in self._idle_since:
                lane.cancel()
            await asyncio.wait(self._lanes, timeout=1)
        for lane in self._lanes:
            lane.cancel()
        await asyncio.gather(*self._lanes, return_exceptions=True)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count the lane as one that has found work, not as a waiting one."""
        self._waiting -= 1
        working = len(self._lanes) - self._waiting
        while self._waiting < min(AHEAD * working, MOST_AHEAD) and self.open():
            pass
        try:
            yield
        finally:
            self._waiting += 1

    async def idle(self, event: Awaitable[object]) -> None:
        """Wait for something that a stop need not wait for: it is cancelled then."""
        lane = asyncio.current_task()
        if lane is None or self.stopping:
            raise asyncio.CancelledError
        self._idle_since[lane] = time.monotonic()
        try:
            await event
        finally:
            del self._idle_since[lane]

    async def _run(self) -> None:
        try:
            while not self.stopping:
                if not await self._turn() and self.spare:
                    return
        finally:
            self._waiting -= 1
