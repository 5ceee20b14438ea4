"""Service Bus goes away for a while, then the tables too: what is answered 2xx arrives, the rest is 503."""

from pathlib import Path

import aiohttp

from local.desk import Desk
from local.platform import Platform
from tests.scenarios.test_crash import stored
from tests.scenarios.texting import CONFIGURATION, Texting, number, sid
from tests.waiting import eventually

PEOPLE, TURNS = 10, 4


async def test_webhooks_are_kept_while_service_bus_is_down(tmp_path: Path) -> None:
    async with Platform(tmp_path) as platform, aiohttp.ClientSession() as http:
        await platform.configure(CONFIGURATION)
        texting = Texting(platform.url, http)
        for person in range(PEOPLE):
            await texting.say(number(person), sid(person, 0), "0")
        await platform.bus.kill()
        for turn in range(1, TURNS - 1):
            for person in range(PEOPLE):
                await texting.say(number(person), sid(person, turn), f"{turn}")
        assert set(texting.statuses) == {200}
        await platform.bus.start()
        for person in range(PEOPLE):
            await texting.say(number(person), sid(person, TURNS - 1), f"{TURNS - 1}")
        async with Desk(platform.url, platform.issuer.token("Administrator", "test")) as desk:

            async def all_stored() -> bool:
                return sum(map(len, (await stored(desk)).values())) >= PEOPLE * TURNS

            await eventually(all_stored, seconds=60)
            found = await stored(desk)
    for customer, messages in found.items():
        assert [message["providerMessageId"] for message in messages] == texting.accepted[customer]


async def test_503_when_neither_place_takes_it_and_nothing_is_half_stored(tmp_path: Path) -> None:
    async with Platform(tmp_path) as platform, aiohttp.ClientSession() as http:
        await platform.configure(CONFIGURATION)
        texting = Texting(platform.url, http)
        await texting.say(number(1), sid(1, 0), "before")
        await platform.bus.kill()
        await platform.tables.stop()
        body, headers = texting.signed(number(1), sid(1, 1), "while both are down")
        async with http.post(texting.callback, data=body, headers=headers) as answer:
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0
        await platform.tables.start()
        await platform.bus.start()
        await texting.say(number(1), sid(1, 2), "after")
        async with Desk(platform.url, platform.issuer.token("Administrator", "test")) as desk:

            async def both_stored() -> bool:
                return sum(map(len, (await stored(desk)).values())) >= 2

            await eventually(both_stored, seconds=60)
            found = await stored(desk)
    assert [message["text"] for message in found[number(1)]] == ["before", "after"]
