"""One GET of a medium: redirects by hand, a size limit while it comes in, and an answer whether to try again.

Credentials go to the first host only, everything else to allowed hosts only (`hosts`). The content goes to
a temporary file: many large ones at once must not fill the memory.
"""

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, NoReturn
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from functions.channels.contract import Answer, Call
from functions.errors import MonikanavaError
from functions.media.hosts import PrivateAddress, PublicResolver, Reach, origin, reach
from functions.providers.answers import retry_after

TIMES = aiohttp.ClientTimeout(total=120, sock_connect=5, sock_read=20)
REDIRECTS = 3
MEMORY = 1024 * 1024  # bytes; what is larger goes to disk
ANSWER = 64 * 1024  # bytes of an answer that is no medium
PIECE = 64 * 1024  # bytes of a content that are in hand at once
REDIRECTED = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 425, 429})  # and all from 500 on
HEADERS = {"User-Agent": "Monikanava", "Accept-Encoding": "identity"}


class Lost(MonikanavaError):
    """It cannot be fetched, now or later; the reason is for the agent."""

    code = "not-fetched"


class NotNow(MonikanavaError):
    """It may be fetched later; `retry_after` in seconds, as far as the provider says."""

    code = "not-now"

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Download:
    """What came: the file is closed with the download."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    file: IO[bytes]
    size: int

    def start(self, length: int) -> bytes:
        """Give the first bytes."""
        self.file.seek(0)
        return self.file.read(length)

    def rewrite(self, change: Callable[[bytes], bytes]) -> None:
        """Replace the content, piece by piece in their order, by as many bytes each."""
        for start in range(0, self.size, PIECE):
            self.file.seek(start)
            piece = change(self.file.read(PIECE))
            self.file.seek(start)
            self.file.write(piece)

    def answer(self) -> Answer:
        """Give it as the answer of an API."""
        return Answer(self.status, self.headers, self.start(ANSWER))


class Downloader:
    """Two connection pools, one for public addresses only; lives on one event loop."""

    def __init__(self, times: aiohttp.ClientTimeout = TIMES) -> None:
        self._times = times
        self._sessions: dict[Reach, aiohttp.ClientSession] = {}

    @asynccontextmanager
    async def get(self, call: Call, hosts: tuple[str, ...], limit: int) -> AsyncIterator[Download]:
        """Give the answer to a call, of whatever status but 429 and 5xx; raises Lost, or NotNow."""
        with tempfile.SpooledTemporaryFile(max_size=MEMORY) as file:
            try:
                download = await self._follow(call, hosts, limit, file)
            except ValueError:  # aiohttp's InvalidURL is one, and so is what the look-up says of an odd name
                raise Lost("the provider names an address that is none") from None
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                _explain(error)
            yield download

    async def close(self) -> None:
        """Close the pools."""
        for session in self._sessions.values():
            await session.close()

    async def _follow(self, call: Call, hosts: tuple[str, ...], limit: int, file: IO[bytes]) -> Download:
        url, headers = call.url, {**HEADERS, **call.headers}
        for _ in range(REDIRECTS + 1):
            session = self._session(reach(url, hosts))
            async with session.get(_as_it_is(url), headers=headers, allow_redirects=False) as response:
                if response.status not in REDIRECTED:
                    return await _taken(response, limit, file)
                target = urljoin(url, response.headers.get("Location", ""))
            if origin(target) != origin(url):
                headers = HEADERS
            url = target
        raise Lost(f"the provider redirects more than {REDIRECTS} times")

    def _session(self, how: Reach) -> aiohttp.ClientSession:
        if how is Reach.NONE:
            raise Lost("the medium is on a host that is not one of the provider's")
        if how not in self._sessions:
            resolver = PublicResolver() if how is Reach.PUBLIC else None
            self._sessions[how] = aiohttp.ClientSession(
                timeout=self._times,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False),
            )
        return self._sessions[how]


async def _taken(response: aiohttp.ClientResponse, limit: int, file: IO[bytes]) -> Download:
    status, headers = response.status, {name.lower(): value for name, value in response.headers.items()}
    if status in PASSING or status >= 500:
        wait = retry_after(Answer(status, headers, b""))
        raise NotNow(f"the provider answers HTTP {status}", wait or 0.0)
    allowed = limit if status < 300 else ANSWER
    if status < 300 and (response.content_length or 0) > limit:
        raise _too_large(limit)
    size = 0
    async for chunk in response.content.iter_chunked(PIECE):
        size += len(chunk)
        if size > allowed:
            if status < 300:
                raise _too_large(limit)
            break
        file.write(chunk)
    return Download(status, headers, file, size)


def _too_large(limit: int) -> Lost:
    return Lost(f"it is larger than {limit / 1_000_000:g} MB")


def _as_it_is(url: str) -> URL:
    """Keep a signed address to the letter; only what is not ASCII has to be quoted."""
    return URL(url, encoded=url.isascii())


def _explain(error: aiohttp.ClientError | TimeoutError | OSError) -> NoReturn:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, PrivateAddress):
        raise Lost("the medium's host has no public address") from None
    if isinstance(error, TimeoutError):
        raise NotNow("the provider did not send it in time") from None
    raise NotNow(f"the provider cannot be reached ({type(error).__name__})") from None
