"""One try at a medium: access tokens in their place, addresses that are told first, contents decrypted."""

from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import jwt
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from functions.channels import adapter
from functions.channels.contract import MediaSource
from functions.media.download import Lost, NotNow
from functions.media.source import Sources, Wanted
from tests.channels.samples import ADAPTERS, SECRETS, account
from tests.desk.kit import now
from tests.media.house import House
from tests.media.provider import found, redirect, status
from tests.media.samples import PNG

TOKEN, MEDIUM = "/cgi-bin/stable_token", "/cgi-bin/media/get"
KEY = bytes(range(32))
FILE = bytes(range(256)) * 700 + b"the end"  # of three pieces, and not of whole blocks


@pytest_asyncio.fixture
async def sources(house: House) -> AsyncIterator[Sources]:
    tokens = house.services.tokens
    yield Sources(house.downloader, tokens, now)
    await tokens._caller.close()
    tokens._caller._session = None


def wanted(house: House, channel: str, reference: str, size: int | None = None) -> Wanted:
    """A medium of an account that no other test has."""
    source = adapter(*ADAPTERS[channel])
    assert isinstance(source, MediaSource)
    owner = replace(account(channel, apiBase=house.media.url), id=uuid4().hex)
    return Wanted(source, owner, reference, 1_000_000, size)


async def content(sources: Sources, one: Wanted) -> bytes:
    async with sources.open(one) as download:
        return download.start(download.size)


def answer(**fields: object) -> web.Response:
    return web.json_response(fields)


def give_tokens(house: House, *tokens: str) -> None:
    house.media.put(TOKEN, *(answer(access_token=token, expires_in=7200) for token in tokens))


def used(house: House) -> list[str]:
    """The tokens that a medium was asked for with."""
    return [request.query["access_token"] for request in house.media.asked if request.path == MEDIUM]


async def test_wechats_media_are_asked_for_with_the_accounts_token(house: House, sources: Sources) -> None:
    give_tokens(house, "T 1")
    house.media.put(MEDIUM, found(PNG))
    one = wanted(house, "wechat", "wechat-media:M-1_a")
    assert [await content(sources, one) for _ in range(2)] == [PNG, PNG]
    assert used(house) == ["T 1", "T 1"]
    assert house.media.asked[-1].query["media_id"] == "M-1_a"
    assert house.media.paths().count(TOKEN) == 1


