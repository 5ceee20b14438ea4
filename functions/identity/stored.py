"""A record as its row keeps it: the next version of it, and what its key rows tell of it. Pure."""

from datetime import datetime
from uuid import uuid4

from functions.configuration.document import Record
from functions.errors import Invalid
from functions.identity.keyrows import Entry, Keyed, Told
from functions.identity.keys import CUSTOMERS, Place, by_place, match_keys
from functions.message import EntityRef, Model, digest
from functions.ports import Entity, Value

LARGEST = 60_000  # bytes of a record with its keys; a property holds 64 KiB
ROW = "record"
LAYOUT = 2  # 1: key rows told of records only that they have the key


class Stored(Model):
    """A record with its keys, as one write left it; `stamp` names the write.

    `taught` are keys that agents gave it by linking; they stay whatever the record's own system says.
    `former` are those that had to be taken away. `open`: key rows may not tell this version yet. `overtook`:
    the version before was open still, so that who wrote it may yet spoil key rows. `gone`: deleted, but for
    its key rows.
    """

    record: Record
    keys: tuple[str, ...] = ()
    taught: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    layout: int = 1
    stamp: str = ""
    open: bool = False
    overtook: bool = False
    gone: bool = False
    updated_at: datetime

    @property
    def ref(self) -> EntityRef:
        """The record itself."""
        return EntityRef(entity=self.record.entity, id=self.record.id, name=self.record.name)

    @property
    def touched(self) -> frozenset[str]:
        """The keys whose rows tell of it, or may still."""
        return frozenset((*self.keys, *self.former))

    @property
    def doubtful(self) -> bool:
        """Tell whether key rows may tell something else of it."""
        return self.open or self.overtook or self.layout < LAYOUT

    @property
    def settled(self) -> "Stored":
        """It, when its key rows tell it; what it overtook is looked at once more by the next write."""
        former = self.former if self.overtook else ()
        return self.model_copy(update={"open": False, "former": former})

    def entry(self, where: Place, cases: Keyed) -> Entry:
        """Give what a key row tells of it: the kinds of its keys there, and what matching asks."""
        kinds = by_place(self.keys).get(where, ())
        return Entry(entity=self.record.entity, id=self.record.id, kinds=kinds, told=self._told(cases))

    def _told(self, cases: Keyed) -> Told | None:
        record, keys = self.record, frozenset(self.keys)
        if record.entity not in CUSTOMERS:
            return Told(name=record.name, attributes=record.attributes, keys=keys)
        single = cases.single()
        if single is None:
            return None
        return Told(name=record.name, attributes=record.attributes, keys=keys, cases=single)


def following(
    before: Stored | None, record: Record, taught: tuple[str, ...] | None, now: datetime
) -> Stored | None:
    """Give the version after a write of this record; None when there is nothing to write.

    `taught` None: they stay.
    """
    there = before if before and not before.gone else None
    if taught is None:
        taught = there.taught if there else ()
    keys = tuple(dict.fromkeys((*match_keys(record), *(taught if record.active else ()))))
    doubtful = before is not None and before.doubtful
    same = there and (there.record, there.keys, there.taught) == (record, keys, taught)
    if same and not doubtful:
        return None
    told = there and (there.record.name, there.record.attributes, there.keys)
    after = Stored(record=record, keys=keys, taught=taught, layout=LAYOUT, updated_at=now)
    if told == (record.name, record.attributes, keys) and not doubtful:
        return after.model_copy(update={"stamp": _stamp()})
    return reopened(before, after)


def reopened(before: Stored | None, after: Stored) -> Stored:
    """Give a version whose key rows are still to be written, in place of the one before."""
    left = before.touched - set(after.keys) if before else frozenset()
    former = tuple(sorted(left))
    opened = bool(after.keys or former)
    overtook = before is not None and before.open
    return after.model_copy(
        update={
            "former": former,
            "layout": LAYOUT,
            "open": opened,
            "overtook": overtook,
            "stamp": _stamp(),
        }
    )


def stored_row(stored: Stored, former: Entity | None) -> Entity:
    """Write a version as the row; raises Invalid when it is too large."""
    text = stored.json_text().encode()
    if len(text) > LARGEST:
        raise Invalid("the record has too many phone numbers and e-mail addresses")
    values: dict[str, Value] = {**(former.values if former else {}), "json": text}
    partition = digest(stored.record.entity, stored.record.id)
    return Entity(partition, ROW, values, former.etag if former else "")


def read_stored(row: Entity | None) -> Stored | None:
    """Read a row's version."""
    text = row.values.get("json") if row else None
    return Stored.model_validate_json(text) if isinstance(text, bytes) else None


def _stamp() -> str:
    return uuid4().hex
