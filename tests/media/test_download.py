"""Downloads over real sockets: whom they call with what, when they stop, and whether they may be repeated."""

import asyncio
import gzip
import socket
import tracemalloc
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from functions.channels.contract import Call
from functions.media.download import REDIRECTS, Downloader, Lost, NotNow
from tests.media.provider import MediaServer, found, redirect, serving, status

LIMIT = 100_000
SECRET = {"Authorization": "Bearer secret"}


@pytest_asyncio.fixture
async def downloader() -> AsyncIterator[Downloader]:
    made = Downloader(aiohttp.ClientTimeout(total=2))
    yield made
    await made.close()


@pytest_asyncio.fixture
async def api() -> AsyncIterator[MediaServer]:
    async with serving() as server:
        yield server


@pytest_asyncio.fixture
async def cdn() -> AsyncIterator[MediaServer]:
    async with serving() as server:
        yield server


async def taken(downloader: Downloader, url: str, *hosts: str, limit: int = LIMIT) -> bytes:
    async with downloader.get(Call(url, SECRET, method="GET"), hosts, limit) as download:
        content = download.start(download.size + 1)
        assert len(content) == download.size
        return content


async def test_a_medium_comes_whole_with_the_credentials_it_asks_for(
    downloader: Downloader, api: MediaServer
) -> None:
    content = bytes(range(256)) * 300
    url = api.put("/medium", found(content))
    assert await taken(downloader, url, api.url) == content
    assert api.asked[0].headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("number", [301, 302, 303, 307, 308])
async def test_credentials_do_not_follow_a_redirect_to_another_host(
    downloader: Downloader, api: MediaServer, cdn: MediaServer, number: int
) -> None:
    target = cdn.put("/signed", found(b"picture"))
    url = api.put("/medium", redirect(target, number))
    assert await taken(downloader, url, api.url, cdn.url) == b"picture"
    assert "Authorization" in api.asked[0].headers
    assert "Authorization" not in cdn.asked[0].headers


async def test_credentials_stay_on_their_own_host_and_do_not_come_back_to_it(
    downloader: Downloader, api: MediaServer, cdn: MediaServer
) -> None:
    api.put("/last", found(b"picture"))
    api.put("/second", redirect(cdn.put("/third", redirect(f"{api.url}/last"))))
    url = api.put("/first", redirect("/second"))
    assert await taken(downloader, url, api.url, cdn.url) == b"picture"
    assert ["Authorization" in request.headers for request in api.asked] == [True, True, False]


async def test_a_signed_address_is_called_to_the_letter(
    downloader: Downloader, api: MediaServer, cdn: MediaServer
) -> None:
    signed = "/a%2Fb%7E/c?sig=x%2by%2F%3d&e=~&empty=&oe=1%20+"
    cdn.put("/a/b~/c", found(b"picture"))
    url = api.put("/medium", redirect(cdn.url + signed))
    assert await taken(downloader, url, api.url, cdn.url) == b"picture"
    assert cdn.paths() == [signed]


async def test_no_other_host_is_called(downloader: Downloader, api: MediaServer, cdn: MediaServer) -> None:
    target = cdn.put("/medium", found(b"picture"))
    for url in (
        target,
        api.put("/medium", redirect(target)),
        api.put("/odd", redirect("file:///etc/passwd")),
    ):
        with pytest.raises(Lost, match="not one of the provider's"):
            await taken(downloader, url, api.url)
    assert cdn.asked == []


async def test_an_allowed_name_with_a_private_address_is_not_called(downloader: Downloader) -> None:
    with pytest.raises(Lost, match="no public address"):
        await taken(downloader, "https://localhost/medium", "localhost")


@pytest.mark.parametrize("name", [".fbcdn.net", "a..fbcdn.net", f"{'a' * 64}.fbcdn.net"])
async def test_a_name_that_no_host_can_have_is_given_up_at_once(downloader: Downloader, name: str) -> None:
    with pytest.raises(Lost, match="an address that is none"):
        await taken(downloader, f"https://{name}/medium", "fbcdn.net")


