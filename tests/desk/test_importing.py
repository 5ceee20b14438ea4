"""Business records as JSON lines: over the API, and from the command line's side."""

import json
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from local.importing import chunks
from tests.desk.kit import ADMINISTRATOR, Desk


def name() -> str:
    return uuid4().hex


def line(**record: object) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


async def test_each_line_is_a_record_that_customers_are_recognised_by(desk: Desk) -> None:
    phone, aino, case = f"+35840{uuid4().int % 10**7:07d}", name(), name()
    text = line(entity="contact", id=aino, name="Aino\u2028Virtanen", mobiles=[phone.replace("+358", "0")])
    text += "\n" + line(entity="incident", id=case, customer=f"contact/{aino}")
    told = await desk.call("POST", "records/import", text, role=ADMINISTRATOR)
    assert (told.status, told.body["written"], told.body["refused"]) == (200, 2, 0)
    assert [(one["line"], one["record"]) for one in told.body["lines"]] == [
        (1, f"contact/{aino}"),
        (3, f"incident/{case}"),
    ]
    conversation = await desk.opened(thread=phone, sender={"id": phone, "phone": phone})
    assert [link.id for link in conversation.links] == [aino, case]


async def test_a_line_that_is_refused_stops_no_other(desk: Desk) -> None:
    good = name()
    lines = [
        "{not json",
        line(entity="contact", id=""),
        line(entity="contact", id=name(), nosuch=1),
        line(entity="incident", id=name(), customer="aino"),
        line(entity="contact", id=good),
        "[]",
    ]
    told = await desk.call(
        "POST", "records/import", "\n".join(one.strip() for one in lines), role=ADMINISTRATOR
    )
    assert (told.status, told.body["written"], told.body["refused"]) == (200, 1, 5)
    errors = {one["line"]: one["error"] for one in told.body["lines"]}
    assert [bool(errors[number]) for number in range(1, 7)] == [True, True, True, True, False, True]
    assert "nosuch" in errors[3]
    assert "contact/ID" in errors[4]


async def test_of_one_records_lines_the_last_stands(desk: Desk) -> None:
    aino = name()
    text = "".join(line(entity="contact", id=aino, name=str(number)) for number in range(20))
    told = await desk.call("POST", "records/import", text, role=ADMINISTRATOR)
    assert told.body["written"] == 20
    found = await desk.call("GET", f"records/contact/{aino}")
    assert found.body["name"] == "19"


async def test_only_administrators_import_and_not_too_much(desk: Desk) -> None:
    assert (await desk.call("POST", "records/import", "{}")).status == 403
    told = await desk.call("POST", "records/import", " " * 1_000_001, role=ADMINISTRATOR)
    assert told.status == 413
    told = await desk.call("POST", "records/import", b"\xff", role=ADMINISTRATOR)
    assert told.status == 400
    told = await desk.call("POST", "records/import", "\n\n", role=ADMINISTRATOR)
    assert (told.status, told.body["lines"]) == (200, [])


@given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=30)), st.integers(1, 60))
def test_chunks_are_the_file_line_by_line(texts: list[str], size: int) -> None:
    lines = [f"{text}\n" for text in texts if text.encode("utf-8", "ignore").decode() == text]
    found = list(chunks(lines, size))
    assert "".join(text for _, text in found) == "".join(lines)
    assert [before for before, _ in found] == [
        sum(text.count("\n") for _, text in found[:place]) for place in range(len(found))
    ]
    assert all(len(text.encode()) <= size or text.count("\n") == 1 for _, text in found)


def test_a_line_without_an_end_is_kept() -> None:
    assert list(chunks(["a\n", "b"], 2)) == [(0, "a\n"), (1, "b")]
