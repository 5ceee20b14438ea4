"""Questions that strangers may have asked: how often they are put, and who hears the answer."""

import asyncio

import pytest

from functions import probing
from functions.errors import Unavailable
from functions.probing import Shared


class Part:
    """A part that is asked; it answers when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = False
        self.answers = asyncio.Event()

    async def __call__(self) -> None:
        self.asked += 1
        await self.answers.wait()
        if self.down:
            raise Unavailable("no")


async def test_all_who_ask_at_once_hear_one_answer() -> None:
    part = Part()
    shared = Shared(part)
    waiting = [asyncio.create_task(shared()) for _ in range(50)]
    await asyncio.sleep(0)
    part.answers.set()
    await asyncio.gather(*waiting)
    await shared()
    assert part.asked == 1


async def test_a_failure_is_told_to_all() -> None:
    part = Part()
    part.down = True
    part.answers.set()
    shared = Shared(part)
    told = await asyncio.gather(*(shared() for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in told] == [Unavailable] * 3
    assert part.asked == 1


async def test_an_answer_counts_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "SECONDS", 0.0)
    part = Part()
    part.answers.set()
    shared = Shared(part)
    await shared()
    part.down = True
    with pytest.raises(Unavailable):
        await shared()
    part.down = False
    await shared()
    assert part.asked == 3


async def test_who_leaves_does_not_take_the_answer_from_the_others() -> None:
    part = Part()
    shared = Shared(part)
    first, second = asyncio.create_task(shared()), asyncio.create_task(shared())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    part.answers.set()
    await second
    assert (part.asked, first.cancelled()) == (1, True)