async def test_redirects_end(downloader: Downloader, api: MediaServer) -> None:
    url = api.put("/circle", redirect("/circle"))
    with pytest.raises(Lost, match="redirects more than 3 times"):
        await taken(downloader, url, api.url)
    assert len(api.asked) == REDIRECTS + 1


async def test_a_declared_size_over_the_limit_is_refused_before_it_comes(
    downloader: Downloader, api: MediaServer
) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(LIMIT + 1)})
        await response.prepare(request)
        await asyncio.sleep(10)
        return response

    with pytest.raises(Lost, match=r"larger than 0\.1 MB"):
        await taken(downloader, api.put("/medium", endless), api.url)


async def test_an_undeclared_size_over_the_limit_is_cut_off(downloader: Downloader, api: MediaServer) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        while True:
            await response.write(bytes(LIMIT // 4))

    with pytest.raises(Lost, match="larger"):
        await taken(downloader, api.put("/medium", endless), api.url)
    assert await taken(downloader, api.put("/exact", found(bytes(LIMIT))), api.url) == bytes(LIMIT)


async def test_a_small_archive_that_unpacks_to_a_large_medium_is_too_large(
    downloader: Downloader, api: MediaServer
) -> None:
    async def bomb(request: web.Request) -> web.StreamResponse:
        response = web.Response(body=bytes(50 * LIMIT))
        response.enable_compression(web.ContentCoding.gzip)
        return response

    with pytest.raises(Lost, match="larger"):
        await taken(downloader, api.put("/medium", bomb), api.url)


async def test_what_unpacks_is_never_all_in_memory(downloader: Downloader, api: MediaServer) -> None:
    packed = gzip.compress(bytes(100_000_000))  # which aiohttp unpacked at once until 3.14

    async def bomb(request: web.Request) -> web.StreamResponse:
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    url = api.put("/medium", bomb)
    tracemalloc.start()
    try:
        with pytest.raises(Lost, match="larger"):
            await taken(downloader, url, api.url)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20_000_000


@pytest.mark.parametrize(("number", "wait"), [(429, 7.0), (503, 7.0), (500, 7.0), (408, 7.0)])
async def test_who_is_busy_may_be_asked_again(
    downloader: Downloader, api: MediaServer, number: int, wait: float
) -> None:
    url = api.put("/medium", status(number, Retry_After="7"))
    with pytest.raises(NotNow, match=f"HTTP {number}") as busy:
        await taken(downloader, url, api.url)
    assert busy.value.retry_after == wait


async def test_another_refusal_is_an_answer_with_the_start_of_its_body(
    downloader: Downloader, api: MediaServer
) -> None:
    url = api.put("/medium", web.Response(status=400, body=b"x" * 1_000_000))
    async with downloader.get(Call(url, method="GET"), (api.url,), LIMIT) as download:
        answer = download.answer()
    assert (answer.status, set(answer.body)) == (400, {ord("x")})


async def stalled(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"half")
    await asyncio.sleep(10)
    return response


async def broken(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport
    request.transport.abort()
    return response


@pytest.mark.parametrize(("answer", "why"), [(stalled, "in time"), (broken, "cannot be reached")])
async def test_half_a_medium_is_none_but_may_come_later(
    downloader: Downloader,
    api: MediaServer,
    answer: Callable[[web.Request], object],
    why: str,
) -> None:
    url = api.put("/medium", answer)  # type: ignore[arg-type]
    with pytest.raises(NotNow, match=why):
        await taken(downloader, url, api.url)


async def test_who_does_not_listen_may_do_so_later(downloader: Downloader) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        with pytest.raises(NotNow, match="cannot be reached"):
            await taken(downloader, f"{url}/medium", url)
