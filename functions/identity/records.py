"""Records: what business records customers are recognised by, found by their match keys (see `keys`).

A record is one row; who has a key is another row, which several records may share:

    put:   read the record ── add it to its new key rows ── replace it (ETag) ── take it from the old ones
    crash:                └─ an entry that no record confirms ─┘              └─ the same

The record's row lists its keys, and a look-up believes an entry only if its record lists the key. So a crash
leaves at most an entry that nobody believes. The record also remembers which keys had to be taken away, and
the next put takes away what is left of them.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from functions.configuration.document import Record
from functions.errors import Invalid
from functions.identity.keyrows import Keyed, KeyRows, again, read_keyed
from functions.identity.keys import CUSTOMERS, case_key, customer_of, match_keys, place
from functions.identity.phones import normalised
from functions.message import EntityRef, Model, digest
from functions.ports import Entity, Op, Table, Write

LARGEST = 60_000  # bytes of a record with its keys; a property holds 64 KiB
TAUGHT = 100  # social ids that a record is taught by hand; the latest stay
ROW = "record"
Gone = Callable[[str, str], Awaitable[None]]


async def _nowhere(entity: str, id: str) -> None:  # noqa: A002 - its name
    """Unlink nothing."""


class Stored(Model):
    """A record as its row keeps it, with its keys. `former` are those that had to be taken away.

    `taught` are keys that agents gave it by linking; they stay whatever the record's own system says.
    """

    record: Record
    keys: tuple[str, ...] = ()
    taught: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A record as it was read: the keys that it lists, and who may be its active cases."""

    record: Record
    keys: frozenset[str]
    cases: Keyed

    @property
    def ref(self) -> EntityRef:
        """The record itself."""
        return EntityRef(entity=self.record.entity, id=self.record.id, name=self.record.name)


@dataclass(frozen=True, slots=True)
class _Read:
    row: Entity | None
    stored: Stored | None


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
        stored = (await self._read(entity, id)).stored
        return stored.record if stored else None

    async def known(self, entity: str, id: str) -> Known | None:  # noqa: A002
        """Read one record with all that matching asks of it; one point read."""
        read = await self._read(entity, id)
        if read.stored is None:
            return None
        cases = read_keyed(read.row, place(case_key(entity, id)))
        return Known(read.stored.record, frozenset(read.stored.keys), cases)

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
                await self.unteach(EntityRef(entity=other.entity, id=other.id), key)
        await self._teach(ref, lambda taught: (*(one for one in taught if one != key), key)[-TAUGHT:])

    async def unteach(self, ref: EntityRef, key: str) -> None:
        """Take a taught key away; one that the record's own system told stays."""
        await self._teach(ref, lambda taught: tuple(one for one in taught if one != key))

    async def _teach(self, ref: EntityRef, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        async def attempt() -> None:
            stored = (await self._read(ref.entity, ref.id)).stored
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
        former = read.stored or Stored(record=record, updated_at=self._clock())
        taught = former.taught if taught is None else taught
        keys = tuple(dict.fromkeys((*match_keys(record), *(taught if record.active else ()))))
        ref = EntityRef(entity=record.entity, id=record.id)
        left = await self._rows.held(ref, (key for key in former.former if key not in keys))
        gone = (*(key for key in former.keys if key not in keys), *sorted(left))
        stored = Stored(record=record, keys=keys, taught=taught, former=gone, updated_at=self._clock())
        if read.stored and not gone and _same(former, stored):
            return
        row = _row(stored, read.row)  # refuses what is too large before anything is written
        await self._rows.add(ref, (key for key in keys if key not in former.keys))
        await self._table.commit([Op(Write.REPLACE if read.row else Write.INSERT, row)])
        await self._take_away(ref, gone)

    async def _remove(self, entity: str, id: str) -> None:  # noqa: A002
        read = await self._read(entity, id)
        if read.row is None or read.stored is None:
            return
        # A customer's cases are known by its row too, and may outlive it.
        values = {name: value for name, value in read.row.values.items() if name != "json"}
        row = Entity(read.row.partition, read.row.key, values, read.row.etag)
        await self._table.commit([Op(Write.REPLACE if values else Write.DELETE, row)])
        await self._take_away(EntityRef(entity=entity, id=id), (*read.stored.keys, *read.stored.former))

    async def _take_away(self, ref: EntityRef, keys: Iterable[str]) -> None:
        async def listed() -> frozenset[str]:
            stored = (await self._read(ref.entity, ref.id)).stored
            return frozenset(stored.keys if stored else ())

        await self._rows.drop(ref, keys, listed)

    async def _read(self, entity: str, id: str) -> _Read:  # noqa: A002
        row = await self._table.get(digest(entity, id), ROW)
        text = row.values.get("json") if row else None
        return _Read(row, Stored.model_validate_json(text) if isinstance(text, bytes) else None)


def _same(one: Stored, other: Stored) -> bool:
    return (one.record, one.keys, one.taught) == (other.record, other.keys, other.taught)


def _row(stored: Stored, former: Entity | None) -> Entity:
    text = stored.json_text().encode()
    if len(text) > LARGEST:
        raise Invalid("the record has too many phone numbers and e-mail addresses")
    values = {**(former.values if former else {}), "json": text}
    return Entity(digest(stored.record.entity, stored.record.id), ROW, values, former.etag if former else "")
