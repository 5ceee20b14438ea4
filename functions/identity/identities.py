"""Identities: one customer at one account, by the provider's id of them.

A row per identity, in a partition of its own, so that no traffic shares one.
"""

from collections.abc import Callable
from datetime import datetime

from pydantic import AwareDatetime

from functions.errors import AlreadyExists, Invalid, NotFound, Stale, Unavailable
from functions.identity.keys import CUSTOMERS
from functions.identity.phones import normalised
from functions.message import Address, EntityRef, Inbound, Kind, Model, digest
from functions.ports import Entity, Op, Table, Write

LONGEST = 500  # characters kept of a name, phone, e-mail or locale
TRIES = 8
ROW = "identity"


class Identity(Model):
    """What is known of a customer at an account; `phone` is E.164 where it can be read.

    `consent_at` is the time of the latest opt-out or opt-in, so that an older one that comes late is ignored.
    """

    channel: str
    account: str
    id: str
    name: str = ""
    phone: str = ""
    email: str = ""
    locale: str = ""
    opted_out_at: AwareDatetime | None = None
    consent_at: AwareDatetime | None = None
    linked: EntityRef | None = None  # by hand, remembered for the next conversations
    created_at: AwareDatetime


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
        return await self._change(
            digest(first.channel, first.account, first.id), lambda known: learn(known or first, inbound)
        )

    async def link(self, channel: str, account: str, id: str, ref: EntityRef) -> Identity:  # noqa: A002
        """Remember that this customer is that contact or account.

        Raises Invalid for another entity, and NotFound when the customer was never seen.
        """
        if ref.entity not in CUSTOMERS:
            raise Invalid("a customer is a contact or an account")
        return await self._set_link(digest(channel, account, id), ref)

    async def unlink(self, channel: str, account: str, id: str) -> Identity:  # noqa: A002
        """Forget a remembered link; matching decides again. Raises NotFound as `link`."""
        return await self._set_link(digest(channel, account, id), None)

    async def _set_link(self, partition: str, ref: EntityRef | None) -> Identity:
        def change(known: Identity | None) -> Identity:
            if known is None:
                raise NotFound("no such customer was seen at this account")
            return known.model_copy(update={"linked": ref})

        return await self._change(partition, change)

    async def _change(self, partition: str, change: Change) -> Identity:
        for _ in range(TRIES):
            row = await self._table.get(partition, ROW)
            known = _identity(row) if row else None
            wanted = change(known)
            if wanted == known:
                return wanted
            values = {"json": wanted.json_text().encode()}
            write = Write.REPLACE if row else Write.INSERT
            try:
                await self._table.commit([Op(write, Entity(partition, ROW, values, row.etag if row else ""))])
            except (AlreadyExists, Stale):
                continue
            return wanted
        raise Unavailable("the identity is changed by too many at once")


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


def _identity(row: Entity) -> Identity:
    text = row.values["json"]
    if not isinstance(text, bytes):
        raise TypeError("an identity's row holds no JSON")
    return Identity.model_validate_json(text)
