"""Merging: two identities are one customer, until somebody says that they are not.

Who did it, and when, is a row beside each of the two, written in the transaction that changes it:

    merge:    alias (names its primary) ── primary (knows its alias)
    unmerge:  alias (names nobody)      ── primary (knows it no more)

After a crash between the two, the same call again does the rest.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from functions.errors import Conflict, Invalid, NotFound
from functions.identity.identities import Identities
from functions.identity.person import Alias, Identity, alias_of
from functions.message import Model
from functions.ports import Entity

MOST = 20  # aliases of an identity
SHOWN = 100  # entries of its history
AUDIT = "audit:"


class Who(Model):
    """An identity by its name."""

    channel: str
    account: str
    id: str


class Did(StrEnum):
    """What somebody did."""

    MERGED = "merged"
    UNMERGED = "unmerged"


class Entry(Model):
    """An entry of an identity's history."""

    at: datetime
    by: str
    did: Did
    primary: Who
    alias: Who


class Merger:
    """Merges and unmerges; every method raises Unavailable when the table does not answer."""

    def __init__(self, identities: Identities, clock: Callable[[], datetime]) -> None:
        self._identities = identities
        self._clock = clock

    async def merge(self, primary: Who, alias: Who, by: str) -> Identity:
        """Make `alias` one with `primary`, or with what that is merged into; give the primary.

        Raises NotFound for who was never seen, Invalid for one and the same, and Conflict when the alias has
        another primary or aliases of its own, or the primary has 20.
        """
        one, other = await self._seen(primary), await self._seen(alias)
        if one.merged_into and not one.merged_into.same(alias_of(other)):
            one = await self._seen(one.merged_into)
        if one.partition == other.partition:
            raise Invalid("an identity cannot be merged with itself")
        if len(one.aliases) >= MOST and not _has(one, other):
            raise Conflict(f"an identity has at most {MOST} aliases")
        _mergeable(one, into=None)
        entry = self._entry(Did.MERGED, one, other, by)

        def named(known: Identity | None) -> Identity:
            known = _mergeable(known or other, one)
            # What it is called there is enough: the rest of it would not be kept up to date.
            address = Alias(channel=one.channel, account=one.account, id=one.id)
            return known.model_copy(update={"merged_into": address})

        after = await self._identities.change(other.partition, named, _row(other.partition, entry))

        def knowing(known: Identity | None) -> Identity:
            known = _mergeable(known or one, None)
            kept = tuple(item for item in known.aliases if not item.same(alias_of(after)))
            return known.model_copy(update={"aliases": (*kept, alias_of(after))})

        return await self._identities.change(one.partition, knowing, _row(one.partition, entry))

    async def unmerge(self, one: Who, other: Who, by: str) -> Identity:
        """Part two identities, whichever of them was the primary; give that.

        The alias is as it would be had it never been merged. Raises NotFound when they are not merged.
        """
        primary, alias = await self._seen(one), await self._seen(other)
        if primary.merged_into and primary.merged_into.same(alias_of(alias)):
            primary, alias = alias, primary
        named = alias.merged_into is not None and alias.merged_into.same(alias_of(primary))
        if not named and not _has(primary, alias):
            raise NotFound("these two are not merged")
        entry = self._entry(Did.UNMERGED, primary, alias, by)

        def nameless(known: Identity | None) -> Identity:
            return (known or alias).model_copy(update={"merged_into": None})

        def forgetting(known: Identity | None) -> Identity:
            known = known or primary
            kept = tuple(item for item in known.aliases if not item.same(alias_of(alias)))
            return known.model_copy(update={"aliases": kept})

        if named:
            await self._identities.change(alias.partition, nameless, _row(alias.partition, entry))
        return await self._identities.change(primary.partition, forgetting, _row(primary.partition, entry))

    async def history(self, identity: Identity) -> tuple[Entry, ...]:
        """Give who merged and unmerged it, the latest last; at most 100 entries."""
        rows = await self._identities.beside(identity.partition, AUDIT, SHOWN)
        texts = [row.values["json"] for row in rows]
        return tuple(Entry.model_validate_json(text) for text in texts if isinstance(text, bytes))

    async def _seen(self, who: Who | Alias) -> Identity:
        return await self._identities.seen(who.channel, who.account, who.id)

    def _entry(self, did: Did, primary: Identity, alias: Identity, by: str) -> Entry:
        return Entry(at=self._clock(), by=by, did=did, primary=_who(primary), alias=_who(alias))


def _mergeable(known: Identity, into: Identity | None) -> Identity:
    """Give an identity that may be merged into another, or be a primary (into nobody)."""
    if known.merged_into and not (into and known.merged_into.same(alias_of(into))):
        raise Conflict("it is merged with another already: unmerge it first")
    if into and known.aliases:
        raise Conflict("it has aliases of its own: merge the other into it, or unmerge them first")
    return known


def _has(primary: Identity, alias: Identity) -> bool:
    return any(one.same(alias_of(alias)) for one in primary.aliases)


def _who(identity: Identity) -> Who:
    return Who(channel=identity.channel, account=identity.account, id=identity.id)


def _row(partition: str, entry: Entry) -> Entity:
    # A name of its own for each try: whoever did something twice is told of twice.
    key = f"{AUDIT}{entry.at.isoformat()}:{uuid4().hex}"
    return Entity(partition, key, {"json": entry.json_text().encode()})
