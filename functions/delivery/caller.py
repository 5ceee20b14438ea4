"""HTTP to the providers' APIs. What matters is what is known afterwards: sent, not sent, or unknown.

Only URLs below the account's API base are called, redirects are not followed, and the answer is read to
a limit: a provider's token goes to the provider and nowhere else.
"""

import asyncio
import logging
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from functions.channels.contract import Answer, Call
from functions.errors import MonikanavaError

ANSWER_LIMIT = 1_000_000  # bytes
TIMES = aiohttp.ClientTimeout(total=20, sock_connect=5, sock_read=15)
log = logging.getLogger("monikanava.delivery")


class NotSent(MonikanavaError):
    """The provider was not reached: it certainly does not have the message."""

    code = "unreachable"


class Unknown(MonikanavaError):
    """The request went out and no answer came back: the provider may have the message."""

    code = "no-answer"


class Forbidden(MonikanavaError):
    """A call outside the account's API base: a mistake of ours, never sent."""

    code = "outside-api-base"


class Caller:
    """One connection pool for all providers; lives on one event loop."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def call(self, call: Call, base: str) -> Answer:
        """Make the call; raises NotSent, Unknown or Forbidden."""
        if not within(call.url, base):
            raise Forbidden("the call is outside the account's API base URL")
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMES, cookie_jar=aiohttp.DummyCookieJar())
        try:
            return await self._exchange(self._session, call)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSent(f"the provider's API cannot be reached ({type(error).__name__})") from None
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            raise Unknown(f"the provider's API gave no answer ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close the pool."""
        if self._session:
            await self._session.close()

    async def _exchange(self, session: aiohttp.ClientSession, call: Call) -> Answer:
        content: dict[str, Any] = {"json": call.json} if call.form is None else {"data": list(call.form)}
        async with session.request(
            call.method, call.url, headers=call.headers, allow_redirects=False, **content
        ) as response:
            body = await response.content.read(ANSWER_LIMIT)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, body)


def within(url: str, base: str) -> bool:
    """Tell whether `url` has the scheme, host and port of `base`, and lies below its path."""
    ours, theirs = urlsplit(base), urlsplit(url)
    path = ours.path.rstrip("/") + "/"
    return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc) and theirs.path.startswith(path)
