"""What agents teach by linking: a customer's id at a channel finds the record at every account."""

import pytest

from functions.configuration.document import Record
from functions.configuration.matching import MatchBy
from functions.identity.keys import social_key
from functions.identity.ranks import Rank
from functions.identity.records import TAUGHT, Records
from functions.message import EntityRef
from tests.identity.finding import customer, matched

ANNA = Record(entity="contact", id="c-1", name="Anna", phones=("+358401234567",))
BEN = Record(entity="contact", id="c-2", name="Ben")
SOCIAL = Rank((MatchBy.SOCIAL_ID,))
KEY = social_key("telegram", "4711") or ""


def ref(record: Record) -> EntityRef:
    return EntityRef(entity=record.entity, id=record.id)


async def who(records: Records) -> list[str]:
    found = await matched(customer(channel="telegram", account="another", id="4711"), records, SOCIAL)
    return [link.id for link in found.links]


async def test_a_taught_id_finds_the_record_and_is_forgotten(records: Records) -> None:
    await records.put(ANNA)
    assert await who(records) == []
    await records.teach(ref(ANNA), KEY)
    await records.teach(ref(ANNA), KEY)
    assert await who(records) == ["c-1"]
    await records.unteach(ref(ANNA), KEY)
    assert await who(records) == []


async def test_it_outlives_what_the_record_s_own_system_says(records: Records) -> None:
    await records.put(ANNA)
    await records.teach(ref(ANNA), KEY)
    await records.put(ANNA.model_copy(update={"phones": (), "name": "Anna Laine"}))
    assert await who(records) == ["c-1"]
    await records.put(ANNA.model_copy(update={"active": False}))
    assert await who(records) == []
    await records.put(ANNA)
    assert await who(records) == ["c-1"]


async def test_the_last_hand_counts(records: Records) -> None:
    for record in (ANNA, BEN):
        await records.put(record)
        await records.teach(ref(record), KEY)
    assert await who(records) == ["c-2"]


async def test_what_the_own_system_told_is_not_taken_away_by_hand(records: Records) -> None:
    await records.put(ANNA.model_copy(update={"social_ids": {"telegram": ("4711",)}}))
    await records.teach(ref(ANNA), KEY)
    await records.unteach(ref(ANNA), KEY)
    assert await who(records) == ["c-1"]


@pytest.mark.parametrize("entity", ["contact", "incident"])
async def test_who_is_not_here_or_is_no_customer_learns_nothing(records: Records, entity: str) -> None:
    if entity == "incident":
        await records.put(Record(entity=entity, id="c-1"))
    await records.teach(EntityRef(entity=entity, id="c-1"), KEY)
    assert await who(records) == []


async def test_a_deleted_record_takes_what_it_learned_along(records: Records) -> None:
    await records.put(ANNA)
    await records.teach(ref(ANNA), KEY)
    await records.delete("contact", "c-1")
    await records.put(ANNA)
    assert await who(records) == []


async def test_only_the_latest_of_very_many_are_kept(records: Records) -> None:
    await records.put(ANNA)
    await records.teach(ref(ANNA), KEY)
    others = [social_key("line", f"U{number}") or "" for number in range(TAUGHT)]
    # All but one of them in one step: each step brings the rows of all that are known.
    await records._teach(ref(ANNA), lambda taught: (*taught, *others[:-1]))
    assert await who(records) == ["c-1"]
    await records.teach(ref(ANNA), others[-1])
    assert await who(records) == []
    known, _ = await records.known("contact", "c-1")
    assert known
    assert known.keys >= set(others)
