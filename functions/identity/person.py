"""Who a customer is: an identity at one account, and the identities at others that are one with it.

Of merged identities one is the primary: it knows all its aliases, and each of them names it. What an alias
knows of itself stays its own, so that unmerging has nothing to bring back.
"""

from dataclasses import dataclass

from pydantic import AwareDatetime

from functions.message import EntityRef, Model, digest


class Alias(Model):
    """Another identity of the same customer, and what was last known of it."""

    channel: str
    account: str
    id: str
    name: str = ""
    phone: str = ""
    email: str = ""
    linked: EntityRef | None = None

    @property
    def partition(self) -> str:
        """Where it lies in the identities' table."""
        return digest(self.channel, self.account, self.id)

    def same(self, other: "Alias") -> bool:
        """Tell whether both are of the same identity."""
        return self.partition == other.partition


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
    merged_into: Alias | None = None
    aliases: tuple[Alias, ...] = ()
    created_at: AwareDatetime

    @property
    def partition(self) -> str:
        """Where it lies in the identities' table."""
        return digest(self.channel, self.account, self.id)


@dataclass(frozen=True, slots=True)
class Person:
    """An identity, and the primary that it is merged into, if it is."""

    identity: Identity
    primary: Identity | None = None

    @property
    def linked(self) -> EntityRef | None:
        """The link that was made by hand: the primary's, or else its own, or else any."""
        first = self.primary.linked if self.primary else None
        return first or next((one.linked for one in self.members if one.linked), None)

    @property
    def members(self) -> tuple[Alias, ...]:
        """All identities that are this person; the one who writes comes first."""
        mine = alias_of(self.identity)
        if self.primary is None:
            return (mine, *self.identity.aliases)
        others = (alias_of(self.primary), *self.primary.aliases)
        return (mine, *(one for one in others if not one.same(mine)))


def alias_of(identity: Identity) -> Alias:
    """Give what others remember of an identity."""
    return Alias(
        channel=identity.channel,
        account=identity.account,
        id=identity.id,
        name=identity.name,
        phone=identity.phone,
        email=identity.email,
        linked=identity.linked,
    )
