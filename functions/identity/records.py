"""Records: what business records customers are recognised by, found by their match keys (see `keys`).

A record is one row; who has a key is another row, which several records may share, and which tells of each of
them what matching asks, so that it is all that a message reads:

    put:   read the record ── write it, open ── bring its key rows up to date ── close it (ETag)
    crash:                                  └─ it is open: whoever writes it next brings them

A customer's cases are listed in the customer's own row, and its key rows tell of its single active case: who
writes a case opens its customer too. Who finds the record changed by another when he closes it brings his key
rows to what that one says, and who overtook somebody has them brought once more by the write after his own.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.configuration.document import Record
from functions.errors import Invalid, Stale
from functions.identity.keyrows import Entry, Keyed, KeyRows, again, keyed_values, read_keyed
from functions.identity.keys import CASES, CUSTOMERS, Place, by_place, case_key, customer_of, place
from functions.identity.phones import normalised
from functions.identity.stored import (
    LARGEST,
    ROW,
    Stored,
    following,
    read_stored,
    reopened,
    stored_row,
)
from functions.message import EntityRef, digest
from functions.ports import Entity, Op, Table, Value, Write

TAUGHT = 100  # social ids that a record is taught by hand; the latest stay
Gone = Callable[[str, str], Awaitable[None]]


async def _nowhere(entity: str, id: str) -> None:  # noqa: A002 - its name
    """Unlink nothing."""


@dataclass(frozen=True, slots=True)
class Known:
    """What matching asks of a record: also the keys that it lists."""

    ref: EntityRef
    active: bool
    keys: frozenset[str]
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Read:
    row: Entity | None
    stored: Stored | None  # also one that is gone
    cases: Keyed

    @property
    def there(self) -> Stored | None:
        return None if self.stored and self.stored.gone else self.stored


class Records:
    """The records' table. Every method raises Unavailable when it does not answer.

    `default_region` gives the region of phone numbers without a country code; `gone` unlinks a record that
    is deleted from wherever it is linked.
    """

    def __init__(
        self,
        table: Table,
        clock: Callable[[], datetime],
        default_region: Callable[[], str],
        gone: Gone = _nowhere,
    ) -> None:
        self._table = table
        self._rows = KeyRows(table)
        self._clock = clock
        self._region = default_region
        self._gone = gone

    async def put(self, record: Record) -> Record:
        """Write a record with its match keys in place of its former version; give it as it is kept.

        Phone numbers become E.164; what cannot be read is kept as it is and matches nobody. The same record
        once more costs one read. Raises Invalid without an id, for a customer that is not `contact/ID` or
        `account/ID`, or over 60,000 bytes.
        """
        kept = self._checked(record)
        await again(lambda: self._put(kept, None))
        return kept

    async def get(self, entity: str, id: str) -> Record | None:  # noqa: A002 - its name
        """Read one record, active or not."""
        stored = (await self._read(entity, id)).there
        return stored.record if stored else None

    async def known(self, entity: str, id: str) -> tuple[Known | None, Keyed]:  # noqa: A002
        """Read what matching asks of a record, and who may be its active cases; one point read."""
        read = await self._read(entity, id)
        if (stored := read.there) is None:
            return None, read.cases
        record, keys = stored.record, frozenset(stored.keys)
        return Known(stored.ref, record.active, keys, record.attributes), read.cases

    async def holders(self, key: str) -> Keyed:
        """Read who may have the key, and all others of its place; one point read."""
        return await self._rows.read(place(key))

    async def delete(self, entity: str, id: str) -> None:  # noqa: A002
        """Forget a record with its keys, and unlink it everywhere; one that is not there is well."""
        await again(lambda: self._remove(entity, id))
        await self._gone(entity, id)

    async def teach(self, ref: EntityRef, key: str) -> None:
        """Let a contact or account be found by this key for good; no other record is any more.

        A record that is not here learns nothing.
        """
        for other in (await self.holders(key)).of(key):
            if (other.entity, other.id) != (ref.entity, ref.id):
                await self.unteach(other.ref, key)
        await self._teach(ref, lambda taught: (*(one for one in taught if one != key), key)[-TAUGHT:])

    async def unteach(self, ref: EntityRef, key: str) -> None:
        """Take a taught key away; one that the record's own system told stays."""
        await self._teach(ref, lambda taught: tuple(one for one in taught if one != key))

    async def _teach(self, ref: EntityRef, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        async def attempt() -> None:
            stored = (await self._read(ref.entity, ref.id)).there
            if stored and stored.record.entity in CUSTOMERS and change(stored.taught) != stored.taught:
                await self._put(stored.record, change(stored.taught))

        await again(attempt)

    def _checked(self, record: Record) -> Record:
        if not record.id:
            raise Invalid("a record needs an id")
        if record.customer and not customer_of(record):
            raise Invalid("the customer of a record is written contact/ID or account/ID")
        if len(record.json_text().encode()) > LARGEST // 2:
            raise Invalid(f"the record is over {LARGEST // 2} bytes")
        numbers = {
            name: tuple(normalised(number, self._region()) for number in getattr(record, name))
            for name in ("phones", "mobiles", "business_phones")
        }
        return record.model_copy(update=numbers)

    async def _put(self, record: Record, taught: tuple[str, ...] | None) -> None:
        read = await self._read(record.entity, record.id)
        after = following(read.stored, record, taught, self._clock())
        if after is None:
            return
        await self._table.commit(
            [Op(Write.REPLACE if read.row else Write.INSERT, stored_row(after, read.row))]
        )
        await self._settle(after, new=read.stored is None)

    async def _remove(self, entity: str, id: str) -> None:  # noqa: A002
        read = await self._read(entity, id)
        if read.row is None or read.stored is None:
            return
        record = read.stored.record
        after = reopened(read.stored, Stored(record=record, gone=True, updated_at=self._clock()))
        await self._table.commit([Op(Write.REPLACE, stored_row(after, read.row))])
        await self._settle(after)

    async def _settle(self, mine: Stored, *, new: bool = False) -> None:
        """Bring the key rows of a version that was written, and close it; `new`: they told nothing of it."""
        if mine.open or mine.gone:
            places = by_place(mine.touched)
            await again(lambda: self._bring(mine, places, new))

    async def _bring(self, mine: Stored, places: Mapping[Place, object], new: bool) -> None:
        read = await self._read(mine.record.entity, mine.record.id)
        # Whoever wrote it since says what holds; where it is gone, nothing does.
        holds = read.stored or mine.model_copy(update={"keys": (), "gone": True})
        for where in places:
            entry = holds.entry(where, read.cases)
            if where.column == CASES:
                await self._bring_case(where, entry)
            else:
                await self._rows.bring(where, entry, new=new)
        if read.stored and holds.stamp == mine.stamp:
            await self._close(read.row, holds)
        elif _stamp((await self._read(mine.record.entity, mine.record.id)).stored) != _stamp(read.stored):
            raise Stale("the record was written meanwhile")

    async def _close(self, row: Entity | None, stored: Stored) -> None:
        entity = stored_row(stored.settled, row)
        if stored.gone:  # a customer's cases are known by its row too, and may outlive it
            values = {name: value for name, value in entity.values.items() if name != "json"}
            entity = Entity(entity.partition, entity.key, values, entity.etag)
        await self._table.commit([Op(Write.REPLACE if entity.values else Write.DELETE, entity)])

    async def _bring_case(self, where: Place, entry: Entry) -> None:
        """List a case in its customer's row, and have the customer's key rows tell of it."""
        row = await self._table.get(where.partition, where.row)
        before, customer = read_keyed(row, where), read_stored(row)
        after = before.with_entry(entry)
        news = before.single() != after.single()
        opens = customer is not None and not customer.gone and (news or customer.doubtful)
        if after == before and not opens:
            return
        values: dict[str, Value] = {**keyed_values(row, where, after)}
        opened = reopened(customer, customer) if customer and opens else None
        entity = Entity(where.partition, where.row, values, row.etag if row else "")
        if opened:
            entity = stored_row(opened, entity)
        write = Write.REPLACE if row else Write.INSERT
        await self._table.commit([Op(write if values else Write.DELETE, entity)])
        if opened:
            await self._settle(opened)

    async def _read(self, entity: str, id: str) -> _Read:  # noqa: A002
        row = await self._table.get(digest(entity, id), ROW)
        return _Read(row, read_stored(row), read_keyed(row, place(case_key(entity, id))))


def _stamp(stored: Stored | None) -> str:
    return stored.stamp if stored else ""
