"""A case's queue, which lies in rows of its own there, decides where its customer's next message goes."""

from uuid import uuid4

import pytest

from functions.records.row import ITEM
from local.simulators.dataverse_rows import TABLES
from tests.dataverse.house import guid
from tests.dataverse.world import World

FIRST, SECOND = "First line", "Second line"


def phone() -> str:
    return f"+35840{uuid4().int % 10**7:07d}"


def person(world: World, number: str) -> tuple[str, str]:
    """A contact with a case there."""
    aino = world.house.put("contacts", number, fullname="Aino", mobilephone=number)
    case = world.house.put(
        "incidents", f"case of {number}", title="Lasku", customerid_contact__bind=f"/contacts({aino})"
    )
    return aino, case


def lies(world: World, case: str, queue: str, name: str = "item", **values: object) -> str:
    """An item by which a case lies in a queue there."""
    where = world.house.put("queues", queue, name=queue)
    about = {"objectid_incident__bind": f"/incidents({case})", "queueid__bind": f"/queues({where})"}
    return world.house.put("queueitems", f"{name} {case}", **about, **values)


async def agents(world: World, number: str) -> str:
    """Who is given the next message from this number."""
    return (await world.text(number)).agent_queue


async def test_a_queue_that_is_reconciled_decides_until_it_is_left(world: World) -> None:
    number = phone()
    aino, case = person(world, number)
    await world.configure(reconcile=["contact", "incident", "queueitem"])
    await world.reconciled(f"contact/{aino}", f"incident/{case}")
    assert await agents(world, number) == "service"
    for queue, whose in ((SECOND, "second"), (FIRST, "service"), (SECOND, "second")):
        item = lies(world, case, queue)
        await world.reconciled(f"queueitem/{item}")
        await world.heard(f"incident/{case}")
        assert await agents(world, number) == whose
        kept = await world.services.records.get("incident", case)
        assert kept
        assert (kept.attributes["queueid"], kept.attributes["queueid.name"]) == (guid(queue), queue)
    world.house.dataverse.store.delete(TABLES["queueitems"], item)
    await world.reconciled(f"queueitem/{item}")
    await world.heard(f"incident/{case}")
    assert await agents(world, number) == "service"


async def test_an_item_that_is_over_is_no_queue_and_another_case_may_have_it(world: World) -> None:
    number = phone()
    aino, case = person(world, number)
    other = world.house.put("incidents", "other", title="Toinen")
    item = lies(world, case, SECOND)
    await world.configure(reconcile=["contact", "incident", "queueitem"])
    await world.reconciled(f"contact/{aino}", f"incident/{case}", f"queueitem/{item}")
    await world.heard(f"incident/{case}")
    assert await agents(world, number) == "second"
    world.house.put("queueitems", f"item {case}", objectid_incident__bind=f"/incidents({other})")
    await world.reconciled(f"queueitem/{item}")
    await world.heard(f"incident/{case}")
    await world.heard(f"incident/{other}", 2)  # itself, and its queue
    assert await agents(world, number) == "service"
    lies(world, case, SECOND)
    await world.reconciled(f"queueitem/{item}")
    await world.heard(f"incident/{case}")
    assert await agents(world, number) == "second"
    lies(world, case, SECOND, statecode=1)
    await world.reconciled(f"queueitem/{item}")
    await world.heard(f"incident/{case}")
    assert await agents(world, number) == "service"


async def test_a_case_that_is_read_again_keeps_its_queue(world: World) -> None:
    number = phone()
    aino, case = person(world, number)
    item = lies(world, case, SECOND)
    await world.configure(reconcile=["contact", "incident", "queueitem"])
    await world.reconciled(f"contact/{aino}", f"incident/{case}", f"queueitem/{item}")
    await world.heard(f"incident/{case}")
    world.house.put("incidents", f"case of {number}", title="Lasku 2")
    await world.reconciled(f"incident/{case}")
    assert await agents(world, number) == "second"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_the_latest_queue_counts_whatever_comes_first(world: World, order: tuple[int, ...]) -> None:
    number = phone()
    aino, case = person(world, number)
    times = ("2026-08-01T10:00:00Z", "2026-08-01T11:00:00Z", "2026-08-01T12:00:00Z")
    items = [
        lies(world, case, queue, name, modifiedon=at, statecode=state)
        for (queue, name, state), at in zip(
            ((FIRST, "old", 0), (SECOND, "new", 0), (FIRST, "closed", 1)), times, strict=True
        )
    ]
    await world.configure(reconcile=["contact", "incident", "queueitem"])
    await world.reconciled(f"contact/{aino}", f"incident/{case}", *(f"queueitem/{items[at]}" for at in order))
    for item in await world.heard(f"incident/{case}", len(items)):
        assert isinstance(item.raw, dict)
        [column] = dict(item.raw["attributes"])  # type: ignore[arg-type]
        assert str(column).startswith(ITEM)
    assert await agents(world, number) == "second"


async def test_who_is_looked_up_brings_the_queue_of_the_only_case(world: World) -> None:
    number = phone()
    _, case = person(world, number)
    lies(world, case, FIRST, "over", statecode=1)
    lies(world, case, SECOND)
    await world.configure(lookUp=True)
    assert await agents(world, number) == "second"
    assert sum("$batch" in one for one in world.house.dataverse.asked) == 3


async def test_an_item_of_what_is_no_table_of_ours_is_passed_over(world: World) -> None:
    queue = world.house.put("queues", SECOND, name=SECOND)
    user = world.house.put("systemusers", "mia", fullname="Mia")
    item = world.house.put(
        "queueitems",
        "odd",
        objectid_systemuser__bind=f"/systemusers({user})",
        queueid__bind=f"/queues({queue})",
    )
    await world.configure(reconcile=["queueitem"])
    await world.reconciled(f"queueitem/{item}")
    assert await world.services.records.get("systemuser", user) is None
    assert await world.services.records.get("queueitem", item) is None
