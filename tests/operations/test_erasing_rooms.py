"""Erasing whoever called, wrote to the Messaging API and chatted: nothing of them is left in any room."""

from collections.abc import AsyncIterator
from json import dumps

import pytest
import pytest_asyncio

from functions.errors import Unavailable
from functions.identity.merging import Who
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.operations.erasing import Customer, House, Rows, open_house, somebody

HELD = {"callnames", "callqueues", "calls", "callsdue", "callwatch", "chats", "customs", "parked"}
HELD |= {"due", "identities", "recordlinks", "sends", "threads", "timeline", "waiting"}
# What is not one customer's alone: contacts, and what became of an account's webhooks.
SHARED = {"records", "handshakes"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(azurite: Azurite, blob_service: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with open_house(azurite, blob_service, servicebus) as house:
        yield house


def found(customer: Customer, rows: Rows, blobs: dict[str, bytes]) -> list[str]:
    """Give where anything is said of a customer: rows by their keys and values, blobs by their bytes."""
    listed = {f"{where}": f"{where} {row}" for where, row in rows.items()}
    files = {name: f"{name} {content!r}" for name, content in blobs.items()}
    return [
        where
        for where, said in {**listed, **files}.items()
        if any(trace in said for trace in customer.traces)
    ]


async def erase(house: House, customer: Customer) -> None:
    for (channel, account), name in customer.ids.items():
        await house.services.erasure.erase(Who(channel=channel, account=account, id=name), "admin")


async def test_nothing_is_left_in_any_room_and_the_other_keeps_all(house: House) -> None:
    other = await house.known(somebody())
    before, files = await house.everything()
    customer = await house.known(somebody())
    rows, blobs = await house.everything()
    assert {where[0] for where in set(rows) - set(before)} >= HELD
    assert len(blobs) == len(files) + 1
    assert len(found(customer, rows, blobs)) > 30

    await erase(house, customer)
    after, left = await house.everything()
    assert found(customer, after, left) == []
    new = {where for where in set(after) - set(before) if where[1] != "erasures"}
    assert {where[0] for where in new} <= {"records"}  # the company is not the customer
    assert left == files
    assert set(before) <= set(after)
    assert [where for where in before if after[where] != before[where] and where[0] not in SHARED] == []
    assert len(found(other, after, left)) == len(found(other, before, files)) > 30


@pytest.mark.parametrize("table", ["sends", "callwatch", "customs", "parked", "threads", "identities"])
async def test_what_was_cut_off_is_done_by_the_same_call(house: House, table: str) -> None:
    customer = await house.known(somebody())
    house.weather.failing = table
    with pytest.raises(Unavailable):
        await erase(house, customer)
    assert found(customer, *await house.everything())
    await erase(house, customer)
    assert found(customer, *await house.everything()) == []


async def test_what_was_never_routed_is_found_by_the_customer(house: House) -> None:
    customer = somebody()
    told = {"customerid": customer.custom, "preferredname": customer.mark}
    await house.create(dumps({"customercontext": told}).encode())
    assert found(customer, *await house.everything())
    await erase(house, customer)
    assert found(customer, *await house.everything()) == []
