"""The functions host is killed at random while webhooks pour in: every accepted message stands once."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from local.desk import Desk, Json
from local.platform import Platform
from tests.scenarios.texting import CONFIGURATION, Texting, number, sid
from tests.waiting import eventually

PEOPLE, TURNS, DUPLICATES, KILLS = 50, 36, 200, 4  # 1,800 messages and 200 duplicates: 2,000 webhooks


async def talk(texting: Texting, person: int, chance: random.Random) -> None:
    """One person's messages, one after the other; every ninth is sent again a little later."""
    for turn in range(TURNS):
        await texting.say(number(person), sid(person, turn), f"{turn}")
        if turn % 9 == 8:
            again = chance.randrange(turn + 1)
            await texting.repeat(number(person), sid(person, again), f"{again}")


async def kill_now_and_then(
    platform: Platform, talking: asyncio.Future[list[None]], chance: random.Random
) -> int:
    kills = 0
    while not talking.done() and kills < KILLS:
        await asyncio.wait([talking], timeout=chance.uniform(0.5, 2.5))
        assert platform.host
        await platform.host.kill()
        kills += 1
        await platform.start_host()
    return kills


async def stored(desk: Desk) -> dict[str, list[Json]]:
    """Read the messages of every conversation, by the customer's number."""
    found: dict[str, list[Json]] = {}
    for conversation in await desk.conversations():
        messages = await desk.items(f"conversations/{conversation['id']}/messages", limit="100")
        found.setdefault(conversation["customer"]["id"], []).extend(messages)
    return found


async def test_a_killed_host_loses_doubles_and_reorders_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    async with Platform(tmp_path) as platform, aiohttp.ClientSession() as http:
        await platform.configure(CONFIGURATION)
        texting = Texting(platform.url, http)
        talking = asyncio.gather(*(talk(texting, person, chance) for person in range(PEOPLE)))
        kills = await kill_now_and_then(platform, talking, chance)
        await talking
        await platform.healthy()
        async with Desk(platform.url, platform.issuer.token("Administrator", "test")) as desk:
            total = PEOPLE * TURNS

            async def all_stored() -> bool:
                return sum(map(len, (await stored(desk)).values())) >= total

            await eventually(all_stored, seconds=120)
            found = await stored(desk)
    for person, messages in found.items():
        ids = [message["providerMessageId"] for message in messages]
        assert ids == texting.accepted[person], f"seed {seed}, {person}"
        assert [message["sequence"] for message in messages] == list(range(1, TURNS + 1))
        assert len({message["conversation"] for message in messages}) == 1
    assert len(found) == PEOPLE
    assert texting.duplicates == DUPLICATES
    with capsys.disabled():
        print(
            f"\n  crash: seed {seed}, {kills} kills, {total} messages accepted, "
            f"{texting.duplicates} duplicates sent, {texting.repeated} posts repeated, "
            f"answers {dict(Counter(texting.statuses))}; "
            f"stored {sum(map(len, found.values()))} once each, in order"
        )
