"""Key rows: who has a match key. One row, so that asking for it is one point read.

An entry is only a hint: whoever reads it asks the record whether it lists the key.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from functions.errors import AlreadyExists, Stale, Unavailable
from functions.identity.keys import Place, kind_of, place
from functions.message import EntityRef, Model
from functions.ports import Entity, Op, Table, Write

LARGEST = 60_000  # bytes of a row's JSON; a property holds 64 KiB
TRIES = 25
PAUSE = 0.004  # seconds, doubled five times at most
Result = TypeVar("Result")
ListedKeys = Callable[[], Awaitable[frozenset[str]]]


class Entry(Model):
    """A record that has keys here, by their kinds."""

    entity: str
    id: str
    kinds: tuple[str, ...]


class Keyed(Model):
    """Who has the keys of a row. `full`: some who have are left out, for good."""

    entries: tuple[Entry, ...] = ()
    full: bool = False

    def of(self, key: str) -> tuple[Entry, ...]:
        """Give those who have this key."""
        kind = kind_of(key)
        return tuple(entry for entry in self.entries if kind in entry.kinds)

    def changed(self, ref: EntityRef, add: Iterable[str] = (), drop: Iterable[str] = ()) -> "Keyed":
        """Give it with kinds of a record's keys added or dropped."""
        mine = [one for one in self.entries if (one.entity, one.id) == (ref.entity, ref.id)]
        others = tuple(one for one in self.entries if one not in mine)
        kinds = {*(kind for one in mine for kind in one.kinds), *add} - {*drop}
        if not kinds:
            return self.model_copy(update={"entries": others})
        entry = Entry(entity=ref.entity, id=ref.id, kinds=tuple(sorted(kinds)))
        whole = self.model_copy(update={"entries": (*others, entry)})
        full = len(whole.json_text().encode()) > LARGEST
        return self.model_copy(update={"full": True}) if full else whole


async def again(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Attempt again while others write the same rows; raises Unavailable when they never stop."""
    for turn in range(TRIES):
        try:
            return await attempt()
        except (AlreadyExists, Stale):
            # Each writer waits for a time of its own, or they would meet again.
            await asyncio.sleep(random.uniform(0, PAUSE * 2 ** min(turn, 5)))  # noqa: S311 - no secret
    raise Unavailable("the record is changed by too many at once")


def read_keyed(row: Entity | None, where: Place) -> Keyed:
    """Read a row's list."""
    text = row.values.get(where.column) if row else None
    return Keyed.model_validate_json(text) if isinstance(text, bytes) else Keyed()


class KeyRows:
    """The key rows of the records' table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def read(self, where: Place) -> Keyed:
        """Read who has the keys of a place; one point read."""
        return read_keyed(await self._table.get(where.partition, where.row), where)

    async def add(self, ref: EntityRef, keys: Iterable[str]) -> None:
        """Put a record under keys. The rows are written even if it is there: see `drop`."""
        for where, kinds in _by_place(keys).items():
            await again(lambda where=where, kinds=kinds: self._add(ref, where, kinds))  # type: ignore[misc]

    async def drop(self, ref: EntityRef, keys: Iterable[str], listed: ListedKeys) -> None:
        """Take a record away from keys, except from those that it lists.

        The row's ETag is older than what `listed` reads: whoever adds a key after that has written the row
        before the record lists it, and the key stays.
        """
        for where, kinds in _by_place(keys).items():
            await again(
                lambda where=where, kinds=kinds: self._drop(ref, where, kinds, listed)  # type: ignore[misc]
            )

    async def held(self, ref: EntityRef, keys: Iterable[str]) -> set[str]:
        """Give those of the keys under which the record still stands."""
        found: set[str] = set()
        for key in keys:
            entries = (await self.read(place(key))).of(key)
            found |= {key for one in entries if (one.entity, one.id) == (ref.entity, ref.id)}
        return found

    async def _add(self, ref: EntityRef, where: Place, kinds: Iterable[str]) -> None:
        row = await self._table.get(where.partition, where.row)
        await self._write(row, where, read_keyed(row, where).changed(ref, add=kinds))

    async def _drop(self, ref: EntityRef, where: Place, kinds: set[str], listed: ListedKeys) -> None:
        row = await self._table.get(where.partition, where.row)
        if row is None:
            return
        kept = {kind_of(key) for key in await listed() if place(key) == where}
        before = read_keyed(row, where)
        after = before.changed(ref, drop=kinds - kept)
        if after != before:
            await self._write(row, where, after)

    async def _write(self, row: Entity | None, where: Place, keyed: Keyed) -> None:
        values = {**row.values} if row else {}
        if keyed == Keyed():
            values.pop(where.column, None)
        else:
            values[where.column] = keyed.json_text().encode()
        etag = row.etag if row else ""
        write = Write.REPLACE if row else Write.INSERT
        entity = Entity(where.partition, where.row, values, etag)
        await self._table.commit([Op(Write.DELETE if row and not values else write, entity)])


def _by_place(keys: Iterable[str]) -> dict[Place, set[str]]:
    found: dict[Place, set[str]] = {}
    for key in keys:
        found.setdefault(place(key), set()).add(kind_of(key))
    return found
