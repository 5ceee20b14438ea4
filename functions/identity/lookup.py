"""Looking up who has a key, for one conversation that opens: nothing is read twice."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from functions.identity.keyrows import Entry, Keyed
from functions.identity.keys import Place, case_key, place
from functions.identity.records import Known, Records

HITS = 3  # of a look-up: more than two say no more than that it is ambiguous
READ = 24  # records of one key that are read to find them; with more, it is ambiguous all the same
Fits = Callable[[Known], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """The records that have a key, at most 3. `more`: there may be others."""

    records: tuple[Known, ...] = ()
    more: bool = False


class Lookup:
    """The look-ups of one conversation."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._keyed: dict[Place, Keyed] = {}
        self._known: dict[tuple[str, str], Known | None] = {}

    async def known(self, entity: str, id: str) -> Known | None:  # noqa: A002 - its name
        """Read a record; None when there is none."""
        name = (entity, id)
        if name not in self._known:
            self._known[name], cases = await self._records.known(entity, id)
            self._keyed[place(case_key(entity, id))] = cases
        return self._known[name]

    async def find(self, key: str, fits: Fits) -> Found:
        """Find the records that list a key and that fit."""
        keyed = await self._holders(key)
        entries, found = keyed.of(key), list[Known]()
        for at in range(0, min(len(entries), READ), HITS):
            few = entries[at : at + HITS]
            read = await asyncio.gather(*map(self._entry, few))
            found += [known for known in read if known and key in known.keys and fits(known)]
            if len(found) >= HITS:
                break
        return Found(tuple(found[:HITS]), keyed.full or len(entries) > READ)

    async def _entry(self, entry: Entry) -> Known | None:
        """Believe what an entry tells of its record; read the record when it tells nothing."""
        told = entry.told
        if told is None:
            return await self.known(entry.entity, entry.id)
        if told.cases is not None:
            self._keyed[place(case_key(entry.entity, entry.id))] = told.cases
        return Known(entry.ref, active=True, keys=told.keys, attributes=told.attributes)

    async def _holders(self, key: str) -> Keyed:
        where = place(key)
        if where not in self._keyed:
            self._keyed[where] = await self._records.holders(key)
        return self._keyed[where]
