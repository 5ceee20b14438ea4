"""What a queue without sessions promises, seen through both Python SDKs."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusReceiveMode, ServiceBusSubQueue
from azure.servicebus.exceptions import MessageLockLostError, MessageSizeExceededError, ServiceBusError

from local.servicebus.launch import ServiceBus
from tests.platform.servicebus.sdk import DRIVERS, Driver, Stage

WAIT = 10.0  # seconds to wait for what must come
NONE_COMES = 0.5  # seconds to be sure that nothing comes

stage = Stage()


async def one(receiver: Any) -> Any:
    messages = await receiver.receive_messages(max_message_count=1, max_wait_time=WAIT)
    assert len(messages) == 1, "a message was expected"
    return messages[0]


async def none(receiver: Any) -> bool:
    return not await receiver.receive_messages(max_message_count=1, max_wait_time=NONE_COMES)


def text(message: Any) -> str:
    return b"".join(message.body).decode()


@stage.scenario
async def test_a_message_arrives_as_it_was_sent(driver: Driver) -> None:
    sender, receiver = await driver.sender("PLAIN"), await driver.receiver("plain")
    key = uuid.uuid4().hex
    sent = ServiceBusMessage(
        b"\x00\x53\x75 raw",
        application_properties={"cloudEvents:type": "t", "n": 2**30, "ok": True},
        subject="s",
        correlation_id="c",
        content_type="application/json",
        message_id=key,
    )
    await sender.send_messages(sent)
    message = await one(receiver)
    assert b"".join(message.body) == b"\x00\x53\x75 raw"
    assert message.application_properties == {b"cloudEvents:type": b"t", b"n": 2**30, b"ok": True}
    assert (message.subject, message.correlation_id, message.content_type) == ("s", "c", "application/json")
    assert (message.message_id, message.delivery_count) == (key, 0)
    assert message.sequence_number > 0
    assert abs(message.enqueued_time_utc - datetime.now(UTC)) < timedelta(seconds=WAIT)
    await receiver.complete_message(message)
    assert await none(receiver)


@stage.scenario
async def test_every_way_to_settle(driver: Driver) -> None:
    sender, receiver = await driver.sender("settle"), await driver.receiver("settle")
    buried = await driver.receiver("settle", sub_queue=ServiceBusSubQueue.DEAD_LETTER)
    await sender.send_messages(ServiceBusMessage("abandon me"))
    await receiver.abandon_message(await one(receiver))
    again = await one(receiver)
    assert (text(again), again.delivery_count) == ("abandon me", 1)
    await receiver.defer_message(again)
    assert await none(receiver)
    [deferred] = await receiver.receive_deferred_messages([again.sequence_number])
    assert text(deferred) == "abandon me"
    await receiver.complete_message(deferred)
    await sender.send_messages(ServiceBusMessage("bury me", application_properties={"kept": 1}))
    await receiver.dead_letter_message(await one(receiver), reason="broken", error_description="why")
    dead = await one(buried)
    assert (dead.dead_letter_reason, dead.dead_letter_error_description) == ("broken", "why")
    assert dead.application_properties[b"kept"] == 1
    assert dead.dead_letter_source == f"{driver.name}-settle"
    await buried.complete_message(dead)
    assert await none(buried)


@stage.scenario
async def test_too_many_deliveries_dead_letter_a_message(driver: Driver) -> None:
    sender, receiver = await driver.sender("poison"), await driver.receiver("poison")
    buried = await driver.receiver("poison", sub_queue="deadletter")
    await sender.send_messages(ServiceBusMessage("poison"))
    for count in range(3):
        message = await one(receiver)
        assert message.delivery_count == count
        await receiver.abandon_message(message)
    assert await none(receiver)
    dead = await one(buried)
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    await buried.complete_message(dead)


@stage.scenario
async def test_dead_letters_are_forwarded(driver: Driver) -> None:
    sender, receiver = await driver.sender("forwards"), await driver.receiver("forwards")
    collected = await driver.receiver("collected")
    await sender.send_messages(ServiceBusMessage("go"))
    await receiver.dead_letter_message(await one(receiver), reason="r")
    dead = await one(collected)
    assert (text(dead), dead.dead_letter_source) == ("go", f"{driver.name}-forwards")
    await collected.complete_message(dead)


@stage.scenario
async def test_a_lock_can_be_renewed_and_is_lost_in_time(driver: Driver) -> None:
    sender, receiver = await driver.sender("short-lock"), await driver.receiver("short-lock")
    await sender.send_messages(ServiceBusMessage("held"))
    message = await one(receiver)
    first = message.locked_until_utc
    assert await receiver.renew_message_lock(message) > first
    again = await one(receiver)  # comes back by itself once the lock ends
    assert (text(again), again.delivery_count) == ("held", 1)
    with pytest.raises(MessageLockLostError):
        await receiver.complete_message(message)
    await receiver.complete_message(again)


@stage.scenario
async def test_what_lives_too_long_is_dead_lettered(driver: Driver) -> None:
    sender = await driver.sender("short-life")
    buried = await driver.receiver("short-life", sub_queue="deadletter")
    await sender.send_messages(ServiceBusMessage("old", time_to_live=timedelta(seconds=1)))
    dead = await one(buried)
    assert (text(dead), dead.dead_letter_reason) == ("old", "TTLExpiredException")
    await buried.complete_message(dead)


@stage.scenario
async def test_duplicates_are_taken_once(driver: Driver) -> None:
    sender = await driver.sender("no-duplicates")
    receiver = await driver.receiver("no-duplicates", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE)
    key = uuid.uuid4().hex
    await sender.send_messages(ServiceBusMessage("first", message_id=key))
    await sender.send_messages([ServiceBusMessage("again", message_id=key) for _ in range(2)])
    await sender.send_messages(ServiceBusMessage("other", message_id=key + "x"))
    assert [text(await one(receiver)), text(await one(receiver))] == ["first", "other"]
    assert await none(receiver)


@stage.scenario
async def test_messages_can_be_scheduled_cancelled_and_peeked(driver: Driver) -> None:
    sender, receiver = await driver.sender("later"), await driver.receiver("later")
    now = datetime.now(UTC)
    [far] = await sender.schedule_messages(ServiceBusMessage("far"), now + timedelta(hours=1))
    await sender.schedule_messages(ServiceBusMessage("near"), now + timedelta(seconds=5))
    peeked = await receiver.peek_messages(max_message_count=10)
    assert {(text(one), one.state.name) for one in peeked} == {("far", "SCHEDULED"), ("near", "SCHEDULED")}
    assert [text(one) for one in await receiver.peek_messages(1, sequence_number=far)] == ["far"]
    near = await one(receiver)
    assert text(near) == "near"
    assert near.enqueued_time_utc >= now + timedelta(seconds=4.9)
    await receiver.complete_message(near)
    await sender.cancel_scheduled_messages(far)
    assert not await receiver.peek_messages(max_message_count=10, sequence_number=1)
    with pytest.raises(ServiceBusError):
        await sender.cancel_scheduled_messages(far)


@stage.scenario
async def test_batches_and_large_messages(driver: Driver) -> None:
    sender, receiver = await driver.sender("large"), await driver.receiver("large", prefetch_count=20)
    batch = await sender.create_message_batch()
    for number in range(50):
        batch.add_message(
            ServiceBusMessage(f"{number}", message_id=f"{number}", time_to_live=timedelta(hours=1))
        )
    await sender.send_messages(batch)
    await sender.send_messages([ServiceBusMessage("alone")])
    large = bytes(range(256)) * 1024
    await sender.send_messages(ServiceBusMessage(large))
    got: list[bytes] = []
    while len(got) < 52:
        for message in await receiver.receive_messages(max_message_count=30, max_wait_time=WAIT):
            got.append(b"".join(message.body))
            await receiver.complete_message(message)
    assert got == [str(number).encode() for number in range(50)] + [b"alone", large]
    with pytest.raises(MessageSizeExceededError):
        await sender.send_messages(ServiceBusMessage(b"x" * (1024 * 1024)))
    with pytest.raises(ServiceBusError):
        await sender.send_messages(ServiceBusMessage(b"x" * (5 * 1024 * 1024)))


@stage.scenario
async def test_receive_and_delete(driver: Driver) -> None:
    sender = await driver.sender("gone-at-once")
    receiver = await driver.receiver(
        "gone-at-once", receive_mode=ServiceBusReceiveMode.RECEIVE_AND_DELETE, prefetch_count=5
    )
    await sender.send_messages([ServiceBusMessage(str(number)) for number in range(20)])
    assert [text(await one(receiver)) for _ in range(20)] == [str(number) for number in range(20)]
    assert not await receiver.peek_messages(max_message_count=5)


@stage.scenario
async def test_what_is_not_there_or_not_allowed_is_refused(driver: Driver) -> None:
    answers = await asyncio.gather(
        driver.sender("nowhere"),
        driver.receiver("nowhere"),
        driver.receiver("plain", session_id="s"),
        driver.receiver("ordered"),
        return_exceptions=True,
    )
    assert all(isinstance(answer, ServiceBusError) for answer in answers)
    told = [str(answer) for answer in answers]
    assert "could not be found" in told[0]
    assert "could not be found" in told[1]
    assert "no sessions" in told[2]
    assert "receiver of a session" in told[3]


@pytest.mark.parametrize("name", list(DRIVERS))
async def test_a_wrong_key_opens_nothing(name: str, bus: ServiceBus) -> None:
    driver = DRIVERS[name](bus.connection_string.replace("SAS_KEY_VALUE", "another"))
    with pytest.raises(ServiceBusError):
        await driver.sender("plain")
    await driver.close()
