"""Key rows tell of their records what the records say, whoever stops or meets whom in the middle."""

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

import pytest

from functions.cloud.tables import AzureTable
from functions.configuration.document import Record
from functions.errors import Unavailable
from functions.identity.keyrows import Keyed
from functions.identity.keys import match_keys, place
from functions.identity.records import Records
from functions.message import EntityRef, digest
from functions.ports import Entity, Op, Write
from tests.identity.counting import Counting
from tests.identity.finding import by_email, by_phone, customer, matched

MOBILE, OTHER = "+358401234567", "+358401112222"
ANNA = Record(
    entity="contact",
    id="c-1",
    name="Anna",
    mobiles=(MOBILE,),
    emails=("a@example.com",),
    attributes={"tier": "gold"},
)
MOVED = ANNA.model_copy(update={"mobiles": (OTHER,), "emails": (), "attributes": {"tier": "blue"}})
AWAY = ANNA.model_copy(update={"active": False})
BEN = Record(entity="contact", id="c-2", name="Ben", phones=(OTHER,))
CASE = Record(entity="incident", id="i-1", name="Lasku", customer="contact/c-1", attributes={"ownerid": "x"})
CASE_OF_BEN = CASE.model_copy(update={"customer": "contact/c-2", "name": "Laina"})
SECOND = CASE.model_copy(update={"id": "i-2", "name": "Toinen"})
SOLVED = CASE.model_copy(update={"active": False})
KEYS = {key for one in (ANNA, MOVED, BEN) for key in match_keys(one)}

Doing = Callable[[Records], Awaitable[object]]
DOINGS: dict[str, Doing] = {
    "anna": lambda records: records.put(ANNA),
    "moved": lambda records: records.put(MOVED),
    "away": lambda records: records.put(AWAY),
    "deleted": lambda records: records.delete("contact", "c-1"),
    "case": lambda records: records.put(CASE),
    "case of ben": lambda records: records.put(CASE_OF_BEN),
    "second case": lambda records: records.put(SECOND),
    "solved": lambda records: records.put(SOLVED),
    "case deleted": lambda records: records.delete("incident", "i-1"),
}


def opened(table: "AzureTable | Counting | Meeting", clock: Callable[[], datetime]) -> Records:
    return Records(table, clock, lambda: "FI")


