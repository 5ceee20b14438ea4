"""Rounds in turns (A B A B …), their medians, and the ratio of two contestants.

Another process on the machine, or a warm processor, meets both contestants of a round alike: the ratio of
a round is steadier than either figure, and the median of the rounds forgets the odd one.
"""

import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], Awaitable[float]]
"""Runs one round of a contestant and gives its figure."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """The figures of every round; in each, one per contestant, in the contestants' order."""

    figures: tuple[tuple[float, ...], ...]

    def median(self, contestant: int) -> float:
        """Give the middle figure of one contestant."""
        return median(figures[contestant] for figures in self.figures)

    def ratio(self, over: int, under: int) -> float:
        """Give the middle of the rounds' quotients of two contestants."""
        return median(figures[over] / figures[under] for figures in self.figures)


async def in_turns(contestants: Sequence[Measure], rounds: int) -> Rounds:
    """Let every contestant run once a round."""
    return Rounds(tuple([await _round(contestants) for _ in range(rounds)]))


def processor_time(call: Callable[[], object], seconds: float = 0.1) -> Measure:
    """Measure the processor time of one call, in seconds, over rounds of about `seconds`.

    Other processes on the machine do not count, waiting does not count either.
    """
    count = _calls_within(call, seconds)

    async def measure() -> float:
        return _spent(call, count) / count

    return measure


async def _round(contestants: Sequence[Measure]) -> tuple[float, ...]:
    figures = []
    for measure in contestants:
        gc.collect()
        figures.append(await measure())
    return tuple(figures)


def _calls_within(call: Callable[[], object], seconds: float) -> int:
    count = 1
    while (spent := _spent(call, count)) < seconds / 4:
        count *= 2
    return max(1, round(count * seconds / spent))


def _spent(call: Callable[[], object], count: int) -> float:
    started = time.process_time()
    for _ in range(count):
        call()
    return time.process_time() - started
