"""Records: found by their keys, replaced whole, and never believed half written."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from functions.cloud.tables import AzureTable
from functions.configuration.document import Record
from functions.errors import Invalid
from functions.identity.keys import MOBILE, PHONE, phone_key, place
from functions.identity.records import Records
from functions.message import EntityRef, digest
from functions.ports import Entity
from tests.identity.counting import Counting
from tests.identity.finding import active_cases, by_email, by_phone, holders

ANNA = Record(entity="contact", id="c-1", name="Anna", phones=("040 123 4567",), emails=("Anna@Example.com",))
NUMBER = "+358401234567"


def refs(found: list[EntityRef]) -> list[tuple[str, str]]:
    return sorted((ref.entity, ref.id) for ref in found)


async def test_a_record_is_found_by_phone_and_mail(records: Records) -> None:
    kept = await records.put(ANNA)
    assert kept.phones == (NUMBER,)
    assert await records.get("contact", "c-1") == kept
    assert await by_phone(records, "(040) 1234567") == [EntityRef(entity="contact", id="c-1", name="Anna")]
    assert refs(await by_email(records, " anna@EXAMPLE.com")) == [("contact", "c-1")]
    assert await by_phone(records, "+358401234568") == []


async def test_what_is_no_number_is_kept_and_matches_nobody(records: Records) -> None:
    kept = await records.put(ANNA.model_copy(update={"phones": ("ask the office", " "), "emails": ("", " ")}))
    assert kept.phones == ("ask the office", " ")
    assert await by_phone(records, "ask the office") == []
    assert await by_email(records, "") == []


@pytest.mark.parametrize("change", [{"active": False}, {"entity": "lead"}, {"phones": (), "emails": ()}])
async def test_who_does_not_match(records: Records, change: dict[str, object]) -> None:
    await records.put(ANNA.model_copy(update=change))
    assert await by_phone(records, NUMBER) == []
    assert await by_email(records, "anna@example.com") == []


async def test_a_new_version_loses_the_old_keys(records: Records, table: AzureTable) -> None:
    await records.put(ANNA)
    await records.put(ANNA.model_copy(update={"phones": ("+358401112222",)}))
    assert await by_phone(records, NUMBER) == []
    assert refs(await by_phone(records, "+358401112222")) == [("contact", "c-1")]


async def test_at_most_three_are_told(records: Records) -> None:
    for n in range(5):
        await records.put(ANNA.model_copy(update={"id": f"c-{n}"}))
    assert len(await by_phone(records, NUMBER)) == 3


async def test_a_deleted_record_is_gone(records: Records) -> None:
    await records.put(ANNA)
    await records.delete("contact", "c-1")
    await records.delete("contact", "c-1")
    assert await records.get("contact", "c-1") is None
    assert await by_phone(records, NUMBER) == []


async def test_active_cases_of_a_customer(records: Records) -> None:
    case = Record(entity="incident", id="1", name="Lasku", customer="contact/c-1")
    await records.put(case)
    await records.put(case.model_copy(update={"id": "2", "active": False}))
    await records.put(case.model_copy(update={"id": "3", "customer": "contact/c-2"}))
    await records.put(case.model_copy(update={"id": "4", "entity": "quote"}))
    assert refs(await active_cases(records, "contact", "c-1")) == [("incident", "1")]
    await records.put(case.model_copy(update={"active": False}))
    assert await active_cases(records, "contact", "c-1") == []


async def test_ids_may_hold_any_character(records: Records) -> None:
    odd = ANNA.model_copy(update={"id": "a/b\\c#d?e%f'ä\t"})
    await records.put(odd)
    assert [ref.id for ref in await by_phone(records, NUMBER)] == [odd.id]


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"customer": "c-1"},
        {"customer": "lead/1"},
        {"attributes": {"a": "x" * 40_000}},
        {"emails": tuple(f"{n}@a" for n in range(3000))},
    ],
)
async def test_what_cannot_be_kept_is_refused(records: Records, change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        await records.put(ANNA.model_copy(update=change))


async def test_racing_puts_leave_one_whole_version(records: Records) -> None:
    numbers = [f"+35840111220{n}" for n in range(6)]
    await asyncio.gather(*(records.put(ANNA.model_copy(update={"phones": (n,)})) for n in numbers))
    kept = await records.get("contact", "c-1")
    assert kept is not None
    for number in numbers:
        assert bool(await by_phone(records, number)) == (number in kept.phones)


async def test_racing_puts_that_give_and_take_the_same_keys_leave_what_the_last_one_says(
    records: Records,
) -> None:
    versions = [
        ANNA.model_copy(update={"phones": (n,), "mobiles": (n,) * (turn % 2)})
        for turn in range(3)
        for n in (NUMBER, "+358401112222")
    ]
    for _ in range(3):
        await asyncio.gather(*map(records.put, versions))
        known, _ = await records.known("contact", "c-1")
        assert known
        for number in (NUMBER, "+358401112222"):
            for kind in (PHONE, MOBILE):
                key = phone_key(number, kind=kind) or ""
                assert bool(await holders(records, key)) == (key in known.keys), (number, kind)


async def test_many_who_share_a_key_come_and_go_at_once(records: Records) -> None:
    family = [ANNA.model_copy(update={"id": f"c-{n}"}) for n in range(8)]
    await asyncio.gather(*map(records.put, family))
    going = [one.model_copy(update={"phones": ()}) for one in family[:3]]
    await asyncio.gather(
        *map(records.put, going), *(records.delete("contact", one.id) for one in family[3:6])
    )
    assert refs(await by_phone(records, NUMBER)) == [("contact", "c-6"), ("contact", "c-7")]
    keyed = await records.holders(phone_key(NUMBER) or "")
    assert sorted(entry.id for entry in keyed.entries) == ["c-6", "c-7"]


async def test_the_same_record_once_more_costs_one_read(
    table: AzureTable, clock: Callable[[], datetime]
) -> None:
    counting = Counting(table)
    records = Records(counting, clock, lambda: "FI")
    await records.put(ANNA)
    counting.reads, commits = 0, counting.commits
    await records.put(ANNA)
    assert (counting.reads, counting.commits - commits) == (1, 0)


async def test_a_customer_s_cases_outlive_the_customer_s_record(records: Records) -> None:
    case = Record(entity="incident", id="1", customer="contact/c-1")
    await records.put(case)
    await records.put(ANNA)
    await records.delete("contact", "c-1")
    assert await records.get("contact", "c-1") is None
    assert refs(await active_cases(records, "contact", "c-1")) == [("incident", "1")]
    await records.put(ANNA)
    await records.delete("incident", "1")
    assert await active_cases(records, "contact", "c-1") == []
    assert await records.get("contact", "c-1") is not None


class Between:
    """A table in which somebody writes just before, or just after, a row is read the nth time."""

    def __init__(self, table: AzureTable, when: tuple[str, int, bool]) -> None:
        self.range, self.commit = table.range, table.commit
        self._table, self._when, self._reads = table, when, Counter[str]()
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def get(self, partition: str, key: str) -> Entity | None:
        self._reads[partition] += 1
        await self._met(partition, late=False)
        found = await self._table.get(partition, key)
        await self._met(partition, late=True)
        return found

    async def _met(self, partition: str, late: bool) -> None:
        if self.meanwhile and self._when == (partition, self._reads[partition], late):
            await self.meanwhile()
            self.meanwhile = None


KEY_ROW, RECORD_ROW = place(phone_key(NUMBER) or "").partition, digest("contact", "c-1")


@pytest.mark.parametrize(
    "when", [(KEY_ROW, 1, False), (KEY_ROW, 1, True), (RECORD_ROW, 2, False), (RECORD_ROW, 2, True)]
)
async def test_a_key_that_comes_back_while_it_is_taken_away_stays(
    table: AzureTable, clock: Callable[[], datetime], records: Records, when: tuple[str, int, bool]
) -> None:
    await records.put(ANNA)
    between = Between(table, when)
    between.meanwhile = lambda: records.put(ANNA)
    await Records(between, clock, lambda: "FI").put(ANNA.model_copy(update={"phones": ()}))
    assert between.meanwhile is None  # it happened
    assert (await records.get("contact", "c-1")) == ANNA.model_copy(update={"phones": (NUMBER,)})
    assert refs(await by_phone(records, NUMBER)) == [("contact", "c-1")]
