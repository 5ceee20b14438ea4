"""Things to do later, by the engine's own clock, so that tests may move time."""

import heapq
import itertools
from collections.abc import Callable

COMPACT_AT = 1000


class Timer:
    """One thing to do at a time; cancelled, it does nothing."""

    __slots__ = ("_action", "_timers", "at")

    def __init__(self, at: int, action: Callable[[], None], timers: "Timers") -> None:
        self.at = at
        self._action: Callable[[], None] | None = action
        self._timers = timers

    @property
    def live(self) -> bool:
        """Whether it is still to be done."""
        return self._action is not None

    def cancel(self) -> None:
        """Forget it; cancelling twice, or after it ran, is well."""
        if self._action is not None:
            self._action = None
            self._timers.cancelled()

    def run(self) -> None:
        """Do it, once."""
        action, self._action = self._action, None
        if action is not None:
            action()


class Timers:
    """All that is to be done later, soonest first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._order = itertools.count()
        self._dead = 0

    def at(self, when: int, action: Callable[[], None]) -> Timer:
        """Do `action` at `when`, in milliseconds of the engine's clock."""
        timer = Timer(when, action, self)
        heapq.heappush(self._heap, (when, next(self._order), timer))
        return timer

    def run(self, now: int) -> None:
        """Do everything that is due, in the order of its time."""
        while self._heap and self._heap[0][0] <= now:
            timer = heapq.heappop(self._heap)[2]
            if timer.live:
                timer.run()
            else:
                self._dead -= 1

    def next(self) -> int | None:
        """Give the time of the soonest thing to do."""
        while self._heap and not self._heap[0][2].live:
            heapq.heappop(self._heap)
            self._dead -= 1
        return self._heap[0][0] if self._heap else None

    def cancelled(self) -> None:
        """Count a cancelled timer; most are for days ahead, so they are swept once they are the most."""
        self._dead += 1
        if self._dead > COMPACT_AT and self._dead * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].live]
            heapq.heapify(self._heap)
            self._dead = 0

    def __len__(self) -> int:
        return len(self._heap)
