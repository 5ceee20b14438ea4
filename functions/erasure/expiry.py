"""The end of the time that closed conversations are kept: a timer erases them, the configuration says when.

What is erased is what a customer's erasure takes, conversation by conversation. Whatever cuts a run off, the
next one does the rest: the row by which it found a conversation goes last.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from functions.configuration.live import Live
from functions.conversations import layout
from functions.conversations.closings import Closings, conversation_of
from functions.erasure.erasure import Erasure
from functions.errors import Unavailable
from functions.intake.parked import Parked
from functions.ports import Entity
from functions.traces import trace

LONGEST = timedelta(seconds=200)  # of one run
log = logging.getLogger("monikanava.erasure")


class Expiry:
    """Erases what the configuration's `retention` has been over for."""

    def __init__(
        self,
        erasure: Erasure,
        closings: Closings,
        parked: Parked,
        live: Callable[[], Awaitable[Live]],
        clock: Callable[[], datetime],
    ) -> None:
        self._erasure = erasure
        self._closings = closings
        self._parked = parked
        self._live = live
        self._clock = clock

    async def run(self) -> int:
        """Erase for at most 200 seconds, and give how many conversations; nothing where all is kept for good.

        What was parked so long ago goes too. A conversation that cannot be erased holds up no other. Raises
        Unavailable.
        """
        kept = (await self._live()).document.retention
        if kept is None:
            return 0
        begun, erased = self._clock(), 0
        await self._parked.expire(begun - kept)
        async for rows in self._closings.before(begun - kept):
            for partition, mine in _by_thread(rows).items():
                if self._clock() - begun > LONGEST:
                    return erased
                erased += await self._expire(partition, mine, begun - kept)
        return erased

    async def _expire(self, partition: str, rows: list[Entity], before: datetime) -> int:
        try:
            erased = await self._erasure.expire(partition, before)
        except Unavailable:
            raise
        except Exception as error:
            log.warning("not erased: thread=%s: %s", partition, trace(error))
            return 0
        for row in rows:
            await self._closings.done(row)
        log.info("kept long enough: thread=%s conversations=%d", partition, erased)
        return erased


def _by_thread(rows: list[Entity]) -> dict[str, list[Entity]]:
    found: dict[str, list[Entity]] = {}
    for row in rows:
        found.setdefault(layout.place(conversation_of(row)).partition, []).append(row)
    return found
