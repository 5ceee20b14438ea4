"""Key rows: who has a match key. One row, so that asking for it is one point read.

An entry carries what matching asks of its record, and is believed. One without (an older version's, or one
for which the row had no room) is only a hint: whoever reads it asks the record whether it lists the key.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TypeVar

from functions.errors import AlreadyExists, Stale, Unavailable
from functions.identity.keys import Place, kind_of
from functions.message import EntityRef, Model
from functions.ports import Entity, Op, Table, Write

ROOMY = 30_000  # bytes of a row's JSON up to which its entries tell of their records
LARGEST = 60_000  # bytes of it altogether; a property holds 64 KiB
TRIES = 25
PAUSE = 0.004  # seconds, doubled five times at most
Result = TypeVar("Result")


class Told(Model):
    """What matching asks of an active record. `cases`: its single active case; `full` when it has several."""

    name: str = ""
    attributes: Mapping[str, str] = {}
    keys: frozenset[str] = frozenset()
    cases: "Keyed | None" = None


class Entry(Model):
    """A record that has keys here, by their kinds."""

    entity: str
    id: str
    kinds: tuple[str, ...]
    told: Told | None = None

    @property
    def ref(self) -> EntityRef:
        """The record itself."""
        return EntityRef(entity=self.entity, id=self.id, name=self.told.name if self.told else "")


class Keyed(Model):
    """Who has the keys of a row. `full`: some who have are left out, for good."""

    entries: tuple[Entry, ...] = ()
    full: bool = False

    def of(self, key: str) -> tuple[Entry, ...]:
        """Give those who have this key."""
        kind = kind_of(key)
        return tuple(entry for entry in self.entries if kind in entry.kinds)

    def with_entry(self, entry: Entry) -> "Keyed":
        """Give it with this entry in place of the record's former one; without it when it has no kinds."""
        mine = (entry.entity, entry.id)
        there = [(one.entity, one.id) for one in self.entries]
        at = there.index(mine) if mine in there else len(there)
        before, after = self.entries[:at], self.entries[at + 1 :]
        for kept in (entry, entry.model_copy(update={"told": None})):
            whole = self.model_copy(update={"entries": (*before, *([kept] if entry.kinds else []), *after)})
            if not entry.kinds or whole.size <= (ROOMY if kept.told else LARGEST):
                return whole
        return self.model_copy(update={"entries": (*before, *after), "full": True})

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return len(self.json_text().encode())

    def single(self) -> "Keyed | None":
        """Give the only entry as all there is, `full` for several; None when their records must be asked."""
        told = tuple(entry for entry in self.entries if entry.told)
        if self.full or len(told) > 1:
            return Keyed(full=True)
        return Keyed(entries=told) if len(told) == len(self.entries) else None


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


def keyed_values(row: Entity | None, where: Place, keyed: Keyed) -> dict[str, bytes]:
    """Give a row's properties with this list; without its property when it lists nobody."""
    values = {name: text for name, text in (row.values if row else {}).items() if isinstance(text, bytes)}
    values.pop(where.column, None)
    return values if keyed == Keyed() else {**values, where.column: keyed.json_text().encode()}


class KeyRows:
    """The key rows of the records' table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def read(self, where: Place) -> Keyed:
        """Read who has the keys of a place; one point read."""
        return read_keyed(await self._table.get(where.partition, where.row), where)

    async def bring(self, where: Place, entry: Entry, *, new: bool) -> None:
        """Have a place tell of a record just this; raises AlreadyExists or Stale when others write it.

        `new`: it told nothing of the record before, and there may be no such row yet.
        """
        if new and entry.kinds:
            with suppress(AlreadyExists):
                await self._write(None, where, Keyed().with_entry(entry))
                return
        row = await self._table.get(where.partition, where.row)
        before = read_keyed(row, where)
        after = before.with_entry(entry)
        if after != before:
            await self._write(row, where, after)

    async def _write(self, row: Entity | None, where: Place, keyed: Keyed) -> None:
        values = keyed_values(row, where, keyed)
        write = Write.REPLACE if row else Write.INSERT
        entity = Entity(where.partition, where.row, values, row.etag if row else "")
        await self._table.commit([Op(Write.DELETE if row and not values else write, entity)])
