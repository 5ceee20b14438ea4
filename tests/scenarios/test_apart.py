"""Two function apps, each with its own channel, on one namespace and one storage account."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio
import yaml

from local.child import ROOT, Child
from local.desk import Desk, Json
from local.platform import Platform, Ports
from local.ports import free_port
from tests.scenarios.texting import CONFIGURATION, Texting, number, sid
from tests.waiting import eventually

SECRET = "a-telegram-secret-of-the-tests"
BOT = f"""
id: bot
channel: telegram
provider: telegram
workstream: support
settings:
  botToken: "100001:token-of-the-tests"
  secretToken: {SECRET}
  apiBase: http://simulators/telegram
"""
PERSON = {"id": 4711, "first_name": "Aino", "is_bot": False}


@dataclass(frozen=True, slots=True)
class Apart:
    """The platform's own app serves SMS; the other one Telegram, and SMS still, which has moved from it."""

    platform: Platform
    other: str
    http: aiohttp.ClientSession

    async def telegram(self, url: str, update: int, text: str) -> int:
        """Post a Telegram update to an app; give the answer's status."""
        chat = {"id": 4711, "type": "private"}
        message = {"message_id": update, "from": PERSON, "chat": chat, "date": 1_760_000_000, "text": text}
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        body = {"update_id": update, "message": message}
        async with self.http.post(f"{url}/api/channels/telegram/bot", json=body, headers=headers) as answer:
            return answer.status

    def desk(self, url: str) -> Desk:
        """Sign in at an app."""
        return Desk(url, self.platform.issuer.token("Administrator", "test"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def apart(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Apart]:
    folder, one, two = tmp_path_factory.mktemp("apart"), free_port(), free_port()
    here, there = f"http://127.0.0.1:{one}", f"http://127.0.0.1:{two}"
    urls = {"CHANNEL_URLS": f"sms={here} telegram={there}"}
    document = yaml.safe_load(CONFIGURATION)
    document["accounts"].append(yaml.safe_load(BOT))
    async with (
        Platform(folder, Ports(host=one), {"CHANNELS": "sms", **urls}) as platform,
        aiohttp.ClientSession() as http,
    ):
        own = {**platform.environment(), "PUBLIC_BASE_URL": there, "CHANNELS": "telegram sms"}
        other = Child("local.host", "--app", str(ROOT), "--port", str(two), environment=own)
        with (folder / "other.log").open("wb") as log:
            await other.start(log)
        await platform.configure(yaml.safe_dump(document))
        yield Apart(platform, there, http)
        await other.stop()


async def test_each_app_takes_its_channel_and_any_shows_all(apart: Apart) -> None:
    texting = Texting(apart.platform.url, apart.http)
    await texting.say(number(1), sid(1, 0), "by text")
    assert await apart.telegram(apart.platform.url, 1, "to the wrong app") == 404
    assert await apart.telegram(apart.other, 1, "by Telegram") == 200
    for url in (apart.platform.url, apart.other):
        async with apart.desk(url) as desk:

            async def both(desk: Desk = desk) -> bool:
                return {found["channel"] for found in await desk.conversations()} == {"sms", "telegram"}

            await eventually(both)


async def test_while_a_channel_moves_both_addresses_are_good(apart: Apart) -> None:
    before, after = Texting(apart.other, apart.http), Texting(apart.platform.url, apart.http)
    for texting, turn in ((before, 0), (after, 1), (before, 2)):
        body, headers = texting.signed(number(2), sid(2, turn), f"{turn}")
        async with apart.http.post(texting.callback, data=body, headers=headers) as answer:
            assert answer.status == 200


async def test_a_reply_given_to_one_app_leaves_through_the_other(apart: Apart) -> None:
    assert await apart.telegram(apart.other, 2, "Hei") == 200
    async with apart.desk(apart.platform.url) as desk:

        async def found() -> list[Json]:
            return [one for one in await desk.conversations() if one["channel"] == "telegram"]

        async def there() -> bool:
            return bool(await found())

        await eventually(there)
        (conversation,) = await found()
        told = await desk.reply(conversation["id"], "Hei Aino", "one")

        async def sent() -> bool:
            messages = await desk.items(f"conversations/{conversation['id']}/messages")
            return any(one["id"] == told["id"] and one["delivery"] == "sent" for one in messages)

        await eventually(sent)


async def test_each_app_names_the_callback_of_the_one_that_serves_the_channel(apart: Apart) -> None:
    right = {
        "texts": f"{apart.platform.url}/api/channels/sms/texts",
        "bot": f"{apart.other}/api/channels/telegram/bot",
    }
    for url in (apart.platform.url, apart.other):
        async with apart.desk(url) as desk:
            listed = {one["id"]: one["callback"] for one in (await desk.get("accounts"))["items"]}
            assert listed == right
            steps = (await desk.get("accounts/bot/handshake"))["steps"]
            assert any(right["bot"] in step["value"] for step in steps)