class Meeting(Counting):
    """A counted table: before its nth call, `meanwhile` happens; and after it, the machine may stop."""

    def __init__(self, table: AzureTable, turn: int, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__(table)
        self._left, self._meanwhile = turn, meanwhile
        self.stops, self.met = False, False

    async def get(self, partition: str, key: str) -> Entity | None:
        await self._turn()
        return await super().get(partition, key)

    async def commit(self, ops: Sequence[Op]) -> None:
        await self._turn()
        await super().commit(ops)
        if self.met and self.stops:
            raise Unavailable("the process is gone")

    async def _turn(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.met = True
            await self._meanwhile()


async def told(table: AzureTable) -> dict[str, dict[str, object]]:
    """What the key rows tell, by key and record."""
    found: dict[str, dict[str, object]] = {}
    for key in KEYS:
        where = place(key)
        row = await table.get(where.partition, where.row)
        keyed = Keyed.model_validate_json(bytes(row.values["json"])) if row else Keyed()  # type: ignore[arg-type]
        found[key] = {one.id: one.told.model_dump() if one.told else None for one in keyed.of(key)}
    return found


async def meant(records: Records) -> dict[str, dict[str, object]]:
    """What they should tell, by the records themselves."""
    customers = [one for id_ in ("c-1", "c-2") if (one := await records.get("contact", id_))]
    cases = [one for id_ in ("i-1", "i-2") if (one := await records.get("incident", id_)) and one.active]
    found: dict[str, dict[str, object]] = {key: {} for key in KEYS}
    for one in customers:
        keys = match_keys(one)
        for key in keys:
            found[key][one.id] = {
                "name": one.name,
                "attributes": one.attributes,
                "keys": frozenset(keys),
                "cases": _single([case for case in cases if case.customer == f"contact/{one.id}"]),
            }
    return found


def _single(cases: list[Record]) -> dict[str, object]:
    if len(cases) > 1:
        return {"entries": (), "full": True}
    entries = [
        {
            "entity": "incident",
            "id": case.id,
            "kinds": ("cases",),
            "told": {
                "name": case.name,
                "attributes": case.attributes,
                "keys": frozenset(match_keys(case)),
                "cases": None,
            },
        }
        for case in cases
    ]
    return {"entries": tuple(entries), "full": False}


async def begun(records: Records) -> None:
    for record in (ANNA, BEN, CASE):
        await records.put(record)


@pytest.mark.parametrize("name", DOINGS)
async def test_a_crash_at_any_write_is_repaired_by_doing_it_again(
    table: AzureTable, clock: Callable[[], datetime], name: str
) -> None:
    records, done = opened(table, clock), False
    for commits in range(40):
        await begun(records)
        crashing = Counting(table, commits_left=commits)
        try:
            await DOINGS[name](opened(crashing, clock))
            done = True
        except Unavailable:
            assert crashing.commits == commits
        await DOINGS[name](records)
        assert await told(table) == await meant(records), commits
        if done:
            break
    assert done


@pytest.mark.parametrize("stops", [False, True])
@pytest.mark.parametrize(
    ("late", "soon"),
    [
        ("moved", "anna"),
        ("moved", "away"),
        ("moved", "deleted"),
        ("deleted", "moved"),
        ("away", "moved"),
        ("moved", "solved"),
        ("solved", "moved"),
        ("deleted", "case of ben"),
        ("case of ben", "solved"),
        ("solved", "second case"),
        ("second case", "case deleted"),
        ("case deleted", "case of ben"),
    ],
)
async def test_who_meets_another_at_any_call_leaves_what_the_records_say(
    table: AzureTable, clock: Callable[[], datetime], late: str, soon: str, stops: bool
) -> None:
    """With `stops`, the late one writes once more after the other is done, is gone, and comes again."""
    records = opened(table, clock)
    for turn in range(1, 60):
        await begun(records)
        meeting = Meeting(table, turn, partial(DOINGS[soon], records))
        meeting.stops = stops
        with suppress(Unavailable):
            await DOINGS[late](opened(meeting, clock))
        if stops:
            await DOINGS[late](records)
        assert await told(table) == await meant(records), turn
        if not meeting.met:
            break
    assert not meeting.met


async def test_what_one_overtook_and_then_spoilt_is_mended_by_the_next_write(
    table: AzureTable, clock: Callable[[], datetime]
) -> None:
    """As when a webhook is told again whose record has gone on: it writes what is there already."""
    records, turns = opened(table, clock), 0
    for turn in range(1, 60):
        await begun(records)
        meeting = Meeting(table, turn, partial(DOINGS["away"], records))
        meeting.stops = True
        with suppress(Unavailable):
            await DOINGS["moved"](opened(meeting, clock))
        now = await records.get("contact", "c-1")
        assert now
        await records.put(now)
        assert await told(table) == await meant(records), turn
        turns += meeting.met
        if not meeting.met:
            break
    assert not meeting.met
    assert turns > 5


async def test_what_matching_costs(table: AzureTable, clock: Callable[[], datetime]) -> None:
    counting = Counting(table)
    records = opened(counting, clock)
    await begun(records)
    for phone, links in (("+358409999999", 0), (MOBILE, 2), (OTHER, 1)):
        counting.reads = 0
        found = await matched(customer(id=phone, phone=phone), records)
        assert (counting.reads, len(found.links)) == (1, links)
    await records.put(MOVED)
    await records.put(SECOND)
    counting.reads = 0
    found = await matched(customer(id=OTHER, phone=OTHER), records)
    assert (counting.reads, {one.name for one in found.candidates}) == (1, {"Anna", "Ben"})


@pytest.mark.parametrize("there", [True, False])
async def test_what_a_link_by_hand_costs(
    table: AzureTable, clock: Callable[[], datetime], there: bool
) -> None:
    counting = Counting(table)
    records = opened(counting, clock)
    await begun(records)
    if not there:
        await records.delete("contact", "c-1")
    counting.reads = 0
    found = await matched(customer(linked=EntityRef(entity="contact", id="c-1")), records)
    assert (counting.reads, [link.id for link in found.links]) == (1, ["c-1", "i-1"])


async def test_what_writing_costs(table: AzureTable, clock: Callable[[], datetime]) -> None:
    counting = Counting(table)
    records = opened(counting, clock)
    await records.put(BEN)  # a number and a name
    assert (counting.reads, counting.commits) == (2, 4)
    counting.reads, counting.commits = 0, 0
    await records.put(BEN.model_copy(update={"emails": ("b@example.com",)}))
    assert (counting.reads, counting.commits) == (5, 5)
    counting.reads, counting.commits = 0, 0
    await records.put(Record(entity="quote", id="q-1", name="Tarjous", customer="contact/c-2"))
    assert (counting.reads, counting.commits) == (1, 1)


async def test_what_a_case_tells_is_known_with_the_next_message(records: Records) -> None:
    await begun(records)
    assert await _owner(records) == {"ownerid": "x"}
    await records.put(CASE.model_copy(update={"attributes": {"ownerid": "y"}}))
    assert await _owner(records) == {"ownerid": "y"}
    await records.put(SECOND)
    assert await _owner(records) == {}
    await records.delete("incident", "i-2")
    assert await _owner(records) == {"ownerid": "y"}
    await records.put(SOLVED)
    assert await _owner(records) == {}


async def _owner(records: Records) -> dict[str, str]:
    return dict((await matched(customer(phone=MOBILE), records)).case)


async def test_what_has_no_room_in_a_key_row_is_read(
    table: AzureTable, clock: Callable[[], datetime]
) -> None:
    counting = Counting(table)
    records = opened(counting, clock)
    large = {"notes": "x" * 20_000}
    await begun(records)
    await records.put(CASE.model_copy(update={"attributes": large}))
    await records.put(ANNA.model_copy(update={"attributes": large}))
    counting.reads = 0
    found = await matched(customer(id=MOBILE, phone=MOBILE), records)
    assert (counting.reads, found.attributes, found.case) == (2, large, large)


async def test_rows_of_the_version_before_are_read_and_brought_up_to_date_by_a_write(
    table: AzureTable, clock: Callable[[], datetime]
) -> None:
    counting = Counting(table)
    records = opened(counting, clock)
    await _old(table, ANNA)
    await _old(table, CASE)
    found = await matched(customer(id=MOBILE, phone=MOBILE), records)
    assert ([link.id for link in found.links], counting.reads) == (["c-1", "i-1"], 3)
    await records.put(CASE)
    counting.reads = 0
    assert (await matched(customer(id=MOBILE, phone=MOBILE), records)).links == found.links
    assert counting.reads == 1
    await records.put(ANNA)
    assert await told(table) == await meant(records)
    counting.reads, commits = 0, counting.commits
    await records.put(ANNA)
    assert (counting.reads, counting.commits) == (1, commits)


async def test_an_entry_of_the_version_before_is_believed_only_if_its_record_lists_the_key(
    table: AzureTable, records: Records
) -> None:
    await _old(table, ANNA, lists=False)
    assert await by_phone(records, MOBILE) == []
    await records.put(MOVED)
    assert [one.id for one in await by_phone(records, OTHER)] == ["c-1"]
    assert await by_email(records, "a@example.com") == []


async def _old(table: AzureTable, record: Record, *, lists: bool = True) -> None:
    """Write a record as the version before did."""
    keys = match_keys(record)
    stored = {
        "record": json.loads(record.json_text()),
        "keys": keys if lists else (),
        "updatedAt": "2026-01-01T00:00Z",
    }
    stored["former"] = () if lists else keys
    partition = digest(record.entity, record.id)
    await table.commit([Op(Write.INSERT, Entity(partition, "record", {"json": json.dumps(stored).encode()}))])
    by_row: dict[tuple[str, str, str], list[str]] = {}
    for key in keys:
        where = place(key)
        by_row.setdefault((where.partition, where.row, where.column), []).append(key.partition(":")[0])
    for (part, row, column), kinds in by_row.items():
        there = await table.get(part, row)
        text = json.dumps({"entries": [{"entity": record.entity, "id": record.id, "kinds": kinds}]})
        values = {**(there.values if there else {}), column: text.encode()}
        await table.commit([Op(Write.UPSERT, Entity(part, row, values))])
