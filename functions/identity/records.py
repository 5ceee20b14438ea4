"""Records: what business records customers are recognised by, found by phone number, e-mail or customer.

A record is one row. For each of its match keys there is a row in the key's own partition:

    put:   read the record ── write its new key rows ── replace the record (ETag) ── delete the old key rows
    crash:                └─ a key row that no record confirms ─┘                 └─ the same

The record's row lists its keys, and a look-up believes a key row only if its record lists the key. So a
crash leaves at most a row that nobody believes. The record also remembers which keys had to be taken away,
and the next put takes away what is left of them.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal

from functions.configuration.document import Record
from functions.errors import AlreadyExists, Invalid, Stale, Unavailable
from functions.identity.keys import case_key, customer_of, email_key, match_keys, phone_key
from functions.identity.phones import normalised
from functions.message import EntityRef, Model, digest
from functions.ports import Entity, Op, Table, Write

HITS = 3  # of a look-up: more than two say no more than that it is ambiguous
LARGEST = 60_000  # bytes of a record with its keys; a property holds 64 KiB
TRIES = 8
ROW = "record"


class Stored(Model):
    """A record as its row keeps it: `keys` are partitions, `former` those that had to be taken away."""

    record: Record
    keys: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    updated_at: datetime


class Records:
    """The records' table. Every method raises Unavailable when it does not answer.

    `default_region` gives the region of phone numbers without a country code.
    """

    def __init__(
        self, table: Table, clock: Callable[[], datetime], default_region: Callable[[], str]
    ) -> None:
        self._table = table
        self._clock = clock
        self._region = default_region

    async def put(self, record: Record) -> Record:
        """Write a record with its match keys in place of its former version; give it as it is kept.

        Phone numbers become E.164; what cannot be read is kept as it is and matches nobody. Raises Invalid
        without an id, for a customer that is not `contact/ID` or `account/ID`, or over 60,000 bytes.
        """
        kept = self._checked(record)
        for _ in range(TRIES):
            try:
                await self._replace(kept, match_keys(kept))
            except (AlreadyExists, Stale):
                continue
            return kept
        raise Unavailable("the record is changed by too many at once")

    async def get(self, entity: str, id: str) -> Record | None:  # noqa: A002 - its name
        """Read one record, active or not."""
        found = await self._read(entity, id)
        return found[1].record if found else None

    async def delete(self, entity: str, id: str) -> None:  # noqa: A002
        """Forget a record and its keys; one that is not there is well."""
        for _ in range(TRIES):
            found = await self._read(entity, id)
            try:
                return await self._remove(*found) if found else None
            except Stale:
                continue
        raise Unavailable("the record is changed by too many at once")

    async def by_key(self, kind: Literal["phone", "email"], value: str) -> list[EntityRef]:
        """Find the active contacts and accounts with this number or address, at most 3."""
        key = phone_key(value, self._region()) if kind == "phone" else email_key(value)
        return await self._confirmed(key) if key else []

    async def active_cases(self, customer: EntityRef) -> list[EntityRef]:
        """Find the active cases of a contact or account, at most 3."""
        return await self._confirmed(case_key(customer.entity, customer.id))

    def _checked(self, record: Record) -> Record:
        if not record.id:
            raise Invalid("a record needs an id")
        if record.customer and not customer_of(record):
            raise Invalid("the customer of a record is written contact/ID or account/ID")
        if len(record.json_text().encode()) > LARGEST // 2:
            raise Invalid(f"the record is over {LARGEST // 2} bytes")
        phones = tuple(normalised(phone, self._region()) for phone in record.phones)
        return record.model_copy(update={"phones": phones})

    async def _replace(self, record: Record, keys: tuple[str, ...]) -> None:
        found = await self._read(record.entity, record.id)
        # The old rows' ETags are read before the record is replaced: a key that a later put writes again
        # after that is not taken away from it.
        old = await self._key_rows(found[1], keys) if found else []
        former = tuple(row.partition for row in old)
        stored = Stored(record=record, keys=keys, former=former, updated_at=self._clock())
        row = _row(stored, found[0].etag if found else "")
        await self._write_keys(keys, record)
        await self._table.commit([Op(Write.REPLACE if found else Write.INSERT, row)])
        await self._take_away(old)

    async def _remove(self, row: Entity, stored: Stored) -> None:
        old = await self._key_rows(stored, ())
        await self._table.commit([Op(Write.DELETE, row)])
        await self._take_away(old)

    async def _read(self, entity: str, id: str) -> tuple[Entity, Stored] | None:  # noqa: A002
        row = await self._table.get(digest(entity, id), ROW)
        return (row, _stored(row)) if row else None

    async def _confirmed(self, key: str) -> list[EntityRef]:
        found: list[EntityRef] = []
        start = ""
        while len(found) < HITS:
            rows = await self._table.range(key, start, limit=HITS)
            refs = await asyncio.gather(*(self._confirm(row) for row in rows))
            found += [ref for ref in refs if ref]
            if len(rows) < HITS:
                break
            start = rows[-1].key + "0"  # all keys are equally long: the least that comes after it
        return found[:HITS]

    async def _confirm(self, row: Entity) -> EntityRef | None:
        found = await self._read(str(row.values["entity"]), str(row.values["id"]))
        if found is None or row.partition not in found[1].keys:
            return None
        record = found[1].record
        return EntityRef(entity=record.entity, id=record.id, name=record.name)

    async def _key_rows(self, stored: Stored, keep: Sequence[str]) -> list[Entity]:
        key = digest(stored.record.entity, stored.record.id)
        gone = dict.fromkeys(name for name in (*stored.keys, *stored.former) if name not in keep)
        rows = [await self._table.get(partition, key) for partition in gone]
        return [row for row in rows if row]

    async def _write_keys(self, keys: Iterable[str], record: Record) -> None:
        values = {"entity": record.entity, "id": record.id}
        for partition in keys:
            row = Entity(partition, digest(record.entity, record.id), values)
            await self._table.commit([Op(Write.UPSERT, row)])

    async def _take_away(self, rows: Iterable[Entity]) -> None:
        for row in rows:
            try:
                await self._table.commit([Op(Write.DELETE, row)])
            except Stale:
                continue  # written again meanwhile, by a later put: it is not ours any more


def _row(stored: Stored, etag: str) -> Entity:
    text = stored.json_text().encode()
    if len(text) > LARGEST:
        raise Invalid("the record has too many phone numbers and e-mail addresses")
    return Entity(digest(stored.record.entity, stored.record.id), ROW, {"json": text}, etag)


def _stored(row: Entity) -> Stored:
    text = row.values["json"]
    if not isinstance(text, bytes):
        raise TypeError("a record's row holds no JSON")
    return Stored.model_validate_json(text)
