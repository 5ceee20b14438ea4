"""Replies on their way: over real tables to a provider that refuses, stalls, breaks off, or is gone."""

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from functions.delivery.caller import Caller
from functions.delivery.courier import GIVE_UP_AFTER, LONGEST_WAIT, PAUSES, Later
from functions.errors import NotFound
from functions.message import Delivery
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.simulators.provider import Reply
from local.simulators.server import PROVIDERS
from local.simulators.state import Behaviour
from tests.delivery.house import House, open_house
from tests.waiting import eventually

OK, BUSY, ERROR = Behaviour.OK, Behaviour.TOO_MANY, Behaviour.ERROR
PERMANENT, TIMEOUT, RESET = Behaviour.PERMANENT, Behaviour.TIMEOUT, Behaviour.RESET


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with open_house(azurite, servicebus) as house:
        yield house


@pytest.fixture
def house(opened: House) -> House:
    opened.slept.clear()
    opened.simulators.state.clear("")
    return opened


async def test_a_reply_arrives_once_and_is_sent_with_the_providers_name_for_it(house: House) -> None:
    customer = await house.customer()
    replied = await house.reply(customer, "hyvää päivää")
    for count in (1, 2, 3):  # delivered again by the queue
        await house.courier.deliver(replied.outbound, count)
    [taken] = house.simulators.state.sent("twilio")
    message = await house.state(replied)
    assert (taken.recipient, taken.text) == (customer.sender.id, "hyvää päivää")
    assert (message.delivery, message.provider_message_id) == (Delivery.SENT, taken.id)
    assert message.sent_at is not None


async def test_who_is_too_busy_is_asked_again_after_the_time_it_named(house: House) -> None:
    customer = await house.customer()
    replied = await house.reply(customer, "later")
    house.order(BUSY, ERROR, ERROR, OK)
    await house.courier.deliver(replied.outbound, 1)
    assert house.taken(customer.sender.id) == ["later"]
    assert (await house.state(replied)).delivery is Delivery.SENT
    assert house.slept == [1.0, 2.0, 5.0]


