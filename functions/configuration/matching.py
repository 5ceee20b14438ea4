"""Matching: by what, and in which order, customers are recognised among the contacts and accounts.

matching:
  - by: socialId
  - { by: mobile, entity: contact }
  - { by: phone, also: [name] }
  - by: customerNumber

The first rank that finds exactly one active record links it. One that finds several links nobody, and the
ranks after it are not asked: the several are candidates for the agent.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from pydantic import Field

from functions.configuration.parts import Strict
from functions.configuration.problem import Problem

MOST = 20  # ranks: each is looked up for every conversation that opens


class MatchBy(StrEnum):
    """What is compared. PHONE is any number of the record, of whatever sort."""

    PHONE = "phone"
    MOBILE = "mobile"
    BUSINESS_PHONE = "businessPhone"
    EMAIL = "email"
    SOCIAL_ID = "socialId"  # the provider's id of the customer
    CUSTOMER_NUMBER = "customerNumber"  # `CustomerNumber` of the conversation's context
    NAME = "name"  # exactly, but for capitals and spaces


class MatchEntity(StrEnum):
    """Among which records."""

    CONTACT = "contact"
    ACCOUNT = "account"
    ANY = "any"


class MatchRule(Strict):
    """One rank. With `also` all of them must be those of one record."""

    by: MatchBy
    also: tuple[MatchBy, ...] = Field(default=(), max_length=3)
    entity: MatchEntity = MatchEntity.ANY

    @property
    def all(self) -> tuple[MatchBy, ...]:
        """What is compared; the name last, which says least."""
        return tuple(sorted((self.by, *self.also), key=lambda by: by is MatchBy.NAME))


def matching_problems(rules: Sequence[MatchRule]) -> Iterator[Problem]:
    """List what is wrong with the ranks."""
    if len(rules) > MOST:
        yield Problem(path="matching", reason=f"has over {MOST} ranks")
    seen: list[tuple[frozenset[MatchBy], MatchEntity]] = []
    for place, rule in enumerate(rules):
        rank = (frozenset(rule.all), rule.entity)
        if len(rank[0]) < len(rule.all):
            yield Problem(path=f"matching[{place}].also", reason="names what is compared already")
        if rank in seen:
            yield Problem(path=f"matching[{place}]", reason=f"is the same as matching[{seen.index(rank)}]")
        if rank[0] == {MatchBy.NAME} and any(set(later.all) != {MatchBy.NAME} for later in rules[place:]):
            reason = "a name alone says least: it is the last rank, or it needs `also`"
            yield Problem(path=f"matching[{place}]", reason=reason)
        seen.append(rank)
