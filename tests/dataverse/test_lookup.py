"""Customers whom the record store does not know: looked up when their conversation opens, or not at all."""

from datetime import timedelta
from time import monotonic
from uuid import uuid4

import pytest
from aiohttp import web

from functions.conversations.model import Relation
from functions.dataverse.spellings import spellings
from local.simulators.state import Behaviour
from tests.dataverse.house import guid
from tests.dataverse.world import World


def number() -> str:
    return f"+35840{uuid4().int % 10**7:07d}"


@pytest.mark.parametrize("spelling", range(7))
@pytest.mark.parametrize("column", ["mobilephone", "telephone1", "telephone3"])
async def test_a_number_is_found_however_it_is_usually_written(
    world: World, spelling: int, column: str
) -> None:
    phone = number()
    written = (*spellings(phone), *spellings(phone))[spelling]
    aino = world.house.put("contacts", "aino", fullname="Aino Virtanen", **{column: written})
    case = world.house.put("incidents", "case", title="Lasku", customerid_contact__bind=f"/contacts({aino})")
    await world.configure(lookUp=True)
    found = await world.text(phone)
    assert {(link.entity, link.id, link.name, link.relation) for link in found.links} == {
        ("contact", aino, "Aino Virtanen", Relation.CUSTOMER),
        ("incident", case, "Lasku", Relation.CASE),
    }


async def test_an_address_is_found_with_its_quotes(world: World) -> None:
    world.house.put("accounts", "other", name="Other", emailaddress1="obrien@example.com")
    ours = world.house.put("accounts", "ours", name="O'Brien Oy", emailaddress2="O'Brien@Example.com")
    await world.configure(lookUp=True)
    found = await world.text("facebook-user", phone="", email="o'brien@example.com")
    assert [(link.entity, link.id) for link in found.links] == [("account", ours)]


async def test_two_who_share_a_number_stay_unlinked(world: World) -> None:
    phone = number()
    both = {
        world.house.put("contacts", name, fullname=name, mobilephone=phone) for name in ("Matti", "Maija")
    }
    await world.configure(lookUp=True)
    found = await world.text(phone)
    assert found.links == ()
    assert {ref.id for ref in found.customer.candidates} == both


async def test_who_is_inactive_there_is_nobody(world: World) -> None:
    phone = number()
    world.house.put("contacts", "gone", fullname="Gone", mobilephone=phone, statecode=1)
    await world.configure(lookUp=True)
    assert (await world.text(phone)).links == ()


async def test_who_is_known_costs_no_request(world: World) -> None:
    phone = number()
    aino = world.house.put("contacts", "aino", fullname="Aino", mobilephone=phone)
    await world.configure(lookUp=True)
    await world.text(phone)
    asked = len(world.house.dataverse.asked)
    found = await world.text(phone)
    assert [link.id for link in found.links] == [aino]
    assert len(world.house.dataverse.asked) == asked


async def test_a_first_look_up_is_one_batch_and_one_more_for_cases(world: World) -> None:
    world.house.put("contacts", "aino", fullname="Aino", mobilephone=number())
    phone = number()
    world.house.put("contacts", "maija", fullname="Maija", mobilephone=phone)
    await world.configure(lookUp=True)
    await world.text(phone)
    assert sum("$batch" in one for one in world.house.dataverse.asked) == 2
    await world.text(number())
    assert sum("$batch" in one for one in world.house.dataverse.asked) == 3


async def test_without_the_setting_nobody_is_asked(world: World) -> None:
    await world.configure()
    await world.text(number())
    assert world.house.authorizations == []


@pytest.mark.parametrize("answer", [Behaviour.TOO_MANY, Behaviour.ERROR])
async def test_a_failure_opens_the_conversation_all_the_same_and_is_not_repeated(
    world: World, answer: Behaviour
) -> None:
    await world.configure(lookUp=True)
    world.house.order(answer)
    assert (await world.text(number())).links == ()
    asked = len(world.house.dataverse.asked)
    assert (await world.text(number())).links == ()
    assert len(world.house.dataverse.asked) == asked


async def test_an_environment_that_is_down_hides_nobody_of_another(world: World) -> None:
    phone = number()
    aino = world.house.put("contacts", "aino", fullname="Aino", mobilephone=phone)
    await world.configure("elsewhere", elsewhere={"apiBase": "http://127.0.0.1:9"}, lookUp=True)
    assert [link.id for link in (await world.text(phone)).links] == [aino]


async def test_a_wrong_secret_or_nonsense_opens_it_too(world: World) -> None:
    await world.configure(lookUp=True, clientSecret="wrong")
    assert (await world.text(number())).links == ()
    await world.configure(lookUp=True, clientId=guid("another"))
    world.house.answers = [web.json_response({"Attributes": 5}), web.Response(text="[[[")]
    assert (await world.text(number())).links == ()


async def test_a_slow_environment_costs_two_seconds_once(world: World) -> None:
    await world.configure(lookUp=True)
    world.house.delay = timedelta(seconds=30)
    begun = monotonic()
    assert (await world.text(number())).links == ()
    assert 1.5 < monotonic() - begun < 20  # two seconds, and a busy machine
    asked = len(world.house.authorizations)
    await world.text(number())
    assert len(world.house.authorizations) == asked


def test_spellings_of_a_number() -> None:
    assert spellings("+358401234567") == (
        "+358401234567",
        "358401234567",
        "00358401234567",
        "+358 40 1234567",
        "040 1234567",
        "0401234567",
        "040-1234567",
    )
    assert spellings("nobody") == ("nobody",)
