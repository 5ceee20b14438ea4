"""HTTP to the Web API: one pool, time limits, and answers up to a size. Redirects are not followed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from functions.delivery.caller import IDLE
from functions.errors import TooLarge, Unavailable

ANSWER_LIMIT = 8_000_000  # bytes; a page of 500 rows has one at most
SECONDS = 20.0  # for one exchange
CONNECT = 5.0
AT_ONCE = 20  # connections; Dataverse lets a user have 52


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `url` is percent-encoded already."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http:
    """The connections to all environments; lives on one event loop."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._times = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, asked: Asked) -> Answer:
        """Make the exchange. Raises Unavailable when there is no answer, TooLarge over the limit."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._times,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=IDLE),
            )
        try:
            return await _exchange(self._session, asked)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"Dataverse does not answer ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close the pool."""
        if self._session:
            await self._session.close()


async def _exchange(session: aiohttp.ClientSession, asked: Asked) -> Answer:
    async with session.request(
        asked.method,
        URL(asked.url, encoded=True),  # as it was quoted: not once more
        headers=asked.headers,
        data=asked.body,
        allow_redirects=False,
    ) as response:
        body = bytearray()
        async for chunk in response.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > ANSWER_LIMIT:
                raise TooLarge(f"Dataverse's answer is over {ANSWER_LIMIT:,} bytes")
        given = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, given, bytes(body))
