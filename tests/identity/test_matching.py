"""Matching: one hit links, several are candidates, a link by hand wins."""

import pytest

from functions.configuration.document import Record
from functions.conversations.model import Relation
from functions.identity.matching import Match
from functions.identity.records import Records
from functions.message import EntityRef
from tests.identity.finding import customer, matched

PHONE = "+358401234567"
ANNA = Record(entity="contact", id="c-1", name="Anna", phones=(PHONE,), attributes={"tier": "gold"})
CASE = Record(entity="incident", id="i-1", name="Lasku", customer="contact/c-1")


def links(found: Match) -> list[tuple[str, str, Relation]]:
    return [(link.entity, link.id, link.relation) for link in found.links]


async def test_nobody_matches(records: Records) -> None:
    await records.put(ANNA)
    assert links(await matched(customer(phone="+358409999999", email="x@example.com"), records)) == []
    assert links(await matched(customer(), records)) == []


async def test_one_hit_links_the_customer_and_the_single_active_case(records: Records) -> None:
    for record in (ANNA, CASE, CASE.model_copy(update={"id": "i-0", "active": False})):
        await records.put(record)
    found = await matched(customer(phone=PHONE), records)
    assert links(found) == [("contact", "c-1", Relation.CUSTOMER), ("incident", "i-1", Relation.CASE)]
    assert found.links[0].name == "Anna"
    assert found.attributes == {"tier": "gold"}
    assert found.candidates == ()


async def test_two_active_cases_link_neither(records: Records) -> None:
    for record in (ANNA, CASE, CASE.model_copy(update={"id": "i-2"})):
        await records.put(record)
    assert links(await matched(customer(phone=PHONE), records)) == [("contact", "c-1", Relation.CUSTOMER)]


async def test_several_hits_link_nothing_and_are_candidates(records: Records) -> None:
    await records.put(ANNA)
    await records.put(Record(entity="account", id="a-1", name="Oy Ab", phones=(PHONE,)))
    found = await matched(customer(phone=PHONE), records)
    assert found.links == ()
    assert sorted(ref.entity for ref in found.candidates) == ["account", "contact"]


async def test_phone_and_mail_of_one_record_are_one_hit(records: Records) -> None:
    await records.put(ANNA.model_copy(update={"emails": ("anna@example.com",)}))
    found = await matched(customer(phone=PHONE, email="ANNA@example.com"), records)
    assert links(found) == [("contact", "c-1", Relation.CUSTOMER)]


async def test_phone_and_mail_of_two_records_are_ambiguous(records: Records) -> None:
    await records.put(ANNA)
    await records.put(Record(entity="contact", id="c-2", emails=("b@example.com",)))
    assert len((await matched(customer(phone=PHONE, email="b@example.com"), records)).candidates) == 2


@pytest.mark.parametrize("phone", ["040 123 4567", "MyBank", "12345"])
async def test_a_sender_without_a_country_code_matches_nobody(records: Records, phone: str) -> None:
    await records.put(ANNA)
    assert links(await matched(customer(phone=phone), records)) == []


async def test_a_link_by_hand_wins_over_a_match(records: Records) -> None:
    await records.put(ANNA)
    other = EntityRef(entity="account", id="a-9", name="Elsewhere Oy")
    found = await matched(customer(phone=PHONE, linked=other), records)
    assert links(found) == [("account", "a-9", Relation.CUSTOMER)]
    assert found.links[0].name == "Elsewhere Oy"


async def test_a_link_by_hand_has_its_record_and_case(records: Records) -> None:
    await records.put(ANNA)
    await records.put(CASE)
    found = await matched(customer(linked=EntityRef(entity="contact", id="c-1")), records)
    assert [link.name for link in found.links] == ["Anna", "Lasku"]
    assert found.attributes == {"tier": "gold"}
