"""Identities: one customer at one account, by the provider's id of them.

A row per identity, in a partition of its own, so that no traffic shares one. Beside them, in a partition per
record, which identities remember it as theirs: a hint, read when the record is deleted.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from functions.errors import AlreadyExists, Invalid, NotFound, Stale, Unavailable
from functions.identity.keys import CUSTOMERS
from functions.identity.person import Alias, Identity, Person, alias_of
from functions.identity.phones import normalised
from functions.message import Address, EntityRef, Inbound, Kind, digest
from functions.ports import Entity, Op, Table, Write

__all__ = ["Identities", "Identity", "learn"]

LONGEST = 500  # characters kept of a name, phone, e-mail or locale
TRIES = 8
ROW = "identity"
PAGE = 50  # identities that forget a record side by side

Change = Callable[[Identity | None], Identity]


class Identities:
    """The identities' table. Every method raises Unavailable when it does not answer."""

    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock

    async def get(self, channel: str, account: str, id: str) -> Identity | None:  # noqa: A002 - its name
        """Read one identity; one point read."""
        row = await self._table.get(digest(channel, account, id), ROW)
        return _identity(row) if row else None

    async def person(self, identity: Identity) -> Person:
        """Give who this is, with all that is one with them; one point read when it is merged into another."""
        into = identity.merged_into
        return Person(identity, await self.get(into.channel, into.account, into.id) if into else None)

    async def observe(self, inbound: Inbound) -> Identity:
        """Learn from an item who its sender is: one read, and a write only when something is new.

        What the provider leaves out is kept as it was known. OPT_OUT and OPT_IN set the consent.
        """
        first = Identity(
            channel=inbound.channel,
            account=inbound.account,
            id=inbound.sender.id,
            created_at=self._clock(),
        )
        return await self.change(first.partition, lambda known: learn(known or first, inbound))

    async def link(self, channel: str, account: str, id: str, ref: EntityRef) -> Identity:  # noqa: A002
        """Remember that this customer, with all that is merged, is that contact or account.

        Raises Invalid for another entity, and NotFound when the customer was never seen.
        """
        if ref.entity not in CUSTOMERS:
            raise Invalid("a customer is a contact or an account")
        person = await self.person(await self.seen(channel, account, id))
        home = (person.primary or person.identity).partition
        # First the hint, then what it hints at: so that nothing is remembered that would not be found.
        await self._table.commit([Op(Write.UPSERT, Entity(_linked_to(ref.entity, ref.id), home, {}))])
        return await self._set_link(home, ref)

    async def unlink(self, channel: str, account: str, id: str) -> Identity:  # noqa: A002
        """Forget a remembered link, of all that is merged too; matching decides again. Raises NotFound."""
        person = await self.person(await self.seen(channel, account, id))
        for member in reversed(person.members):
            after = await self._set_link(member.partition, None)
        return after  # its own, for it is the first of the members

    async def forget(self, entity: str, record: str) -> None:
        """Forget a record wherever it is remembered; may be repeated."""

        def change(known: Identity | None) -> Identity:
            if known is None:
                raise NotFound("no such identity")
            linked = known.linked
            mine = linked is not None and (linked.entity, linked.id) == (entity, record)
            return known.model_copy(update={"linked": None}) if mine else known

        async def one(row: Entity) -> None:
            with suppress(NotFound):  # a hint may outlive its customer, who was erased
                await self.change(row.key, change)
            await self._table.commit([Op(Write.DELETE, Entity(row.partition, row.key, {}))])

        while rows := await self._table.range(_linked_to(entity, record), limit=PAGE):
            await asyncio.gather(*map(one, rows))

    async def seen(self, channel: str, account: str, id: str) -> Identity:  # noqa: A002
        """Read an identity; raises NotFound."""
        known = await self.get(channel, account, id)
        if known is None:
            raise NotFound("no such customer was seen at this account")
        return known

    async def change(self, partition: str, change: Change, *beside: Entity) -> Identity:
        """Change an identity although others do; `beside` are rows written with it, if it changes.

        What is new of one that is merged is told to its primary.
        """
        for _ in range(TRIES):
            row = await self._table.get(partition, ROW)
            known = _identity(row) if row else None
            wanted = change(known)
            if wanted == known:
                return wanted
            values = {"json": wanted.json_text().encode()}
            write = Op(
                Write.REPLACE if row else Write.INSERT,
                Entity(partition, ROW, values, row.etag if row else ""),
            )
            try:
                await self._table.commit([write, *(Op(Write.INSERT, entity) for entity in beside)])
            except (AlreadyExists, Stale):
                continue
            if known and wanted.merged_into and alias_of(known) != alias_of(wanted):
                await self._tell(wanted.merged_into, alias_of(wanted))
            return wanted
        raise Unavailable("the identity is changed by too many at once")

    async def beside(self, partition: str, start: str, limit: int) -> list[Entity]:
        """Read the rows beside an identity whose keys begin so."""
        return await self._table.range(partition, start, f"{start}\uffff", limit)

    async def _set_link(self, partition: str, ref: EntityRef | None) -> Identity:
        def change(known: Identity | None) -> Identity:
            if known is None:
                raise NotFound("no such customer was seen at this account")
            return known.model_copy(update={"linked": ref})

        return await self.change(partition, change)

    async def _tell(self, into: Alias, alias: Alias) -> None:
        def change(known: Identity | None) -> Identity:
            if known is None:
                raise NotFound("no such identity")
            # Only what is there: whoever unmerges at this moment shall not be undone.
            told = tuple(alias if alias.same(one) else one for one in known.aliases)
            return known.model_copy(update={"aliases": told})

        await self.change(into.partition, change)


def learn(known: Identity, inbound: Inbound) -> Identity:
    """Give the identity with what this item tells of it."""
    news = {name: value for name, value in _told(inbound.sender).items() if value}
    return known.model_copy(update=news | _consent(known, inbound))


def _told(sender: Address) -> dict[str, str]:
    return {
        "name": sender.name[:LONGEST],
        "phone": normalised(sender.phone[:LONGEST]),
        "email": sender.email[:LONGEST],
        "locale": sender.locale[:LONGEST],
    }


def _consent(known: Identity, inbound: Inbound) -> dict[str, datetime | None]:
    if inbound.kind not in (Kind.OPT_OUT, Kind.OPT_IN):
        return {}
    at = inbound.sent_at or inbound.received_at
    if known.consent_at and at < known.consent_at:
        return {}
    return {"consent_at": at, "opted_out_at": at if inbound.kind is Kind.OPT_OUT else None}


def _linked_to(entity: str, record: str) -> str:
    return f"linked:{digest(entity, record)}"


def _identity(row: Entity) -> Identity:
    text = row.values["json"]
    if not isinstance(text, bytes):
        raise TypeError("an identity's row holds no JSON")
    return Identity.model_validate_json(text)
