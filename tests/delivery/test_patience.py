"""Waiting for what is down: how long, how often, and never past the invocation's time."""

import asyncio

import pytest

from functions.errors import Conflict, Unavailable
from functions.patience import Patience, patient


class Flaky:
    """Work that is down a number of times."""

    def __init__(self, downs: int) -> None:
        self.downs = downs
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        if self.tries <= self.downs:
            raise Unavailable("down")
        return "done"


async def test_what_comes_back_in_time_is_done() -> None:
    work = Flaky(2)
    assert await patient(work, seconds=5) == "done"
    assert work.tries == 3


async def test_what_stays_down_is_unavailable_when_the_time_is_over() -> None:
    loop = asyncio.get_running_loop()
    began, work = loop.time(), Flaky(1000)
    with pytest.raises(Unavailable):
        await patient(work, seconds=1)
    assert loop.time() - began < 1.5
    assert work.tries > 1


async def test_all_that_an_invocation_waits_for_shares_one_time() -> None:
    patience = Patience(seconds=0.4)
    with pytest.raises(Unavailable):
        await patience(Flaky(1000))
    assert patience.left < 0.25
    late = Flaky(1)
    with pytest.raises(Unavailable):
        await patience(late)
    assert late.tries == 1
    assert await patience(Flaky(0)) == "done"  # what is up is done, also late


async def test_any_other_error_is_raised_at_once() -> None:
    tries = []

    async def refused() -> None:
        tries.append(1)
        raise Conflict("no")

    with pytest.raises(Conflict):
        await patient(refused)
    assert len(tries) == 1
