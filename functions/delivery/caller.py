"""HTTP to the providers' APIs. What matters is what is known afterwards: sent, not sent, or unknown.

Only URLs below the account's API base are called, redirects are not followed, and the answer is read to
a limit: a provider's token goes to the provider and nowhere else.
"""

from urllib.parse import unquote, urlsplit

import aiohttp

from functions.channels.contract import Answer, Call, written
from functions.errors import MonikanavaError, NotDeliverable
from functions.telemetry import Kind, span

ANSWER_LIMIT = 1_000_000  # bytes
TIMES = aiohttp.ClientTimeout(total=20, sock_connect=5, sock_read=15)
IDLE = 4.0  # seconds; a connection that the other side closes just as we use it makes a message uncertain


class NotSent(MonikanavaError):
    """The provider was not reached: it certainly does not have the message."""

    code = "unreachable"


class Unknown(MonikanavaError):
    """The request went out and no answer came back: the provider may have the message."""

    code = "no-answer"


class Caller:
    """One connection pool for all providers; lives on one event loop."""

    def __init__(self, times: aiohttp.ClientTimeout = TIMES) -> None:
        self._times = times
        self._session: aiohttp.ClientSession | None = None

    async def call(self, call: Call, base: str) -> Answer:
        """Make the call; raises NotSent, Unknown, or NotDeliverable for a URL outside `base`."""
        if not within(call.url, base):
            raise NotDeliverable("outside-api-base", "the call is outside the account's API base URL")
        if self._session is None:
            # How many run at once is for the queues' sessions to say: a wait here would look like no answer.
            self._session = aiohttp.ClientSession(
                timeout=self._times,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE),
            )
        try:
            # The path is not told: some providers have the token, or the customer's number, in it.
            with span(call.method, Kind.CLIENT, **{"server.address": urlsplit(call.url).netloc}) as told:
                answer = await self._exchange(self._session, call)
                told.tell("http.response.status_code", answer.status)
            return answer
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSent(f"the provider's API cannot be reached ({type(error).__name__})") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unknown(f"the provider's API gave no answer ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close the pool."""
        if self._session:
            await self._session.close()

    async def _exchange(self, session: aiohttp.ClientSession, call: Call) -> Answer:
        headers, data = dict(call.headers), None if call.form is None else list(call.form)
        if call.json is not None:
            headers["Content-Type"] = "application/json"
        async with session.request(
            call.method,
            call.url,
            headers=headers,
            data=data if call.json is None else written(call.json),
            allow_redirects=False,
            timeout=self._times if call.seconds is None else _within(call.seconds),
        ) as response:
            body = await _read(response.content)
            given = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, given, body)


def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=TIMES.sock_connect)


async def _read(content: aiohttp.StreamReader) -> bytes:
    """Read to the end or the limit: a single `read` gives only what has come so far."""
    body = bytearray()
    async for chunk in content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > ANSWER_LIMIT:
            break
    return bytes(body[:ANSWER_LIMIT])


def within(url: str, base: str) -> bool:
    """Tell whether `url` has the scheme, host and port of `base`, and lies below its path.

    What a server may read as another path is refused: dot segments, also escaped, and control characters.
    """
    try:
        ours, theirs = urlsplit(base), urlsplit(url)
    except ValueError:
        return False
    path = unquote(theirs.path).replace("\\", "/")
    return (
        url.isprintable()
        and (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
        and theirs.path.startswith(ours.path.rstrip("/") + "/")
        and not {".", ".."} & set(path.split("/"))
    )
