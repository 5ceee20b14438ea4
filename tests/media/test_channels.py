"""Every channel whose media are fetched, against its simulator: the provider's own way to a picture."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from aiohttp import web

from functions.channels import CHANNELS, adapter
from functions.channels.contract import Account, Answer, Call, MediaLocator, MediaSource
from functions.media.download import Downloader
from functions.media.fetcher import Fetcher
from functions.media.hosts import Reach, reach
from functions.media.jobs import to_fetch
from functions.media.source import Sources
from functions.message import Address, Attachment, AttachmentKind, Inbound, Kind
from functions.routing.inbound import Delivery
from functions.services import Services
from local.azurite import Azurite
from local.filling import filled
from local.servicebus.launch import ServiceBus
from local.simulators import acs_calls, twilio_calls
from local.simulators.media import APPLE_KEY, PICTURE
from local.simulators.server import Simulators
from tests.desk.kit import now, services
from tests.media.house import HASTY

EXAMPLE = (Path(__file__).parents[2] / "local" / "configuration.yaml").read_text()
MEDIA = "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages/MM1/Media/ME1"
# What a webhook calls a medium; {base} is the simulators' address.
REFERENCES = {
    ("sms", "twilio"): "{base}/twilio" + MEDIA,
    ("whatsapp", "twilio"): "{base}/twilio" + MEDIA,
    ("facebook", "meta"): "{base}/meta/cdn/picture.png?oe=6A&x=%2F",
    ("instagram", "meta"): "{base}/meta/cdn/picture.png",
    ("whatsapp", "meta"): "whatsapp-media:1234567890",
    ("whatsapp", "acs"): "acs:7603a2be-2c53-4b8c-9a2b-1f4f0c4ad0e0",
    ("telegram", "telegram"): "telegram:AgACAgQAAxkBAAI",
    ("rcs", "google"): "{base}/google/cdn/picture.png",
    ("line", "line"): "line:354718705033693859",
    ("wechat", "wechat"): "wechat-media:MoQ7Hw-9_a",
    ("teams", "botframework"): "{base}/botframework/v3/attachments/0-eus-d1/views/original",
    ("x", "x"): "{base}/x/1.1/ton/data/dm/1034828552951160836/1034828533812486145/oP5p359h.png",
    ("apple", "apple"): f"apple-media:?url=https%3A%2F%2Fp.example%2F1&owner=O&signature=AA&key={APPLE_KEY}",
    (
        "voice",
        "twilio",
    ): "{base}/twilio/2010-04-01/Accounts/AC" + "2".zfill(32) + "/Recordings/RE1.mp3",
    ("voice", "acs"): "{base}/acs/recordings/d1/content/audio",
}
SOUNDS = {("voice", "twilio"): twilio_calls.SOUND, ("voice", "acs"): acs_calls.SOUND}
SOURCES = [key for key in CHANNELS if isinstance(adapter(*key), MediaSource)]
STRANGER = "https://stranger.example/picture.png"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def base() -> AsyncIterator[str]:
    runner = web.AppRunner(Simulators().application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def wired(
    azurite: Azurite,
    blob_service: Azurite,
    servicebus: ServiceBus,
    base: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Services]:
    connections = [one.connection_string for one in (azurite, servicebus, blob_service)]
    async with services(*connections) as found:
        await found.configurations.apply(filled(EXAMPLE, base, tmp_path_factory.mktemp("keys")), "tests")
        yield found
        await found.tokens._caller.close()


@pytest_asyncio.fixture
async def downloader() -> AsyncIterator[Downloader]:
    made = Downloader(HASTY)
    yield made
    await made.close()


def account_id(channel: str, provider: str) -> str:
    accounts = yaml.safe_load(EXAMPLE)["accounts"]
    return next(
        str(one["id"]) for one in accounts if (one["channel"], one["provider"]) == (channel, provider)
    )


async def account_of(wired: Services, key: tuple[str, str]) -> Account[Any]:
    return await (await wired.configurations.current()).account(key[0], account_id(*key))


def test_the_table_has_every_channel_with_media() -> None:
    assert set(REFERENCES) == set(SOURCES)


@pytest.mark.parametrize("key", SOURCES, ids="-".join)
async def test_a_picture_or_sound_comes_as_the_provider_gives_it(
    wired: Services, downloader: Downloader, base: str, key: tuple[str, str]
) -> None:
    picture = Attachment(kind=AttachmentKind.IMAGE, url=REFERENCES[key].format(base=base))
    item = Inbound(
        channel=key[0],
        provider=key[1],
        account=account_id(*key),
        thread="someone",
        event="picture",
        kind=Kind.MESSAGE,
        sender=Address(id="someone"),
        attachments=(picture,),
        received_at=now(),
    )
    await wired.router.route(f"inbound-{key[0]}", [Delivery(item.id, item.session, item.json_text(), 1)])
    name = f"{item.session}-000001-00000001"
    [job] = to_fetch(await wired.threads.message(name), item.channel, item.account)
    sources = Sources(downloader, wired.tokens, now)
    await Fetcher(wired.threads, wired.configurations, wired.blobs, sources).work(job, 1)
    [kept] = (await wired.threads.message(name)).attachments
    content, kind = SOUNDS.get(key, PICTURE), "audio/mpeg" if key in SOUNDS else "image/png"
    assert (kept.error, kept.content_type, kept.size) == ("", kind, len(content))
    assert await wired.blobs.get(kept.blob, len(content)) == content


@pytest.mark.parametrize("key", SOURCES, ids="-".join)
async def test_a_strangers_address_gets_no_credentials_and_is_not_called(
    wired: Services, key: tuple[str, str]
) -> None:
    channel, account = adapter(*key), await account_of(wired, key)
    assert isinstance(channel, MediaSource)
    call = channel.media_call(STRANGER, account, datetime.now(UTC))
    assert call is None or (dict(call.headers), call.url) == ({}, STRANGER)
    assert reach(STRANGER, channel.media_hosts(account)) is Reach.NONE


@pytest.mark.parametrize("key", SOURCES, ids="-".join)
@pytest.mark.parametrize(
    "reference",
    [
        *("", "telegram:", "line:../x", "acs:a/b", "whatsapp-media:1/2", "geo:1,2", "wechat-media:a&b"),
        *("apple-media:?url=u&owner=o&signature=s", f"apple-media:?url=u&owner=&signature=s&key={APPLE_KEY}"),
        f"apple-media:?url=a%0d%0ab&owner=o&signature=s&key={APPLE_KEY}",
    ],
)
async def test_an_odd_reference_calls_nobody(wired: Services, key: tuple[str, str], reference: str) -> None:
    channel, account = adapter(*key), await account_of(wired, key)
    assert isinstance(channel, MediaSource)
    call = channel.media_call(reference, account, datetime.now(UTC))
    assert call is None or reach(call.url, channel.media_hosts(account)) is Reach.NONE


@pytest.mark.parametrize(
    "key", [key for key in SOURCES if isinstance(adapter(*key), MediaLocator)], ids="-".join
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b'{"ok": false, "error_code": 400}',
        b'{"result": {"file_path": "../../etc"}}',
        b'{"result": {"file_path": "/etc/passwd"}}',
        b'{"error": {"code": 100}}',
        b'{"url": 7}',
        b'{"url": "https://stranger.example/picture.png"}',
        b'{"download-url": "https://stranger.example/picture.png"}',
        b'{"video_url": "https://stranger.example/picture.png"}',
        b'{"errcode": 40007}',
    ],
)
async def test_an_odd_place_is_not_gone_to(wired: Services, key: tuple[str, str], body: bytes) -> None:
    channel, account = adapter(*key), await account_of(wired, key)
    assert isinstance(channel, MediaLocator)
    place = channel.media_place(Answer(200, {}, body), account)
    assert not isinstance(place, Call) or reach(place.url, channel.media_hosts(account)) is Reach.NONE


def test_a_call_does_not_show_what_it_carries() -> None:
    call = Call("https://api.example/bot123:secret/getFile", {"Authorization": "secret"}, method="GET")
    assert "secret" not in repr(call)
