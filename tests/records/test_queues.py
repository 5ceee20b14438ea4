"""Queue items by webhook: a case lies in a queue, and its work item and the record store know it."""

from local.simulators.dataverse_webhook import Operation, Option, Ref, Value
from tests.desk.kit import now
from tests.records.house import House, later, name, number

SECOND = "22222222-0000-4000-8000-000000000002"
IN_QUEUE: dict[str, Value] = {"queueid": Ref("queue", SECOND, "Second line"), "statecode": Option(0)}


async def case(house: House) -> tuple[str, str]:
    """A contact's number and her case."""
    aino, one, phone = name(), name(), number()
    await house.hear(Operation("Create", "contact", aino, {"fullname": "Aino", "mobilephone": phone}))
    values: dict[str, Value] = {"title": "Lasku", "customerid": Ref("contact", aino)}
    await house.hear(Operation("Create", "incident", one, values))
    return phone, one


async def queue(house: House, one: str) -> tuple[str, str]:
    kept = await house.services.records.get("incident", one)
    assert kept
    told = kept.attributes
    return told.get("queueid", ""), told.get("queueid.name", "")


async def test_an_item_tells_its_case_and_a_work_item_says_so(house: House) -> None:
    _, one = await case(house)
    item = name()
    created = {**IN_QUEUE, "objectid": Ref("incident", one)}
    await house.hear(Operation("Create", "queueitem", item, created))
    await house.heard(f"incident/{one}")
    assert await queue(house, one) == (SECOND, "Second line")
    assert (await house.notes(await house.work("incident", one)))[-1] == "changed: queueid = Second line"
    assert await house.works("queueitem", item) == []
    await house.hear(Operation("Update", "incident", one, {"prioritycode": Option(2)}))
    assert await queue(house, one) == (SECOND, "Second line")
    await house.hear(Operation("Delete", "queueitem", item, at=later(now(), 5)))  # names no case
    await house.heard(f"incident/{one}")
    assert await queue(house, one) == ("", "")
    assert (await house.notes(await house.work("incident", one)))[-1] == "changed: queueid = –"


async def test_a_deletion_tells_its_case_by_its_image(house: House) -> None:
    _, one = await case(house)
    item = name()
    before = {**IN_QUEUE, "objectid": Ref("incident", one)}
    await house.hear(Operation("Update", "queueitem", item, {"workerid": None}, after=before))
    await house.heard(f"incident/{one}")
    assert await queue(house, one) == (SECOND, "Second line")
    await house.hear(Operation("Delete", "queueitem", item, before=before, at=later(now(), 5)))
    await house.heard(f"incident/{one}")
    assert await queue(house, one) == ("", "")


async def test_a_change_that_is_told_twice_or_says_nothing_of_the_queue_is_passed_on_once(
    house: House,
) -> None:
    _, one = await case(house)
    item = name()
    created = Operation("Create", "queueitem", item, {**IN_QUEUE, "objectid": Ref("incident", one)})
    [told] = await house.hear(created)
    await house.route(told)  # as after a crash
    await house.hear(Operation("Update", "queueitem", item, {"priority": 3}))
    await house.heard(f"incident/{one}")
    assert await queue(house, one) == (SECOND, "Second line")


async def test_a_column_that_is_emptied_is_kept_no_more_although_the_row_is_known_in_part(
    house: House,
) -> None:
    one = name()
    await house.hear(Operation("Update", "incident", one, {"title": "x", "ticketnumber": "T-1"}))
    await house.hear(Operation("Update", "incident", one, {"ticketnumber": None}))
    kept = await house.services.records.get("incident", one)
    assert kept
    assert "ticketnumber" not in kept.attributes
