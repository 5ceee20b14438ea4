"""Matching: which contact or account a customer is, by the configured ranks.

Exactly one hit is a match. With two or more nobody is linked: a wrong link shows one customer's affairs to
the agent of another. The hits are kept as candidates for the agent to choose from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from functions.conversations.model import Link, RankHits, Relation
from functions.identity.keys import case_key
from functions.identity.lookup import Found, Lookup
from functions.identity.ranks import Clues, Rank
from functions.identity.records import Known, Records
from functions.message import EntityRef

BY_HAND = "linked by hand"
MANY = 2


@dataclass(frozen=True, slots=True)
class Match:
    """The links of a conversation, or the candidates for one, and how each rank came out.

    `attributes` are the customer record's, `case` those of its single active case.
    """

    links: tuple[Link, ...] = ()
    candidates: tuple[EntityRef, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    case: Mapping[str, str] = field(default_factory=dict)
    ranks: tuple[RankHits, ...] = ()


async def match(clues: Clues, records: Records, ranks: Sequence[Rank]) -> Match:
    """Find the customer's record and its single active case; a link remembered by hand wins.

    Costs a point read for each key, for each record that has it, and for its case; none when `ranks` is
    empty and nothing is remembered.
    """
    lookup = Lookup(records)
    tried: list[RankHits] = []
    if (linked := clues.person.linked) and (found := await _remembered(linked, lookup)):
        return await _linked(found, lookup, [RankHits(rank=BY_HAND, hits=1, records=_nameless([found[0]]))])
    for rank in ranks:
        hits = await _hits(rank, clues, lookup)
        tried.append(_told(rank, hits))
        if hits.more or len(hits.records) >= MANY:
            return Match(candidates=tuple(one.ref for one in hits.records), ranks=tuple(tried))
        if hits.records:
            return await _linked((hits.records[0].ref, hits.records[0]), lookup, tried)
    return Match(ranks=tuple(tried))


async def resolved(customer: EntityRef, records: Records) -> Match:
    """Give the links and attributes of a customer who is known already."""
    lookup = Lookup(records)
    found = await _remembered(customer, lookup)
    return await _linked(found, lookup, []) if found else Match()


async def _remembered(linked: EntityRef, lookup: Lookup) -> tuple[EntityRef, Known | None] | None:
    """Give a linked record, also when it is not in the store; None when it is not active any more."""
    known = await lookup.known(linked.entity, linked.id)
    if known is None:
        return linked, None
    return (known.ref, known) if known.active else None


async def _hits(rank: Rank, clues: Clues, lookup: Lookup) -> Found:
    first, rest = (rank.by, ()) if rank.either else (rank.by[:1], rank.by[1:])
    others = [frozenset(clues.keys(by)) for by in rest]
    if not all(others):  # what has to agree is not known of this customer
        return Found()

    def fits(known: Known) -> bool:
        return rank.takes(known.ref.entity) and all(known.keys & keys for keys in others)

    hits = [await lookup.find(key, fits) for by in first for key in clues.keys(by)]
    one = {(known.ref.entity, known.ref.id): known for found in hits for known in found.records}
    return Found(tuple(one.values()), any(found.more for found in hits))


async def _linked(found: tuple[EntityRef, Known | None], lookup: Lookup, tried: Sequence[RankHits]) -> Match:
    customer, known = found
    case = await _single_case(customer, lookup)
    links = [_link(customer, Relation.CUSTOMER), *([_link(case.ref, Relation.CASE)] if case else [])]
    return Match(
        links=tuple(links),
        attributes=known.attributes if known else {},
        case=case.attributes if case else {},
        ranks=tuple(tried),
    )


async def _single_case(customer: EntityRef, lookup: Lookup) -> Known | None:
    cases = await lookup.find(case_key(customer.entity, customer.id), lambda case: case.active)
    return cases.records[0] if len(cases.records) == 1 and not cases.more else None


def _told(rank: Rank, hits: Found) -> RankHits:
    count = max(len(hits.records), MANY if hits.more else 0)
    return RankHits(rank=rank.label, hits=count, records=_nameless(one.ref for one in hits.records))


def _nameless(refs: Iterable[EntityRef]) -> tuple[EntityRef, ...]:
    """A decision is kept for good: it shall not know by name who is deleted one day."""
    return tuple(EntityRef(entity=ref.entity, id=ref.id) for ref in refs)


def _link(ref: EntityRef, relation: Relation) -> Link:
    return Link(entity=ref.entity, id=ref.id, name=ref.name, relation=relation)
