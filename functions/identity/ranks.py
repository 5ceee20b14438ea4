"""The ranks by which a customer is recognised, and what each of them looks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.configuration.matching import MatchBy, MatchEntity, MatchRule
from functions.identity.keys import (
    BUSINESS,
    MOBILE,
    PHONE,
    email_key,
    name_key,
    number_key,
    phone_key,
    social_key,
)
from functions.identity.person import Person

NUMBER_NAMES = frozenset({"customernumber", "customer_number"})  # in context, whatever its capitals
KINDS = {MatchBy.PHONE: PHONE, MatchBy.MOBILE: MOBILE, MatchBy.BUSINESS_PHONE: BUSINESS}


@dataclass(frozen=True, slots=True)
class Rank:
    """What is compared, all of it of one record; or, with `either`, any of it of any."""

    by: tuple[MatchBy, ...]
    entity: MatchEntity = MatchEntity.ANY
    either: bool = False

    @property
    def label(self) -> str:
        """Name it for people, such as `mobile and name of a contact`."""
        what = (" or " if self.either else " and ").join(self.by)
        return what if self.entity is MatchEntity.ANY else f"{what} of {self.entity.value}s"

    def takes(self, entity: str) -> bool:
        """Tell whether records of this entity count."""
        return self.entity is MatchEntity.ANY or entity == self.entity


# What was told by hand; then who has the number or the address, and nobody if these are of two records.
USUAL = (Rank((MatchBy.SOCIAL_ID,)), Rank((MatchBy.PHONE, MatchBy.EMAIL), either=True))


def ranks_of(rules: Sequence[MatchRule] | None) -> tuple[Rank, ...]:
    """Give the ranks of a configuration; the usual ones when it has none, and no rank for an empty list."""
    return USUAL if rules is None else tuple(Rank(rule.all, rule.entity) for rule in rules)


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known of a person, and of what the conversation opens with."""

    person: Person
    context: Mapping[str, str]

    def keys(self, by: MatchBy) -> tuple[str, ...]:
        """List the match keys that records would have."""
        members = self.person.members
        found: list[str | None] = []
        if by in KINDS:
            # A number without its country is no number of anybody: a short code, or a sender's name.
            numbers = [one.phone for one in members if one.phone.startswith("+")]
            found += [phone_key(number, kind=KINDS[by]) for number in numbers]
        elif by is MatchBy.EMAIL:
            found += [email_key(one.email) for one in members]
        elif by is MatchBy.SOCIAL_ID:
            found += [social_key(one.channel, one.id) for one in members]
        elif by is MatchBy.NAME:
            found += [name_key(one.name) for one in members]
        else:
            names = ((name.rpartition(".")[2].casefold(), text) for name, text in self.context.items())
            told = (text for name, text in names if name in NUMBER_NAMES)
            found += map(number_key, told)
        return tuple(dict.fromkeys(key for key in found if key))
