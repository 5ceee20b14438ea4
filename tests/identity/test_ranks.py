"""Ranks: the first with exactly one record links, several are candidates, none leaves it to the next."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from functions.cloud.tables import AzureTable
from functions.configuration.document import Document, Record
from functions.configuration.matching import MatchBy, MatchEntity, MatchRule, matching_problems
from functions.configuration.yaml_text import load
from functions.conversations.listing import bounded
from functions.conversations.model import Relation
from functions.identity.keys import name_key, social_key
from functions.identity.matching import Match, resolved
from functions.identity.ranks import USUAL, Rank, ranks_of
from functions.identity.records import Records
from functions.message import EntityRef
from tests.identity.counting import Counting
from tests.identity.finding import customer, matched

README = Path(__file__).parents[2] / "README.md"
MOBILE, SHARED = "+358401234567", "+358501112222"
ANNA = Record(entity="contact", id="c-1", name="Anna Laine", mobiles=(MOBILE,), business_phones=(SHARED,))
BEN = Record(entity="contact", id="c-2", name="Ben Laine", business_phones=(SHARED,), customer_number="K-7")
SHOP = Record(entity="account", id="a-1", name="Oy Ab", business_phones=(SHARED,), emails=("a@b.fi",))
BY_PHONE, BY_NAME = Rank((MatchBy.PHONE,)), Rank((MatchBy.NAME,))


@pytest.fixture
async def people(records: Records) -> Records:
    for record in (ANNA, BEN, SHOP):
        await records.put(record)
    return records


def linked(found: Match) -> list[str]:
    return [link.id for link in found.links]


def told(found: Match) -> list[tuple[str, int]]:
    return [(one.rank, one.hits) for one in found.ranks]


async def test_the_first_rank_with_one_hit_links_and_the_next_is_not_asked(people: Records) -> None:
    ranks = (Rank((MatchBy.MOBILE,)), Rank((MatchBy.EMAIL,)))
    found = await matched(customer(phone=MOBILE, email="a@b.fi"), people, *ranks)
    assert (linked(found), told(found)) == (["c-1"], [("mobile", 1)])
    assert found.ranks[0].records == (EntityRef(entity="contact", id="c-1"),)


async def test_none_leaves_it_to_the_next(people: Records) -> None:
    ranks = (Rank((MatchBy.MOBILE,)), Rank((MatchBy.EMAIL,)))
    found = await matched(customer(phone=SHARED, email="A@B.fi"), people, *ranks)
    assert (linked(found), told(found)) == (["a-1"], [("mobile", 0), ("email", 1)])


async def test_several_are_candidates_and_the_next_is_not_asked(people: Records) -> None:
    found = await matched(customer(phone=SHARED, email="a@b.fi"), people, BY_PHONE, Rank((MatchBy.EMAIL,)))
    assert (linked(found), told(found)) == ([], [("phone", 3)])
    assert {ref.id for ref in found.candidates} == {"c-1", "c-2", "a-1"}


async def test_the_sort_of_number_and_the_entity_count(people: Records) -> None:
    business = Rank((MatchBy.BUSINESS_PHONE,), MatchEntity.ACCOUNT)
    found = await matched(customer(phone=SHARED), people, business)
    assert (linked(found), told(found)) == (["a-1"], [("businessPhone of accounts", 1)])
    assert linked(await matched(customer(phone=MOBILE), people, Rank((MatchBy.BUSINESS_PHONE,)))) == []
    assert linked(await matched(customer(phone=MOBILE), people, BY_PHONE)) == ["c-1"]


async def test_a_name_together_with_a_shared_number_tells_them_apart(people: Records) -> None:
    both = Rank((MatchBy.PHONE, MatchBy.NAME))
    found = await matched(customer(phone=SHARED, name="  BEN  laine "), people, both)
    assert (linked(found), told(found)) == (["c-2"], [("phone and name", 1)])
    assert told(await matched(customer(phone=SHARED), people, both)) == [("phone and name", 0)]
    assert linked(await matched(customer(phone=MOBILE, name="Ben Laine"), people, both)) == []


async def test_a_name_alone_is_exact_but_for_capitals_and_spaces(people: Records) -> None:
    assert linked(await matched(customer(name="anna  LAINE"), people, BY_NAME)) == ["c-1"]
    assert linked(await matched(customer(name="Anna"), people, BY_NAME)) == []
    assert linked(await matched(customer(), people, BY_NAME)) == []
    assert name_key("Ärje") == name_key("Ärje".lower().replace("ä", "a\u0308"))


async def test_a_customer_number_comes_with_the_conversation_s_context(people: Records) -> None:
    number = Rank((MatchBy.CUSTOMER_NUMBER,))
    assert linked(await matched(customer(), people, number, CustomerNumber=" k-7 ")) == ["c-2"]
    assert linked(await matched(customer(), people, number, OrderNumber="K-7")) == []


async def test_a_social_id_is_that_of_its_channel(people: Records) -> None:
    await people.put(ANNA.model_copy(update={"social_ids": {"telegram": ("4711",), "whatsapp": ("358409",)}}))
    social = Rank((MatchBy.SOCIAL_ID,))
    assert linked(await matched(customer(channel="telegram", id="4711"), people, social)) == ["c-1"]
    assert linked(await matched(customer(channel="line", id="4711"), people, social)) == []


@pytest.mark.parametrize("channel", ["chat", "custom", "records"])
async def test_where_clients_name_themselves_an_id_proves_nothing(people: Records, channel: str) -> None:
    await people.put(ANNA.model_copy(update={"social_ids": {channel: ("4711",)}}))
    found = await matched(customer(channel=channel, id="4711"), people, Rank((MatchBy.SOCIAL_ID,)))
    assert linked(found) == []


def test_a_number_is_one_social_id_however_the_provider_writes_it() -> None:
    assert social_key("whatsapp", "358401234567") == social_key("whatsapp", MOBILE)
    assert social_key("whatsapp", MOBILE) != social_key("sms", MOBILE)
    assert social_key("whatsapp", "FI.13491208655302741918") != social_key("whatsapp", "13491208655302741918")


async def test_a_record_that_is_not_active_stops_matching_even_if_it_was_linked_by_hand(
    people: Records,
) -> None:
    anna = customer(phone=MOBILE, linked=EntityRef(entity="contact", id="c-1"))
    assert told(await matched(anna, people)) == [("linked by hand", 1)]
    await people.put(ANNA.model_copy(update={"active": False}))
    assert linked(await matched(anna, people)) == []
    assert told(await matched(anna, people)) == [("socialId", 0), ("phone or email", 0)]


async def test_the_case_brings_its_attributes(people: Records) -> None:
    case = Record(
        entity="incident", id="i-1", name="Lasku", customer="contact/c-1", attributes={"owner": "mia"}
    )
    await people.put(case)
    found = await matched(customer(phone=MOBILE), people)
    assert [(link.id, link.relation) for link in found.links] == [
        ("c-1", Relation.CUSTOMER),
        ("i-1", Relation.CASE),
    ]
    assert found.case == {"owner": "mia"}
    assert await resolved(EntityRef(entity="contact", id="c-1"), people) == Match(
        found.links, attributes={}, case=found.case
    )


async def test_a_number_of_very_many_is_ambiguous_and_read_in_part(
    table: AzureTable, clock: Callable[[], datetime]
) -> None:
    counting = Counting(table)
    records = Records(counting, clock, lambda: "FI")
    for n in range(40):
        await records.put(BEN.model_copy(update={"id": f"c-{n}", "name": f"N{n}"}))
    counting.reads = 0
    found = await matched(customer(phone=SHARED, name="N39"), records, Rank((MatchBy.PHONE, MatchBy.NAME)))
    assert (linked(found), found.ranks[0].hits) == ([], 2)
    assert counting.reads <= 25


async def test_a_key_row_that_is_full_stays_ambiguous_for_good(records: Records) -> None:
    many = [Record(entity="contact", id=f"{'x' * 900}{n}", phones=(MOBILE,)) for n in range(66)]
    await bounded([partial(records.put, record) for record in many])
    assert (await matched(customer(phone=MOBILE), records, BY_PHONE)).ranks[0].hits == 3
    await bounded([partial(records.delete, "contact", record.id) for record in many])
    await records.put(BEN.model_copy(update={"phones": (MOBILE,)}))
    found = await matched(customer(phone=MOBILE), records, BY_PHONE)
    assert (linked(found), found.ranks[0].hits) == ([], 2)


ANNA_REF = EntityRef(entity="contact", id="c-1", name="Anna Laine")


def test_without_ranks_it_is_the_usual_way_and_with_an_empty_list_no_way() -> None:
    assert ranks_of(None) == USUAL
    assert ranks_of(()) == ()
    assert [rank.label for rank in ranks_of([MatchRule(by=MatchBy.NAME, also=(MatchBy.EMAIL,))])] == [
        "email and name"
    ]


@pytest.mark.parametrize(
    ("rules", "places"),
    [
        ([{"by": "name"}], []),
        ([{"by": "name", "also": ["phone"]}, {"by": "phone"}], []),
        ([{"by": "name", "entity": "contact"}, {"by": "name"}], []),
        ([{"by": "name"}, {"by": "phone"}], ["matching[0]"]),
        ([{"by": "phone", "also": ["phone"]}], ["matching[0].also"]),
        ([{"by": "phone", "also": ["name"]}, {"by": "name", "also": ["phone"]}], ["matching[1]"]),
        ([{"by": "phone"}, {"by": "phone", "entity": "contact"}], []),
        (
            [{"by": "phone", "also": ["name", "email"]}] * 21,
            ["matching", *[f"matching[{n}]" for n in range(1, 21)]],
        ),
    ],
)
def test_faults_of_ranks(rules: list[dict[str, object]], places: list[str]) -> None:
    found = matching_problems([MatchRule.model_validate(rule) for rule in rules])
    assert [problem.path for problem in found] == places


def test_the_readme_s_ranks_are_without_fault() -> None:
    (block,) = re.findall(r"```yaml\n(matching:.*?)```", README.read_text(), re.DOTALL)
    document = Document.model_validate(load(block))
    assert len(document.matching or ()) == 5
    assert list(matching_problems(document.matching or ())) == []
