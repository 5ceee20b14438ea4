"""A channel that is down for hours: tried again and again, in order, parked in the end, replayed by hand."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from functions.conversations.model import State
from functions.desk.call import Call, Caller, Nothing
from functions.desk.parked import replay_parked
from functions.message import Delivery, Event, Outbound
from functions.providers.answers import AMBIGUOUS
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.delivery.custom import Shop, open_shop
from tests.intake.reading import text


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[Shop]:
    async with open_shop(azurite, servicebus) as shop:
        yield shop


@pytest.fixture
def shop(opened: Shop) -> Shop:
    opened.channel.taken.clear()
    opened.channel.status, opened.channel.calls = 200, 0
    opened.channel.headers.clear()
    return opened


async def test_what_is_taken_at_once_leaves_nothing_behind(shop: Shop) -> None:
    outbound = await shop.delivered(await shop.customer(), "Hei")
    assert (await shop.state(outbound)).delivery is Delivery.SENT
    assert (shop.channel.taken, await shop.waiting(outbound.session)) == (["Hei"], [])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_channel_that_is_down_is_asked_again_for_hours(shop: Shop, status: int) -> None:
    shop.channel.status = status
    outbound = await shop.delivered(await shop.customer(), "Hei")
    pauses = await shop.work_until(outbound.session, timedelta(hours=2))
    assert pauses[:4] == [5, 15, 60, 300]
    assert set(pauses[4:]) == {900}
    assert shop.channel.calls == len(pauses) + 1 == 12
    message = await shop.state(outbound)
    assert message.delivery is Delivery.QUEUED
    assert (message.attempted_at is None) == (status not in AMBIGUOUS)
    shop.channel.status = 200
    await shop.work_until(outbound.session, timedelta(hours=1))
    assert (shop.channel.taken, await shop.waiting(outbound.session)) == (["Hei"], [])
    assert (await shop.state(outbound)).delivery is Delivery.SENT


@pytest.mark.parametrize(("asked", "waited"), [("2", 5), ("100", 100), ("90000", 3600)])
async def test_the_channel_says_when_to_come_back(shop: Shop, asked: str, waited: float) -> None:
    shop.channel.status = 503
    shop.channel.headers["Retry-After"] = asked
    outbound = await shop.delivered(await shop.customer(), "Hei")
    shop.channel.status = 200
    assert await shop.work_until(outbound.session, timedelta(hours=2)) == [waited]


async def test_later_replies_wait_behind_the_one_that_is_held(shop: Shop) -> None:
    conversation, other = await shop.customer(), await shop.customer()
    shop.channel.status = 503
    held = await shop.delivered(conversation, "1")
    for number in "23":
        await shop.delivered(conversation, number)
    assert shop.channel.calls == 1
    shop.channel.status = 200
    await shop.delivered(conversation, "4")  # up again, and still nobody overtakes
    await shop.delivered(other, "another thread")
    assert shop.channel.taken == ["another thread"]
    await shop.work_until(held.session, timedelta(minutes=1))
    assert shop.channel.taken == ["another thread", "1", "2", "3", "4"]
    assert await shop.waiting(held.session) == []


async def test_those_who_waited_are_held_in_their_turn(shop: Shop) -> None:
    conversation = await shop.customer()
    shop.channel.status = 503
    held = await shop.delivered(conversation, "1")
    await shop.delivered(conversation, "2")
    for _ in "12":
        shop.channel.status = 200
        shop.clock.forward(timedelta(seconds=6))
        first = (await shop.waiting(held.session))[0]
        await shop.courier.deliver(Outbound.model_validate_json(first[2]), 1)
        shop.handled.add(first[1])
        shop.channel.status = 503
        await shop.work(held.session)
    assert shop.channel.taken == ["1", "2"]


async def test_news_of_the_conversation_keep_their_place(shop: Shop) -> None:
    conversation = await shop.customer()
    shop.channel.status = 503
    held = await shop.delivered(conversation, "good-bye")
    moved = await shop.services.threads.transition(conversation, State.WRAP_UP, agent="maija")
    assert moved.news
    assert moved.news.event is Event.ENDED
    await shop.courier.deliver(moved.news, 1)
    shop.channel.status = 200
    await shop.work_until(held.session, timedelta(minutes=1))
    assert shop.channel.taken == ["good-bye", "ended"]


async def test_a_refusal_for_good_holds_up_nobody(shop: Shop) -> None:
    conversation = await shop.customer()
    shop.channel.status = 503
    held = await shop.delivered(conversation, "1")
    later = await shop.delivered(conversation, "2")
    shop.channel.status = 410
    shop.clock.forward(timedelta(seconds=5))
    await shop.work(held.session)
    for outbound in (held, later):
        message = await shop.state(outbound)
        assert (message.delivery, message.delivery_code) == (Delivery.FAILED, "410")
    assert shop.channel.calls == 3


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


async def _parked(shop: Shop, outbound: Outbound) -> str:
    """Read the message from the parked queue, note it as the function does, and give its id in the list."""
    async with shop.client.get_queue_receiver("parked") as receiver:
        for found in await receiver.peek_messages(max_message_count=200):
            given = (found.application_properties or {}).items()
            properties = {_text(name): _text(value) for name, value in given}
            if properties["message"] == outbound.id:
                await shop.services.parked.record(found.message_id or "", text(found), properties)
                return found.message_id or ""
    raise AssertionError("it is not parked")


async def test_after_a_day_it_is_parked_and_the_next_one_goes(shop: Shop) -> None:
    conversation = await shop.customer()
    shop.channel.status = 503
    shop.channel.headers["Retry-After"] = "3600"
    held = await shop.delivered(conversation, "1")
    shop.clock.forward(timedelta(hours=2))
    later = await shop.delivered(conversation, "2")
    await shop.work_until(held.session, timedelta(hours=22))
    message = await shop.state(held)
    assert (message.delivery, message.delivery_code) == (Delivery.FAILED, "gave-up")
    assert (await shop.state(later)).delivery is Delivery.QUEUED
    shop.channel.status = 200
    await shop.work_until(held.session, timedelta(hours=2))
    assert shop.channel.taken == ["2"]
    parked = await shop.services.parked.get(await _parked(shop, held))
    assert (parked.queue, parked.session) == ("outbound-custom", held.session)
    assert "24:00:00" in parked.reason or "1 day" in parked.reason


async def test_a_parked_reply_is_replayed(shop: Shop) -> None:
    shop.channel.status = 503
    shop.channel.headers["Retry-After"] = "3600"
    held = await shop.delivered(await shop.customer(), "1")
    await shop.work_until(held.session, timedelta(hours=25))
    parked = await _parked(shop, held)
    call = Call(Caller("admin"), "parked", {"id": parked}, {}, Nothing(), Nothing(), shop.clock())
    await replay_parked(call, shop.services)
    assert (await shop.state(held)).delivery is Delivery.QUEUED
    await shop.work(held.session)
    assert (await shop.state(held)).delivery is Delivery.QUEUED  # held anew: the day begins again
    shop.channel.status = 200
    await shop.work_until(held.session, timedelta(hours=1))
    assert shop.channel.taken == ["1"]
    assert (await shop.state(held)).delivery is Delivery.SENT


async def test_killed_before_it_let_the_next_one_go_the_line_still_moves(shop: Shop) -> None:
    conversation = await shop.customer()
    shop.channel.status = 503
    held = await shop.delivered(conversation, "1")
    await shop.delivered(conversation, "2")
    shop.channel.status = 200
    await shop.services.threads.sent(held.id, ["k-1"])  # and the process ended
    await shop.courier.deliver(held, 2)  # the queue brings it again
    await shop.work(held.session)
    assert shop.channel.taken == ["2"]


async def test_a_place_that_nobody_left_is_cleared_by_who_comes(shop: Shop) -> None:
    conversation = await shop.customer()
    shop.channel.status = 503
    held = await shop.delivered(conversation, "1")
    await shop.delivered(conversation, "2")
    shop.channel.status = 200
    await shop.services.threads.sent(held.id, ["k-1"])
    await shop.delivered(conversation, "3")
    await shop.work(held.session)
    assert shop.channel.taken == ["2", "3"]


async def test_one_that_its_queue_gave_up_holds_nobody_up_for_ever(shop: Shop) -> None:
    conversation = await shop.customer()
    shop.channel.status = 503
    lost = await shop.delivered(conversation, "1")
    await shop.delivered(conversation, "2")
    shop.channel.status = 200
    shop.clock.forward(timedelta(hours=12))
    await shop.delivered(conversation, "3")
    assert shop.channel.taken == []  # it may still come
    shop.clock.forward(timedelta(hours=14))
    await shop.delivered(conversation, "4")
    shop.handled |= {name for _, name, _ in await shop.waiting(lost.session) if name.startswith(lost.id)}
    await shop.work_until(lost.session, timedelta(hours=1))
    assert shop.channel.taken == ["2", "3", "4"]


async def test_brought_twice_it_is_sent_once(shop: Shop) -> None:
    conversation = await shop.customer()
    shop.channel.status = 503
    held = await shop.delivered(conversation, "1")
    later = await shop.delivered(conversation, "2")
    await shop.courier.deliver(later, 2)
    shop.channel.status = 200
    await shop.courier.deliver(held, 2)
    await shop.work_until(held.session, timedelta(hours=1))
    assert shop.channel.taken == ["1", "2"]
