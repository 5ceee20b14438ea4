"""How much one caller may ask of a public chat: chats begun and megabytes sent, in windows of ten minutes.

    ~windows        {window}                    which windows were counted in
    {window}:{0-f}  {account, what, network}    how much was spent; all of it under a keyed hash

All instances count in the same rows. They are spread over sixteen partitions by the hash, and a window's rows
are dropped when it is over: what nobody can turn into an address goes, too.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.directline.call import Call
from functions.directline.client import network
from functions.errors import AlreadyExists, Stale, TooMany
from functions.ports import Entity, Op, Table, Write
from functions.providers.signatures import keyed_hash

TABLE = "limits"
WINDOW = timedelta(minutes=10)
WINDOWS = "~windows"
SHARDS = "0123456789abcdef"
TRIES = 5  # to write a row that is being written by others
CHUNK = 100
REASON = "too much was asked for from this network"
BEGIN, UPLOAD = "begin", "upload"


@dataclass(frozen=True, slots=True)
class _Place:
    """A row: of one window, account, purpose and network."""

    partition: str
    key: str


class Limits:
    """Counts for all chat accounts. Every method raises Unavailable when the table does not answer."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._window = -1
        self._full: set[_Place] = set()  # of this window: for these the table need not be asked

    async def spend(self, call: Call, what: str, units: int, limit: int) -> None:
        """Count a call, unless its network has spent the limit (0: there is none); then raises TooMany."""
        if not limit:
            return
        now = call.request.received_at
        window = _number(now)
        await self._enter(window)
        place = _place(call, what, window)
        if place not in self._full and await self._counted(place, units, limit):
            return
        self._full.add(place)
        raise TooMany(REASON, _left(now))

    async def forget(self, now: datetime) -> None:
        """Drop the rows of windows that are over; the last one stays, for clocks differ."""
        for row in await self._table.range(WINDOWS, end=_name(_number(now) - 1)):
            for partition in _partitions(row.key):
                while rows := await self._table.range(partition, limit=CHUNK):
                    await self._table.commit(
                        [Op(Write.DELETE, Entity(partition, one.key, {})) for one in rows]
                    )
            await self._table.commit([Op(Write.DELETE, Entity(WINDOWS, row.key, {}))])

    async def _enter(self, window: int) -> None:
        """Make the window's rows findable, before there is one."""
        if window != self._window:
            await self._table.commit([Op(Write.UPSERT, Entity(WINDOWS, _name(window), {}))])
            self._window, self._full = window, set()

    async def _counted(self, place: _Place, units: int, limit: int) -> bool:
        for _ in range(TRIES):
            row = await self._table.get(place.partition, place.key)
            spent = row.values["spent"] if row else 0
            if not isinstance(spent, int) or spent >= limit:
                return False
            counted = Entity(place.partition, place.key, {"spent": spent + units}, row.etag if row else "")
            try:
                await self._table.commit([Op(Write.REPLACE if row else Write.INSERT, counted)])
            except (AlreadyExists, Stale):
                continue
            return True
        raise TooMany(REASON, 1)  # so many at once


def _place(call: Call, what: str, window: int) -> _Place:
    """Hash with a key of the account: else all addresses could be tried in a minute."""
    account = call.account
    who = network(call.request.headers, account.settings.proxies)
    said = f"{window}/{account.id}/{what}/{who}"
    key = keyed_hash("sha256", account.settings.signing_keys[0].key, said.encode()).hex()[:32]
    return _Place(f"{_name(window)}:{key[0]}", key)


def _partitions(window: str) -> Iterator[str]:
    return (f"{window}:{shard}" for shard in SHARDS)


def _number(now: datetime) -> int:
    return int(now.timestamp() // WINDOW.total_seconds())


def _name(window: int) -> str:
    return f"{window:010d}"


def _left(now: datetime) -> int:
    return math.ceil(WINDOW.total_seconds() - now.timestamp() % WINDOW.total_seconds())
