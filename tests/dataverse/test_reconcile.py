"""Reconciling: what Dataverse has and no webhook told comes into the store, and nothing of it twice."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp import web

from functions.channels.records.change import RecordChange, RecordMessage
from functions.conversations.model import State
from functions.message import Inbound
from local.simulators.dataverse_rows import TABLES, USER
from local.simulators.state import Behaviour
from tests.dataverse.world import World

TABLE = "contacts"


def number() -> str:
    return f"+35840{uuid4().int % 10**7:07d}"


def change(item: Inbound) -> RecordChange:
    return RecordChange.model_validate(item.raw)


async def test_the_first_pass_feeds_the_store_and_makes_nobody_work(world: World) -> None:
    phone = number()
    aino = world.house.put("contacts", "aino", fullname="Aino", mobilephone=phone)
    case = world.house.put("incidents", "case", title="Lasku", customerid_contact__bind=f"/contacts({aino})")
    await world.configure(reconcile=["contact", "incident"])
    items = await world.reconciled(f"contact/{aino}", f"incident/{case}")
    assert all(change(item).passive for item in items)
    assert [(link.entity, link.id) for link in (await world.text(phone)).links] == [
        ("contact", aino),
        ("incident", case),
    ]
    assert [one.channel for one in await world.works("incident", case)] == ["sms"]


async def test_later_changes_come_by_the_delta_and_are_work(world: World) -> None:
    aino = world.house.put("contacts", "aino", fullname="Aino", mobilephone=number())
    await world.configure(reconcile=["contact", "incident"])
    await world.reconciled(f"contact/{aino}")
    phone = number()
    world.house.put("contacts", "aino", mobilephone=phone)
    case = world.house.put("incidents", "case", title="Lasku", customerid_contact__bind=f"/contacts({aino})")
    [contact, _] = await world.reconciled(f"contact/{aino}", f"incident/{case}")
    assert change(contact).attributes["mobilephone"].value == phone
    [work] = await world.works("incident", case)
    assert (work.channel, work.state, work.customer.name) == ("records", State.OPEN, "Aino")
    assert [link.id for link in (await world.text(phone)).links] == [aino, case]
    world.house.put("incidents", "case", statecode=1)
    await world.reconciled(f"incident/{case}")
    found = {one.channel: one.state for one in await world.works("incident", case)}
    assert found["records"] is State.CLOSED


async def test_what_is_deleted_there_is_forgotten_here(world: World) -> None:
    phone = number()
    aino = world.house.put("contacts", "aino", fullname="Aino", mobilephone=phone)
    await world.configure(reconcile=["contact"])
    await world.reconciled(f"contact/{aino}")
    assert (await world.text(phone)).links
    world.house.dataverse.store.delete(TABLES["contacts"], aino)
    [item] = await world.reconciled(f"contact/{aino}")
    assert change(item).message is RecordMessage.DELETE
    assert await world.services.records.get("contact", aino) is None
    assert (await world.text(phone)).links == ()


async def test_a_table_without_tracking_is_asked_for_what_was_modified(world: World) -> None:
    old = world.house.put("campaigns", "old", name="Old")
    await world.configure(reconcile=["campaign"])
    [first] = await world.reconciled(f"campaign/{old}")
    assert change(first).passive
    since = (await world.marks.get(world.account, "campaign")).since
    assert since is not None
    world.house.dataverse.store.rows["campaigns"][old]["modifiedon"] = "2020-01-01T00:00:00Z"
    new = world.house.put("campaigns", "new", name="New")
    [second] = await world.reconciled(f"campaign/{new}")
    assert (change(second).message, change(second).passive) == (RecordMessage.CREATE, False)
    assert await world.reconciler.run() == 1  # within the overlap, and dropped by its id


async def test_many_rows_come_page_by_page_and_once(world: World) -> None:
    ids = [world.house.put("contacts", f"c{place}", fullname=f"C {place}") for place in range(1003)]
    await world.configure(reconcile=["contact"])
    assert await world.reconciler.run() == 1003
    assert len([one for one in world.house.dataverse.asked if one.endswith("/contacts")]) == 3
    assert await world.reconciler.run() == 0
    world.house.put("contacts", "c500", fullname="Changed")
    assert await world.reconciler.run() == 1
    assert ids[500] in world.house.dataverse.store.rows["contacts"]


async def test_a_pass_that_was_cut_off_goes_on_where_it_was(world: World) -> None:
    for place in range(1003):
        world.house.put("contacts", f"c{place}", fullname=f"C {place}")
    await world.configure(reconcile=["contact"])
    world.house.order(Behaviour.OK, 2)  # what the table is made of, and the first page
    world.house.order(Behaviour.ERROR)
    assert await world.reconciler.run() == 0
    asked = len(world.house.dataverse.asked)
    assert await world.reconciler.run() == 503
    assert len(world.house.dataverse.asked) == asked + 2


async def test_a_link_that_has_ended_begins_a_pass_anew(world: World) -> None:
    aino = world.house.put("contacts", "aino", fullname="Aino")
    await world.configure(reconcile=["contact"])
    await world.reconciled(f"contact/{aino}")
    world.house.answers = [web.json_response({"error": {"code": "0x80044352"}}, status=400)]
    assert await world.reconciler.run() == 0
    mark = await world.marks.get(world.account, "contact")
    assert (mark.link, mark.since is None) == ("", False)
    assert await world.reconciler.run() == 1


@pytest.mark.parametrize("link", ["{base}/sent", "http://127.0.0.1:9/dataverse/api/data/v9.2/contacts"])
async def test_a_link_to_elsewhere_is_never_followed(world: World, link: str) -> None:
    await world.configure(reconcile=["contact"])
    await world.reconciler.run()
    link = link.format(base=world.house.base)
    world.house.answers = [web.json_response({"value": [], "@odata.nextLink": link})]
    await world.reconciler.run()
    assert (await world.marks.get(world.account, "contact")).link == ""


async def test_one_table_that_cannot_be_read_holds_up_no_other(world: World) -> None:
    aino = world.house.put("contacts", "aino", fullname="Aino")
    await world.configure(reconcile=["nosuch", "contact"])
    await world.reconciled(f"contact/{aino}")
    assert await world.services.records.get("contact", aino)


async def test_one_environment_that_is_down_holds_up_no_other(world: World) -> None:
    aino = world.house.put("contacts", "aino", fullname="Aino")
    await world.configure("elsewhere", reconcile=["contact"])
    world.house.order(Behaviour.ERROR)
    await world.reconciled(f"contact/{aino}")
    assert await world.services.records.get("contact", aino)


async def test_other_columns_begin_a_pass_anew(world: World) -> None:
    world.house.put("contacts", "aino", fullname="Aino")
    await world.configure(reconcile=["contact"])
    assert await world.reconciler.run() == 1
    mark = await world.marks.get(world.account, "contact")
    await world.marks.set(world.account, "contact", mark.model_copy(update={"shape": "other"}))
    assert await world.reconciler.run() == 1


async def test_our_own_doing_is_no_work(world: World) -> None:
    await world.configure(reconcile=["incident"], applicationUser=USER)
    await world.reconciler.run()
    case = world.house.put("incidents", "case", title="Ours")
    [item] = await world.reconciled(f"incident/{case}")
    assert change(item).passive
    assert await world.works("incident", case) == []


async def test_a_row_counts_at_the_end_of_its_second(world: World) -> None:
    aino = world.house.put("contacts", "aino", fullname="Aino", modifiedon="2026-08-01T12:00:00Z")
    await world.configure(reconcile=["contact"])
    [item] = await world.reconciled(f"contact/{aino}")
    assert item.sent_at == datetime(2026, 8, 1, 12, tzinfo=UTC) + timedelta(milliseconds=999)
