"""A question that anybody may have asked, put once for all who ask it at the same time.

Health is open to strangers, and asking the bus opens a connection, of which a namespace has a few thousand:
one question a call would let a stranger use them up, and nobody's messages would come through.
"""

import asyncio
from collections.abc import Awaitable, Callable

SECONDS = 1.0  # for which an answer counts


class Shared:
    """Asks at most once at a time, and gives the answer to whoever asks meanwhile and a moment after."""

    def __init__(self, ask: Callable[[], Awaitable[object]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[Exception | None] | None = None
        self._until = 0.0

    async def __call__(self) -> None:
        """Return when the answer is well; raises whatever it failed with."""
        if self._asking is None or (self._asking.done() and _now() >= self._until):
            self._asking = asyncio.create_task(self._answer())
        # Whoever is tired of waiting leaves the question to the others.
        if failure := await asyncio.shield(self._asking):
            raise failure.with_traceback(None)

    async def _answer(self) -> Exception | None:
        try:
            await self._ask()
        except Exception as failure:
            return failure
        finally:
            self._until = _now() + SECONDS
        return None


def _now() -> float:
    return asyncio.get_running_loop().time()
