"""Access tokens of the providers that want one: fetched, shared by all instances, renewed in time.

    memory ─▶ the account's row ─▶ claim the row ─▶ fetch ─▶ the row, memory

Only the instance whose claim the row's ETag let through fetches; the others wait for what it brings, for
some providers end the old token when they give a new one. The row holds the token as it came: whoever
may read the table can send in the account's name until the token ends. Tokens of Entra ID have no row:
every instance may have its own, and its library keeps them.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from functions.channels.contract import Account, Refused, Token, Tokened
from functions.channels.tokened import AnyTokened, EntraTokened
from functions.delivery.caller import Caller, NotSent, Unknown
from functions.errors import AlreadyExists, MonikanavaError, NotGranted, Stale
from functions.message import digest
from functions.ports import Entity, Entra, Op, Table, Value, Write
from functions.telemetry import Figure, level

MARGIN = timedelta(minutes=5)  # a token is renewed this long before its end
CLAIM = timedelta(seconds=30)  # longer than a call may last; then another instance may try
YOUNG = timedelta(minutes=1)  # one that is refused at this age would be refused again
PAUSE = 0.25  # seconds between looks at what another instance brings
ROW = "token"
EPOCH = datetime.fromtimestamp(0, UTC)
log = logging.getLogger("monikanava.tokens")


class NoToken(MonikanavaError):
    """The provider gives no token; `refused` says why, and whether it may later."""

    code = "no-token"

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class _Held:
    """A token, and the settings (`owner`) that it was fetched with: others' changes end it."""

    value: str = field(repr=False)
    owner: str
    fetched_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for: a token of this account, but not the refused one."""

    channel: Tokened
    account: Account[Any]
    owner: str
    refused: str = field(repr=False)

    @property
    def partition(self) -> str:
        return digest(self.account.channel, self.account.id)

    def met(self, held: _Held | None, until: datetime) -> bool:
        return (
            held is not None
            and held.owner == self.owner
            and held.value not in ("", self.refused)
            and held.expires_at > until
        )


class Tokens:
    """The tokens of all accounts. Sleeping is injected, so that tests do not wait."""

    def __init__(
        self,
        table: Table,
        caller: Caller,
        entra: Entra,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._table = table
        self._caller = caller
        self._entra = entra
        self._clock = clock
        self._sleep = sleep
        self._held: dict[str, _Held] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def token(self, channel: AnyTokened, account: Account[Any], refused: str = "") -> str:
        """Give a token that lives, and is not the refused one. Raises NoToken, or Unavailable."""
        if isinstance(channel, EntraTokened):
            return await self._of_entra(channel, account, refused)
        wish = _Wish(channel, account, _owner(account), refused)
        async with self._locks[wish.partition]:
            held = self._held.get(wish.partition)
            if held is None or not wish.met(held, self._clock() + MARGIN):
                held = self._held[wish.partition] = await self._shared(wish)
            left = held.expires_at - self._clock()
            level(Figure.TOKEN_LEFT, left.total_seconds(), account=account.id)
            return held.value

    async def _of_entra(self, channel: EntraTokened, account: Account[Any], refused: str) -> str:
        app = channel.entra_app(account)
        try:
            token = await self._entra.token(app)
            return token if token != refused else await self._entra.token(app, renew=True)
        except NotGranted as none:
            raise NoToken(Refused(none.code, none.reason, retryable=False)) from None

    async def _shared(self, wish: _Wish) -> _Held:
        """Take the token that an instance has brought, or bring one."""
        while True:
            row, now = await self._table.get(wish.partition, ROW), self._clock()
            held = _held(row)
            if held and wish.met(held, now + MARGIN):
                return held
            if held and held.value == wish.refused and now - held.fetched_at < YOUNG:
                raise NoToken(
                    Refused("token", "the provider refuses the access token it has just given", False)
                )
            if row is None or _time(row, "claimed_until") <= now:
                if await self._claimed(wish, row):
                    return await self._fetched(wish, held)
            elif held and wish.met(held, now):
                return held
            else:
                await self._sleep(PAUSE)

    async def _claimed(self, wish: _Wish, row: Entity | None) -> bool:
        values = {**(row.values if row else {}), "claimed_until": self._clock() + CLAIM}
        write = Write.REPLACE if row else Write.INSERT
        try:
            await self._table.commit(
                [Op(write, Entity(wish.partition, ROW, values, row.etag if row else ""))]
            )
        except (AlreadyExists, Stale):
            return False
        return True

    async def _fetched(self, wish: _Wish, former: _Held | None) -> _Held:
        now, found = self._clock(), await self._fetch(wish)
        if isinstance(found, Refused):
            await self._table.commit([Op(Write.UPSERT, _row(wish, former))])
            log.warning("no token: account=%s code=%s", wish.account.id, found.code)
            raise NoToken(found)
        held = _Held(found.value, wish.owner, now, now + timedelta(seconds=found.seconds))
        await self._table.commit([Op(Write.UPSERT, _row(wish, held))])
        return held

    async def _fetch(self, wish: _Wish) -> Token | Refused:
        call = wish.channel.token_call(wish.account, self._clock(), bool(wish.refused))
        try:
            answer = await self._caller.call(call, wish.channel.token_base(wish.account))
        except (NotSent, Unknown) as error:
            return Refused(error.code, f"for the access token: {error.reason}", retryable=True)
        return wish.channel.token(answer)


def _row(wish: _Wish, held: _Held | None) -> Entity:
    """Give the row without a claim; a token that came before stays."""
    values: dict[str, Value] = {}
    if held:
        values = {
            "value": held.value,
            "owner": held.owner,
            "fetched_at": held.fetched_at,
            "expires_at": held.expires_at,
        }
    return Entity(wish.partition, ROW, values)


def _held(row: Entity | None) -> _Held | None:
    if row is None or "value" not in row.values:
        return None
    value, owner = (str(row.values[name]) for name in ("value", "owner"))
    return _Held(value, owner, _time(row, "fetched_at"), _time(row, "expires_at"))


def _time(row: Entity, name: str) -> datetime:
    value = row.values.get(name)
    return value if isinstance(value, datetime) else EPOCH


def _owner(account: Account[Any]) -> str:
    """Tell the account's settings from others, without telling them."""

    def plain(value: object) -> str:
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)

    return digest(json.dumps(account.settings.model_dump(), sort_keys=True, default=plain))
