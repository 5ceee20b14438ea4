"""What is known of a record does not depend on the order in which it was told; what is made of it."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.channels.records.change import RecordChange, RecordMessage, RecordValue
from functions.cloud.tables import Tables, open_tables
from functions.configuration.document import Document, Record
from functions.configuration.recordtables import STANDARD_TABLES, RecordTable
from functions.desk.records import RecordPath
from functions.records.mapping import LARGEST, record_of
from functions.records.notes import note
from functions.records.row import Cell, Row, merged, news
from functions.records.rows import Rows
from local.azurite import Azurite
from tests.records.house import name

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
TABLE = STANDARD_TABLES["contact"]
NOTHING = Row(entity="contact", id="c1")
TOLD = st.dictionaries(
    st.sampled_from(["fullname", "mobilephone", "emailaddress1"]), st.text(max_size=3), max_size=3
)


def change(message: RecordMessage = RecordMessage.UPDATE, /, **values: str) -> RecordChange:
    attributes = {column: RecordValue(value=value) for column, value in values.items()}
    whole = message is RecordMessage.CREATE
    return RecordChange(
        message=message, entity="contact", id="c1", attributes=attributes, changed=tuple(values), whole=whole
    )


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


@given(st.lists(TOLD, max_size=5), st.randoms())
def test_changes_may_come_in_any_order_and_twice(told: list[dict[str, str]], chance: object) -> None:
    changes = [(at(minute), change(**values)) for minute, values in enumerate(told)]
    shuffled = changes * 2
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    rows = []
    for order in (changes, shuffled):
        row = NOTHING
        for when, one in order:
            row = merged(row, one, TABLE, when)
        rows.append(row)
    assert rows[0] == rows[1]


def test_a_deletion_is_final_in_every_order_until_the_row_is_restored() -> None:
    steps = [
        (at(0), change(RecordMessage.CREATE, fullname="A")),
        (at(1), change(fullname="B")),
        (at(2), change(RecordMessage.DELETE)),
    ]
    for order in permutations(steps):
        row = NOTHING
        for when, one in order:
            row = merged(row, one, TABLE, when)
        assert row == Row(entity="contact", id="c1", deleted_at=at(2))  # nothing of a person is kept
        assert not row.is_active(TABLE)
    restored = merged(row, change(RecordMessage.CREATE, fullname="C"), TABLE, at(3))
    assert restored.is_active(TABLE)


def test_only_the_columns_of_the_table_are_kept() -> None:
    row = merged(NOTHING, change(fullname="A", birthdate="1990-01-01"), TABLE, at(0))
    assert list(row.cells) == ["fullname"]


def test_a_whole_row_empties_what_it_leaves_out() -> None:
    row = merged(NOTHING, change(mobilephone="+358401234567"), TABLE, at(0))
    assert not row.whole
    row = merged(row, change(RecordMessage.CREATE, fullname="A"), TABLE, at(1))
    assert row.whole
    assert record_of(row, TABLE, None).mobiles == ()


def test_news_are_what_no_later_change_has_overtaken() -> None:
    row = merged(NOTHING, change(fullname="B"), TABLE, at(5))
    late = change(fullname="A", mobilephone="1", birthdate="x")
    assert news(row, merged(row, late, TABLE, at(1)), late) == ("mobilephone", "birthdate")


def test_a_state_is_active_by_the_tables_own_values() -> None:
    quote = STANDARD_TABLES["quote"]
    for state, active in {"": True, "0": True, "1": True, "2": False, "3": False}.items():
        cells = {"statecode": Cell(value=RecordValue(value=state), at=NOON)}
        assert Row(entity="quote", id="q", cells=cells).is_active(quote) is active


def test_a_record_is_made_of_the_configured_columns() -> None:
    table = RecordTable(
        entity="new_guest",
        name="new_name",
        mobiles=("new_mobile",),
        business_phones=("new_work",),
        phones=("new_home", "new_other"),
        emails=("new_mail",),
        customer_number="new_number",
        social_ids={"telegram": ("new_telegram",)},
        customer=("new_friend", "new_firm"),
        attributes=("new_tier",),
    )
    told = change(RecordMessage.CREATE).model_copy(
        update={
            "attributes": {
                "new_name": RecordValue(value="Aino"),
                "new_mobile": RecordValue(value=" 040 1 "),
                "new_work": RecordValue(value="09 1"),
                "new_home": RecordValue(),
                "new_other": RecordValue(value="3"),
                "new_mail": RecordValue(value="a@x"),
                "new_number": RecordValue(value="77"),
                "new_telegram": RecordValue(value="42"),
                "new_friend": RecordValue(value="u1", entity="systemuser"),
                "new_firm": RecordValue(value="f1", entity="account"),
                "new_tier": RecordValue(value="7", name="Gold"),
            }
        }
    )
    assert record_of(merged(NOTHING, told, table, NOON), table, None) == Record(
        entity="contact",
        id="c1",
        name="Aino",
        mobiles=("040 1",),
        business_phones=("09 1",),
        phones=("3",),
        emails=("a@x",),
        customer_number="77",
        social_ids={"telegram": ("42",)},
        customer="account/f1",
        attributes={"new_tier": "7", "new_tier.name": "Gold"},
    )


def test_what_a_part_of_a_row_does_not_tell_stays_as_it_was_known() -> None:
    known = Record(
        entity="contact",
        id="c1",
        name="Aino",
        mobiles=("1",),
        emails=("a@x",),
        active=False,
        attributes={"tier": "gold", "ownerid": "o1"},
    )
    row = merged(NOTHING, change(mobilephone="2", ownerid="o2"), TABLE, NOON)
    expected = {"mobiles": ("2",), "attributes": {"tier": "gold", "ownerid": "o2"}}
    assert record_of(row, TABLE, known) == known.model_copy(update=expected)
    gone = merged(row, change(RecordMessage.DELETE), TABLE, at(1))
    assert record_of(gone, TABLE, known.model_copy(update={"active": True})).active is False


def test_a_record_that_is_too_large_loses_its_last_attributes_only() -> None:
    columns = tuple(f"c{n}" for n in range(40))
    table = RecordTable(entity="contact", name="fullname", attributes=columns)
    row = merged(NOTHING, change(fullname="€" * 4000, **dict.fromkeys(columns, "€" * 4000)), table, NOON)
    record = record_of(row, table, None)
    assert record.name == "€" * 500
    assert len(record.json_text().encode()) <= LARGEST
    assert list(record.attributes) == list(columns)[: len(record.attributes)]
    assert len(record.attributes) > 10


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (change(RecordMessage.CREATE, fullname="Aino"), "created: fullname = Aino"),
        (change(mobilephone=""), "changed: mobilephone = –"),
        (change(RecordMessage.STATE, statecode="1"), "state changed: statecode = 1"),
        (change(RecordMessage.DELETE), "deleted"),
        (change(RecordMessage.OTHER).model_copy(update={"operation": "Merge"}), "Merge"),
        (
            change(**{f"c{n}": "x" for n in range(12)}),
            "changed: " + ", ".join(f"c{n} = x" for n in range(10)) + ", and 2 more",
        ),
        (change(fullname="y" * 300), f"changed: fullname = {'y' * 200}"),
    ],
)
def test_what_agents_read(told: RecordChange, said: str) -> None:
    assert note(told, merged(NOTHING, told, TABLE, NOON), told.changed) == said


async def test_of_a_deleted_record_nothing_stays_in_the_table(azurite: Azurite) -> None:
    tables = open_tables(azurite.connection_string)
    rows = Rows(tables.table(f"t{name().replace('-', '')}"))
    row = merged(NOTHING, change(fullname="Aino", mobilephone="1"), TABLE, at(1))
    await rows.keep(row)
    await rows.keep(merged(row, change(RecordMessage.DELETE), TABLE, at(2)))
    assert await rows.get("contact", "c1") == Row(entity="contact", id="c1", deleted_at=at(2))
    await tables.close()


async def test_who_writes_a_row_at_the_same_time_loses_no_column(azurite: Azurite) -> None:
    tables: Tables = open_tables(azurite.connection_string)
    table = tables.table(f"t{name().replace('-', '')}")
    first, second = Rows(table), Rows(table)
    await first.keep(merged(NOTHING, change(fullname="A", mobilephone="1"), TABLE, at(1)))
    stale = merged(NOTHING, change(fullname="B"), TABLE, at(0))
    await second.keep(stale)
    kept = await first.get("contact", "c1")
    assert kept
    assert {column: cell.value.value for column, cell in kept.cells.items()} == {
        "fullname": "A",
        "mobilephone": "1",
    }
    assert await first.get("contact", "nobody") is None
    await tables.close()


def test_a_table_is_known_configured_or_the_commonest() -> None:
    own = RecordTable(entity="contact", name="nickname")
    document = Document(record_tables=(own,))
    assert document.record_table("contact") is own
    assert document.record_table("incident").customer == ("customerid",)
    assert document.record_table("new_thing") == RecordTable(entity="new_thing")


def test_a_table_of_ones_own_is_named_in_the_apis_paths_as_dataverse_names_it() -> None:
    assert RecordPath(entity="new_visit", id="1").entity == "new_visit"
    with pytest.raises(ValidationError):
        RecordPath(entity="new/visit", id="1")