async def test_a_long_retry_after_is_sat_out_as_far_as_one_invocation_may(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio = PROVIDERS[0]
    slow = Reply(429, {"code": 20429}, {"Retry-After": "3600"})
    monkeypatch.setitem(twilio.refusals, BUSY, slow)
    customer = await house.customer()
    replied = await house.reply(customer, "much later")
    house.order(BUSY, BUSY)
    with pytest.raises(Later):
        await house.courier.deliver(replied.outbound, 1)
    assert house.slept == [LONGEST_WAIT]
    message = await house.state(replied)
    assert (message.delivery, message.attempted_at) == (Delivery.QUEUED, None)
    await house.courier.deliver(replied.outbound, 2)
    assert house.taken(customer.sender.id) == ["much later"]


async def test_after_all_tries_of_all_deliveries_it_has_failed(house: House) -> None:
    customer = await house.customer()
    replied = await house.reply(customer, "never")
    tries = len(PAUSES) + 1
    house.order(*[ERROR] * (2 * tries))
    with pytest.raises(Later):
        await house.courier.deliver(replied.outbound, GIVE_UP_AFTER - 1)
    assert house.slept == list(PAUSES)
    await house.courier.deliver(replied.outbound, GIVE_UP_AFTER)
    message = await house.state(replied)
    assert (message.delivery, message.delivery_code) == (Delivery.FAILED, "gave-up")
    assert house.taken(customer.sender.id) == []


async def test_a_refusal_for_good_fails_at_once_with_the_providers_code(house: House) -> None:
    replied = await house.reply(await house.customer(), "unwanted")
    house.order(PERMANENT)
    await house.courier.deliver(replied.outbound, 1)
    message = await house.state(replied)
    assert (message.delivery, message.delivery_code) == (Delivery.FAILED, "21610")
    assert message.delivery_reason
    assert house.slept == []


@pytest.mark.parametrize("trouble", [TIMEOUT, RESET])
async def test_without_an_answer_it_is_uncertain_and_never_sent_again(
    house: House, trouble: Behaviour
) -> None:
    customer = await house.customer()
    replied = await house.reply(customer, "perhaps")
    house.order(trouble)
    for count in (1, 2):
        await house.courier.deliver(replied.outbound, count)
    assert (await house.state(replied)).delivery is Delivery.UNCERTAIN
    assert house.taken(customer.sender.id) == ["perhaps"]


async def test_killed_between_attempt_and_outcome_it_is_uncertain_and_not_sent_again(house: House) -> None:
    customer = await house.customer()
    replied = await house.reply(customer, "perhaps")
    house.order(TIMEOUT)
    process = asyncio.create_task(house.courier.deliver(replied.outbound, 1))
    await eventually(lambda: bool(house.taken(customer.sender.id)), seconds=5)
    process.cancel()
    with pytest.raises(asyncio.CancelledError):
        await process
    assert (await house.state(replied)).attempted_at is not None
    await house.courier.deliver(replied.outbound, 2)
    assert (await house.state(replied)).delivery is Delivery.UNCERTAIN
    assert house.taken(customer.sender.id) == ["perhaps"]


async def test_a_provider_that_is_not_reached_is_tried_again_and_nothing_is_uncertain(house: House) -> None:
    customer = await house.customer()
    replied = await house.reply(customer, "at last")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens
        await house.configure(f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(Later):
            await house.courier.deliver(replied.outbound, 1)
    assert len(house.slept) == len(PAUSES)
    await house.configure(house.api)
    await house.courier.deliver(replied.outbound, 2)
    assert (await house.state(replied)).delivery is Delivery.SENT
    assert house.taken(customer.sender.id) == ["at last"]


async def test_a_customer_who_opted_out_is_not_written_to(house: House) -> None:
    customer = await house.customer()
    await house.opts_out(customer)
    replied = await house.reply(customer, "buy!")
    await house.courier.deliver(replied.outbound, 1)
    message = await house.state(replied)
    assert (message.delivery, message.delivery_code) == (Delivery.FAILED, "opted-out")
    assert house.taken(customer.sender.id) == []


async def test_a_reply_of_several_parts_goes_on_after_the_ones_that_were_taken(house: House) -> None:
    customer = await house.customer()
    words = " ".join(f"sana{n}" for n in range(600))  # three parts of at most 1600 characters
    replied = await house.reply(customer, words)
    house.order(OK, *[ERROR] * (len(PAUSES) + 1))
    with pytest.raises(Later):
        await house.courier.deliver(replied.outbound, 1)
    first = house.taken(customer.sender.id)
    assert len(first) == 1
    assert len((await house.state(replied)).parts) == 1
    await house.courier.deliver(replied.outbound, 2)
    taken = house.taken(customer.sender.id)
    assert " ".join(taken) == words
    message = await house.state(replied)
    assert message.delivery is Delivery.SENT
    assert list(message.parts) == [one.id for one in house.simulators.state.sent("twilio")]


async def test_when_a_later_part_is_uncertain_none_is_repeated(house: House) -> None:
    customer = await house.customer()
    replied = await house.reply(customer, "w" * 3000)
    house.order(OK, RESET)
    for count in (1, 2):
        await house.courier.deliver(replied.outbound, count)
    assert (await house.state(replied)).delivery is Delivery.UNCERTAIN
    assert len(house.taken(customer.sender.id)) == 2


async def test_a_reply_that_breaks_a_rule_of_the_channel_has_failed_with_the_rule(house: House) -> None:
    replied = await house.reply(await house.customer(), "")
    await house.courier.deliver(replied.outbound, 1)
    message = await house.state(replied)
    assert message.delivery is Delivery.FAILED
    assert message.delivery_code
    assert house.simulators.state.sent("twilio") == []


async def test_an_account_that_was_removed_fails_the_reply(house: House) -> None:
    customer = await house.customer()
    replied = await house.reply(customer, "to nobody")
    gone = replied.outbound.model_copy(update={"account": "removed"})
    await house.courier.deliver(gone, 1)
    message = await house.state(replied)
    assert (message.delivery, message.delivery_code) == (Delivery.FAILED, "not-found")


async def test_a_message_that_was_never_recorded_is_not_sent(house: House) -> None:
    customer = await house.customer()
    replied = await house.reply(customer, "recorded")
    unknown = replied.outbound.model_copy(update={"id": replied.outbound.id[:-1] + "9"})
    with pytest.raises(NotFound):
        await house.courier.deliver(unknown, 1)
    assert house.taken(customer.sender.id) == []


async def test_two_threads_are_delivered_side_by_side(house: House) -> None:
    slow, quick = await house.customer(), await house.customer()
    first, second = await house.reply(slow, "slow"), await house.reply(quick, "quick")
    house.order(TIMEOUT)
    patient = Caller(aiohttp.ClientTimeout(total=3))
    house.caller, hasty = patient, house.caller
    waiting = asyncio.create_task(house.courier.deliver(first.outbound, 1))
    await eventually(lambda: bool(house.taken(slow.sender.id)), seconds=2)
    await house.courier.deliver(second.outbound, 1)
    assert not waiting.done()
    await waiting
    house.caller = hasty
    await patient.close()
    assert (await house.state(second)).delivery is Delivery.SENT
