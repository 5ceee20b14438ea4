"""One try at a medium, the provider's own way: with its access token, by the place it tells, decrypted.

call ─▶ token ─▶ GET ─▶ the medium, or where it is ─▶ GET ─▶ decrypted
          ▲        │
          └────────┘ the token is refused: a new one, once
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.channels.contract import (
    Account,
    Call,
    MediaCipher,
    MediaLocator,
    MediaSource,
    Refused,
)
from functions.channels.tokened import AnyTokened
from functions.delivery.tokens import NoToken, Tokens
from functions.media.download import Download, Downloader, Lost, NotNow


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a provider; `limit` in bytes. `size` is what the provider told of it beforehand."""

    channel: MediaSource
    account: Account[Any]
    reference: str = field(repr=False)
    limit: int
    size: int | None = None


class Sources:
    """All providers' media; knows none of them."""

    def __init__(self, downloader: Downloader, tokens: Tokens, clock: Callable[[], datetime]) -> None:
        self._downloader = downloader
        self._tokens = tokens
        self._clock = clock

    @asynccontextmanager
    async def open(self, wanted: Wanted) -> AsyncIterator[Download]:
        """Give a medium's content; raises Lost, NotNow, or Unavailable when our own table is down."""
        call = wanted.channel.media_call(wanted.reference, wanted.account, self._clock())
        if call is None:
            raise Lost("the provider names it, but gives out no copy")
        async with AsyncExitStack() as stack:
            found = await self._asked(stack, call, wanted)
            _check(found.status)
            if isinstance(wanted.channel, MediaCipher):
                await _decrypted(found, wanted, wanted.channel.media_decryptor(wanted.reference))
            yield found

    async def _asked(self, stack: AsyncExitStack, call: Call, wanted: Wanted) -> Download:
        """Ask, and once more with a new token when the provider refuses the one we have."""
        refused = ""
        while True:
            token = await self._token(wanted, refused) if call.tokened else ""
            found = await self._download(stack, _authorised(call, wanted, token), wanted)
            place = _place(found, wanted)
            if place is None:
                return found
            if isinstance(place, Call):
                return await self._download(stack, place, wanted)
            if refused or not token or not place.stale_token:
                raise _explained(place)
            refused = token

    async def _download(self, stack: AsyncExitStack, call: Call, wanted: Wanted) -> Download:
        hosts = wanted.channel.media_hosts(wanted.account)
        return await stack.enter_async_context(self._downloader.get(call, hosts, wanted.limit))

    async def _token(self, wanted: Wanted, refused: str) -> str:
        if not isinstance(wanted.channel, AnyTokened):
            raise Lost("the provider gives no access token for it")
        try:
            return await self._tokens.token(wanted.channel, wanted.account, refused)
        except NoToken as none:
            raise _explained(none.refused) from None


def _authorised(call: Call, wanted: Wanted, token: str) -> Call:
    return (
        wanted.channel.authorised(call, token) if token and isinstance(wanted.channel, AnyTokened) else call
    )


def _place(found: Download, wanted: Wanted) -> Call | Refused | None:
    if not isinstance(wanted.channel, MediaLocator):
        return None
    return wanted.channel.media_place(found.answer(), wanted.account)


def _explained(refused: Refused) -> Lost | NotNow:
    return NotNow(refused.reason, refused.retry_after or 0.0) if refused.retryable else Lost(refused.reason)


async def _decrypted(found: Download, wanted: Wanted, decrypt: Callable[[bytes], bytes]) -> None:
    """Decrypt in a thread of its own: a hundred megabytes would hold up all others."""
    if wanted.size not in (None, found.size):
        raise Lost(f"it has {found.size} bytes, and the provider told of {wanted.size}")
    await asyncio.to_thread(found.rewrite, decrypt)


def _check(status: int) -> None:
    """Accept only the content itself; raises Lost, or NotNow while the provider still prepares it."""
    if status == 202:
        raise NotNow("the provider is still preparing it")
    if status in (401, 403):
        raise Lost(
            f"the provider refuses it (HTTP {status}): the address has expired, or the credentials are wrong"
        )
    if status in (404, 410):
        raise Lost(f"the provider has it no more (HTTP {status})")
    if status != 200:
        raise Lost(f"the provider answers HTTP {status}")
