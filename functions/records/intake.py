"""Intake: whether a record that changed becomes somebody's work, and on which workstream. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from functions.channels.records.change import RecordChange, RecordValue
from functions.configuration.document import Record
from functions.configuration.live import Live
from functions.conversations.model import Customer, Link, Relation
from functions.conversations.opening import Opening
from functions.identity.identities import Identity
from functions.identity.keys import CASE, CUSTOMERS
from functions.identity.matching import Match
from functions.message import Inbound
from functions.records.row import ITEM, Row
from functions.routing.facts import LONGEST, Facts


@dataclass(frozen=True, slots=True)
class Matter:
    """A change, the row after it, what it is to the record store, and the record of its customer."""

    change: RecordChange
    row: Row
    record: Record
    customer: Record | None
    columns: tuple[str, ...]  # that are news


def opening(live: Live, item: Inbound, matter: Matter, now: datetime) -> Opening | None:
    """Decide by the intake rules; None when the record is nobody's work."""
    match = Match(
        _links(matter),
        attributes=matter.customer.attributes if matter.customer else {},
        case=matter.record.attributes if matter.record.entity == CASE else {},
    )
    identity = _identity(item, matter, now)
    facts = Facts.of(item, identity, match, now)
    told = {f"record.{name}": text[:LONGEST] for name, text in _fields(matter) if text}
    decision = live.rulebook.take_in(replace(facts, fields={**facts.fields, **told}))
    if decision is None:
        return None
    return Opening(
        customer=Customer(id=identity.id, name=identity.name, phone=identity.phone, email=identity.email),
        workstream=decision.workstream,
        agent_queue=decision.agent_queue,
        decision=decision,
        links=match.links,
        context={"record": item.thread, "recordName": matter.record.name},
        renews_customer=customer_changed(matter, live),
    )


def customer_changed(matter: Matter, live: Live) -> bool:
    """Tell whether the record has come to be another customer's."""
    return any(column in matter.columns for column in live.document.record_table(matter.row.entity).customer)


def _identity(item: Inbound, matter: Matter, now: datetime) -> Identity:
    """Give the record's customer as if he had written; a record without one stands for itself."""
    who = matter.customer
    return Identity(
        channel=item.channel,
        account=item.account,
        id=f"{who.entity}/{who.id}" if who else item.thread,
        name=who.name if who else "",
        phone=next(iter((*who.mobiles, *who.business_phones, *who.phones)), "") if who else "",
        email=next(iter(who.emails), "") if who else "",
        created_at=now,
    )


def _links(matter: Matter) -> tuple[Link, ...]:
    own = matter.record
    found = [_link(own, _relation(own.entity))]
    if matter.customer and matter.customer is not own:
        found.append(_link(matter.customer, Relation.CUSTOMER))
    return tuple(found)


def _relation(entity: str) -> Relation:
    if entity in CUSTOMERS:
        return Relation.CUSTOMER
    return Relation.CASE if entity == CASE else Relation.REGARDING


def _link(record: Record, relation: Relation) -> Link:
    return Link(entity=record.entity, id=record.id, name=record.name, relation=relation)


def _fields(matter: Matter) -> Iterator[tuple[str, str]]:
    columns = {name: cell.value for name, cell in matter.row.cells.items() if not name.startswith(ITEM)}
    told = {name: value for name, value in matter.change.attributes.items() if not name.startswith(ITEM)}
    yield from _values({**told, **columns})
    yield "entity", matter.row.entity
    yield "id", matter.row.id
    yield "name", matter.record.name
    yield "message", matter.change.message
    yield "changed", " ".join(matter.columns)


def _values(columns: Mapping[str, RecordValue]) -> Iterator[tuple[str, str]]:
    for column, found in columns.items():
        yield column, found.value
        yield f"{column}.name", found.name
        yield f"{column}.entity", found.entity
