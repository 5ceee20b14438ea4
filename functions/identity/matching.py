"""Matching: which contact or account a customer is, by phone number and e-mail address.

Exactly one hit is a match. With two or more nobody is linked: a wrong link shows one customer's affairs to
the agent of another. The hits are kept as candidates for the agent to choose from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from functions.conversations.model import Link, Relation
from functions.identity.identities import Identity
from functions.identity.records import Records
from functions.message import EntityRef


@dataclass(frozen=True, slots=True)
class Match:
    """The links of a conversation, or the candidates for one. `attributes` are the customer record's."""

    links: tuple[Link, ...] = ()
    candidates: tuple[EntityRef, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


async def match(identity: Identity, records: Records) -> Match:
    """Find the customer's record and its single active case; a link remembered by hand wins."""
    if identity.linked:
        return await _linked(identity.linked, records)
    hits = await _hits(identity, records)
    if len(hits) == 1:
        return await _linked(hits[0], records)
    return Match(candidates=tuple(hits))


async def _hits(identity: Identity, records: Records) -> list[EntityRef]:
    found: list[EntityRef] = []
    # A number without its country is no number of anybody: a short code, or a sender's name.
    if identity.phone.startswith("+"):
        found += await records.by_key("phone", identity.phone)
    if identity.email:
        found += await records.by_key("email", identity.email)
    return list({(ref.entity, ref.id): ref for ref in found}.values())


async def _linked(customer: EntityRef, records: Records) -> Match:
    record = await records.get(customer.entity, customer.id)
    named = EntityRef(entity=customer.entity, id=customer.id, name=record.name if record else customer.name)
    cases = await records.active_cases(customer)
    links = [_link(named, Relation.CUSTOMER), *_single(cases)]
    return Match(links=tuple(links), attributes=record.attributes if record else {})


def _single(cases: Sequence[EntityRef]) -> list[Link]:
    return [_link(cases[0], Relation.CASE)] if len(cases) == 1 else []


def _link(ref: EntityRef, relation: Relation) -> Link:
    return Link(entity=ref.entity, id=ref.id, name=ref.name, relation=relation)
