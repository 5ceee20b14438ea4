"""HTTP to a provider's API that misbehaves: what is known afterwards, and where no call ever goes."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qsl

import aiohttp
import pytest
import pytest_asyncio

from functions.channels.contract import Answer, Call
from functions.delivery.caller import ANSWER_LIMIT, Caller, NotSent, Unknown, within
from functions.errors import NotDeliverable
from tests.delivery.certificates import self_signed

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SHORT = aiohttp.ClientTimeout(total=0.5)
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n"


class Provider:
    """A server that reads one request, and then does to the connection what the test says."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.base = ""
        self._answer: Talk | None = None
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    def answers(self, talk: Talk) -> None:
        self._answer = talk

    def says(self, *pieces: bytes) -> None:
        async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)  # so that the pieces arrive apart

        self.answers(talk)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(x.split(b":")[1]) for x in head.lower().split(b"\r\n") if b"content-length" in x), 0
        )
        self.requests.append(head + await reader.readexactly(length))
        assert self._answer
        await self._answer(reader, writer)
        writer.close()

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        await self._server.wait_closed()


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def caller() -> AsyncIterator[Caller]:
    made = Caller()
    yield made
    await made.close()


@pytest_asyncio.fixture
async def hasty() -> AsyncIterator[Caller]:
    made = Caller(SHORT)
    yield made
    await made.close()


async def test_a_form_and_its_headers_go_out_and_the_answer_comes_back(
    provider: Provider, caller: Caller
) -> None:
    provider.says(b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}")
    form = (("To", "+358"), ("Body", "hyvää & päivää"), ("MediaUrl", "a"), ("MediaUrl", "b"))
    answer = await caller.call(
        Call(f"{provider.base}/Messages", {"Authorization": "Basic x"}, form), provider.base
    )
    assert answer == Answer(429, {"retry-after": "7", "content-length": "2"}, b"{}")
    head, _, body = provider.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/Messages HTTP/1.1\r\n")
    assert b"Authorization: Basic x" in head
    assert parse_qsl(body.decode()) == list(form)


async def test_json_goes_out_and_no_cookie_comes_back(provider: Provider, caller: Caller) -> None:
    provider.says(OK + b"Set-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}")
    for _ in range(2):
        await caller.call(Call(f"{provider.base}/me", json={"text": "moi"}), provider.base)
    assert json.loads(provider.requests[1].partition(b"\r\n\r\n")[2]) == {"text": "moi"}
    assert b"Cookie" not in provider.requests[1]


async def test_an_answer_in_pieces_is_read_to_its_end(provider: Provider, caller: Caller) -> None:
    body = json.dumps({"message_id": "m_1", "rest": "x" * 300_000}).encode()
    provider.says(
        OK + f"Content-Length: {len(body)}\r\n\r\n".encode(), body[:10], body[10:200_000], body[200_000:]
    )
    answer = await caller.call(Call(f"{provider.base}/me", json={}), provider.base)
    assert answer.body == body


async def test_a_huge_answer_is_cut_at_the_limit(provider: Provider, caller: Caller) -> None:
    provider.says(OK + b"\r\n", b"x" * (3 * ANSWER_LIMIT))  # it ends with the connection
    answer = await caller.call(Call(f"{provider.base}/me", json={}), provider.base)
    assert len(answer.body) == ANSWER_LIMIT


async def test_a_redirect_is_an_answer_and_is_not_followed(provider: Provider, caller: Caller) -> None:
    provider.says(f"HTTP/1.1 307 Go\r\nLocation: {provider.base}/other\r\nContent-Length: 0\r\n\r\n".encode())
    answer = await caller.call(Call(f"{provider.base}/me", json={}), provider.base)
    assert answer.status == 307
    assert len(provider.requests) == 1


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()  # until the caller gives up


async def hangs_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def breaks_off(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b'Content-Length: 100\r\n\r\n{"sid": "SM1"')
    await writer.drain()


async def dawdles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK + b"Content-Length: 100\r\n\r\n{")
    await reader.read()


async def babbles(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"this is not HTTP\r\n\r\n")


@pytest.mark.parametrize("talk", [silent, hangs_up, breaks_off, dawdles, babbles])
async def test_once_the_request_is_out_no_whole_answer_means_unknown(
    provider: Provider, hasty: Caller, talk: Talk
) -> None:
    provider.answers(talk)
    with pytest.raises(Unknown):
        await hasty.call(Call(f"{provider.base}/me", json={}), provider.base)
    assert len(provider.requests) == 1


async def test_who_cannot_be_reached_was_surely_not_sent_to(caller: Caller) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens
        base = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(NotSent):
            await caller.call(Call(f"{base}/me", json={}), base)
    with pytest.raises(NotSent):
        await caller.call(Call("http://no-such-host.invalid/me", json={}), "http://no-such-host.invalid")


async def test_a_server_without_a_trusted_certificate_is_told_nothing(caller: Caller, tmp_path: Path) -> None:
    served = asyncio.Event()

    async def serve(*_: object) -> None:
        served.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=self_signed(tmp_path / "own.pem"))
    base = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(NotSent):
        await caller.call(Call(f"{base}/me", {"Authorization": "secret"}, json={}), base)
    assert not served.is_set()
    server.close()
    await server.wait_closed()


async def test_more_than_a_hundred_at_once_do_not_wait_for_each_other(
    provider: Provider, caller: Caller
) -> None:
    everybody = asyncio.Event()

    async def together(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(provider.requests) == 120:
            everybody.set()
        await everybody.wait()
        writer.write(OK + b"Content-Length: 2\r\n\r\n{}")

    provider.answers(together)
    call = Call(f"{provider.base}/me", json={})
    async with asyncio.timeout(15):
        answers = await asyncio.gather(*(caller.call(call, provider.base) for _ in range(120)))
    assert {answer.status for answer in answers} == {200}


BASE = "https://api.twilio.com/2010"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.twilio.com.evil/2010/Messages",
        "https://api.twilio.com@evil/2010/Messages",
        "https://user@api.twilio.com/2010/Messages",
        "https://api.twilio.com:8443/2010/Messages",
        "http://api.twilio.com/2010/Messages",
        "https://api.twilio.com/2011/Messages",
        "https://api.twilio.com/20100/Messages",
        "https://api.twilio.com/2010",
        "https://api.twilio.com/2010/../admin",
        "https://api.twilio.com/2010/./x",
        "https://api.twilio.com/2010/%2e%2e/admin",
        "https://api.twilio.com/2010/%2E%2e/admin",
        "https://api.twilio.com/2010/.%2e/admin",
        "https://api.twilio.com/2010/x%2f..%2f..%2fadmin",
        "https://api.twilio.com/2010/x\\..\\..\\admin",
        "https://api.twilio.com\\@evil/2010/Messages",
        "https://evil/https://api.twilio.com/2010/",
        "https://api.twilio.com/2010/x\r\nHost: evil",
        "//api.twilio.com/2010/x",
        "/2010/x",
        "https://[evil/2010/x",
        "",
    ],
)
async def test_outside_the_api_base_nothing_is_sent(caller: Caller, url: str) -> None:
    with pytest.raises(NotDeliverable, match="outside the account's API base"):
        await caller.call(Call(url, json={}), BASE)


@pytest.mark.parametrize("base", [BASE, BASE + "/"])
@pytest.mark.parametrize("path", ["/Messages", "/a.b/..c", "/x?next=/../y", "/%C3%A4", "/bot1:AA-b_/send"])
def test_below_the_api_base_is_within(base: str, path: str) -> None:
    assert within(BASE + path, base)