@pytest.mark.parametrize("code", [40001, 40014, 41001, 42001])
async def test_a_token_that_ended_early_is_renewed_once(
    house: House, sources: Sources, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    give_tokens(house, "old", "new")
    house.media.put(MEDIUM, found(PNG), answer(errcode=code, errmsg="expired"), found(PNG))
    one = wanted(house, "wechat", "wechat-media:M")
    await content(sources, one)
    monkeypatch.setattr(house.services.tokens, "_clock", lambda: now() + timedelta(minutes=2))
    assert await content(sources, one) == PNG
    assert used(house) == ["old", "old", "new"]


async def test_a_token_that_is_refused_at_once_is_not_asked_for_again(
    house: House, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_tokens(house, "one", "two", "three")
    house.media.put(MEDIUM, found(PNG), answer(errcode=42001))
    one = wanted(house, "wechat", "wechat-media:M")
    await content(sources, one)
    monkeypatch.setattr(house.services.tokens, "_clock", lambda: now() + timedelta(minutes=2))
    with pytest.raises(Lost, match="the access token has expired"):
        await content(sources, one)
    assert used(house) == ["one", "one", "two"]


async def test_wechats_error_is_no_file(house: House, sources: Sources) -> None:
    give_tokens(house, "T")
    house.media.put(MEDIUM, answer(errcode=40007, errmsg="invalid media_id"), answer(errcode=-1))
    with pytest.raises(Lost, match="does not know the medium"):
        await content(sources, wanted(house, "wechat", "wechat-media:M"))
    with pytest.raises(NotNow, match="WeChat is busy"):
        await content(sources, wanted(house, "wechat", "wechat-media:M"))


async def test_without_a_token_no_medium_is_asked_for(house: House, sources: Sources) -> None:
    house.media.put(TOKEN, answer(errcode=40125, errmsg="invalid appsecret"), answer(errcode=-1))
    with pytest.raises(Lost, match="AppSecret"):
        await content(sources, wanted(house, "wechat", "wechat-media:M"))
    with pytest.raises(NotNow, match="WeChat is busy"):
        await content(sources, wanted(house, "wechat", "wechat-media:M"))
    assert used(house) == []


async def test_a_video_lies_elsewhere_and_needs_no_token(house: House, sources: Sources) -> None:
    give_tokens(house, "T")
    house.media.put(MEDIUM, answer(video_url=house.media.put("/video.mp4", found(FILE, "video/mp4"))))
    assert await content(sources, wanted(house, "wechat", "wechat-media:M")) == FILE
    assert house.media.asked[-1].raw_path == "/video.mp4"


async def test_a_token_does_not_follow_a_redirect(house: House, sources: Sources) -> None:
    give_tokens(house, "T")
    house.media.put(MEDIUM, redirect("https://stranger.example/picture"))
    with pytest.raises(Lost, match="not one of the provider's"):
        await content(sources, wanted(house, "wechat", "wechat-media:M"))


async def test_googles_media_are_not_told_the_token_of_its_api(house: House, sources: Sources) -> None:
    url = house.media.put("/file", found(PNG))
    assert await content(sources, wanted(house, "rcs", url)) == PNG
    assert house.media.paths() == ["/file"]
    assert "Authorization" not in house.media.asked[0].headers


def encrypted(plain: bytes) -> bytes:
    """Counter mode by the book (NIST SP 800-38A, 6.5), from single blocks."""
    blocks = -(-len(plain) // 16)
    counters = b"".join(number.to_bytes(16, "big") for number in range(blocks))
    stream = Cipher(algorithms.AES(KEY), modes.ECB()).encryptor().update(counters)
    return bytes(one ^ other for one, other in zip(plain, stream, strict=False))


def apples(house: House, size: int | None = None, **fields: str) -> Wanted:
    told = {"url": "https://p1-content.example/a?b=c", "owner": "O:1", "signature": "AX8=", **fields}
    whole = {**told, "key": "00" + KEY.hex()}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in whole.items())
    return wanted(house, "apple", f"apple-media:?{query}", size)


async def test_apples_files_are_asked_for_and_decrypted(house: House, sources: Sources) -> None:
    url = house.media.put("/mmcs", found(encrypted(FILE), "application/octet-stream"))
    house.media.put("/v1/preDownload", answer(**{"download-url": url}))
    assert await content(sources, apples(house, len(FILE))) == FILE
    asked, fetched = house.media.asked
    names = ("source-id", "url", "owner", "signature")
    told = ["business-1", "https://p1-content.example/a?b=c", "O:1", "AX8="]
    assert [asked.headers[name] for name in names] == told
    secret, proof = b64decode(SECRETS["api_secret"]), asked.headers["Authorization"].removeprefix("Bearer ")
    assert jwt.decode(proof, secret, algorithms=["HS256"])["iss"] == "msp-1"
    assert {"Authorization", "signature", "owner"} & set(fetched.headers) == set()


async def test_a_file_of_another_size_is_not_apples(house: House, sources: Sources) -> None:
    url = house.media.put("/cut", found(encrypted(FILE)[:-1]))
    house.media.put("/v1/preDownload", answer(**{"download-url": url}))
    with pytest.raises(Lost, match=f"{len(FILE) - 1} bytes, and the provider told of {len(FILE)}"):
        await content(sources, apples(house, len(FILE)))


@pytest.mark.parametrize(
    ("number", "why"), [(400, "signature"), (401, "our token"), (404, "no more"), (418, "HTTP 418")]
)
async def test_apple_says_why_it_gives_no_file(house: House, sources: Sources, number: int, why: str) -> None:
    house.media.put("/v1/preDownload", status(number))
    with pytest.raises(Lost, match=why):
        await content(sources, apples(house))


async def test_a_gateway_that_is_down_is_asked_later(house: House, sources: Sources) -> None:
    house.media.put("/v1/preDownload", status(503, Retry_After="7"))
    with pytest.raises(NotNow) as later:
        await content(sources, apples(house))
    assert later.value.retry_after == 7


async def test_a_file_that_is_too_large_encrypted_is_too_large(house: House, sources: Sources) -> None:
    url = house.media.put("/large", found(bytes(1_000_001)))
    house.media.put("/v1/preDownload", answer(**{"download-url": url}))
    with pytest.raises(Lost, match="larger than 1 MB"):
        await content(sources, apples(house))
