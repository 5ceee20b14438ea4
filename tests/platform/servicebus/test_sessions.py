"""What a queue with sessions promises, seen through both Python SDKs."""

import asyncio
import uuid

import pytest
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage
from azure.servicebus.exceptions import (
    OperationTimeoutError,
    ServiceBusError,
    SessionCannotBeLockedError,
    SessionLockLostError,
)

from tests.platform.servicebus.sdk import Driver, Stage
from tests.platform.servicebus.test_queues import WAIT, none, one, text

stage = Stage()


async def fill(driver: Driver, queue: str, session: str, texts: list[str]) -> None:
    sender = await driver.sender(queue)
    await sender.send_messages([ServiceBusMessage(one, session_id=session) for one in texts])


@stage.scenario
async def test_a_session_is_one_receivers_and_in_order(driver: Driver) -> None:
    session = uuid.uuid4().hex
    await fill(driver, "ordered", session, ["1", "2", "3"])
    receiver = await driver.receiver("ordered", session_id=session)
    with pytest.raises(SessionCannotBeLockedError):
        await driver.receiver("ordered", session_id=session)
    for expected in "123":
        message = await one(receiver)
        assert (text(message), message.session_id) == (expected, session)
        if expected == "2":
            await receiver.abandon_message(message)
            message = await one(receiver)
            assert (text(message), message.delivery_count) == ("2", 1)
        await receiver.complete_message(message)
    assert await none(receiver)


@stage.scenario
async def test_a_session_keeps_its_state_and_can_be_renewed(driver: Driver) -> None:
    session = uuid.uuid4().hex
    receiver = await driver.receiver("state", session_id=session)
    assert await receiver.session.get_state() is None
    await receiver.session.set_state(b"\x00state")
    assert await receiver.session.get_state() == b"\x00state"
    before = receiver.session.locked_until_utc
    assert await receiver.session.renew_lock() > before
    await receiver.close()
    again = await driver.receiver("state", session_id=session)
    assert await again.session.get_state() == b"\x00state"
    await again.session.set_state(None)
    assert await again.session.get_state() is None


@stage.scenario
async def test_the_next_session_is_waited_for(driver: Driver) -> None:
    with pytest.raises(OperationTimeoutError):
        await driver.receiver("next", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=1)
    waiting = asyncio.create_task(
        driver.receiver("next", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=WAIT)
    )
    session = uuid.uuid4().hex
    await fill(driver, "next", session, ["come"])
    receiver = await waiting
    assert receiver.session.session_id == session
    await receiver.complete_message(await one(receiver))


@stage.scenario
async def test_a_closed_receiver_gives_its_session_back_in_order(driver: Driver) -> None:
    session = uuid.uuid4().hex
    await fill(driver, "back", session, [str(number) for number in range(6)])
    first = await driver.receiver("back", session_id=session, prefetch_count=4)
    assert text(await one(first)) == "0"
    await first.close()
    second = await driver.receiver("back", session_id=session)
    for number in range(6):
        message = await one(second)
        assert (text(message), message.delivery_count) == (str(number), 0)
        await second.complete_message(message)


@stage.scenario
async def test_a_session_lock_that_ends_is_anothers(driver: Driver) -> None:
    session = uuid.uuid4().hex
    await fill(driver, "short-sessions", session, ["a", "b"])
    slow = await driver.receiver("short-sessions", session_id=session)
    held = await one(slow)
    other = await driver.receiver("short-sessions", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=WAIT)
    assert other.session.session_id == session
    first = await one(other)
    assert (text(first), first.delivery_count) == ("a", 1)
    with pytest.raises(SessionLockLostError):
        await slow.complete_message(held)
    await other.complete_message(first)
    await other.complete_message(await one(other))


@stage.scenario
async def test_deferred_messages_of_a_session(driver: Driver) -> None:
    session = uuid.uuid4().hex
    await fill(driver, "deferred", session, ["later", "now"])
    receiver = await driver.receiver("deferred", session_id=session)
    later = await one(receiver)
    await receiver.defer_message(later)
    now = await one(receiver)
    assert text(now) == "now"
    await receiver.complete_message(now)
    assert [text(seen) for seen in await receiver.peek_messages(5, sequence_number=1)] == ["later"]
    [again] = await receiver.receive_deferred_messages([later.sequence_number])
    await receiver.dead_letter_message(again, reason="old")
    buried = await driver.receiver("deferred", sub_queue="deadletter")
    dead = await one(buried)
    assert (text(dead), dead.dead_letter_reason, dead.session_id) == ("later", "old", session)
    await buried.complete_message(dead)


@stage.scenario
async def test_a_message_without_a_session_is_refused(driver: Driver) -> None:
    sender = await driver.sender("ordered")
    with pytest.raises(ServiceBusError, match="session id"):
        await sender.send_messages(ServiceBusMessage("homeless"))


@stage.scenario
async def test_many_sessions_are_drained_at_once(driver: Driver) -> None:
    sender = await driver.sender("many-sessions")
    run = uuid.uuid4().hex
    for number in range(5):
        batch = [ServiceBusMessage(str(number), session_id=f"{run}-{index}") for index in range(16)]
        await sender.send_messages(batch)

    async def drain() -> list[str]:
        receiver = await driver.receiver(
            "many-sessions", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=WAIT
        )
        got: list[str] = []
        while len(got) < 5:
            for message in await receiver.receive_messages(max_message_count=5, max_wait_time=WAIT):
                got.append(text(message))
                await receiver.complete_message(message)
        return got

    assert await asyncio.gather(*(drain() for _ in range(16))) == [list("01234")] * 16
