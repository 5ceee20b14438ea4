"""Clients that die, crowd in, or talk nonsense."""

import asyncio
import sys
import time
import uuid

from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from hypothesis import given
from hypothesis import strategies as st
from proton import Message as AmqpMessage

from local.servicebus import sections
from local.servicebus.codec import drafts
from local.servicebus.launch import ServiceBus

CROWD = 64
WAIT = 20.0

HOLDER = """
import sys, time
from azure.servicebus import ServiceBusClient
client = ServiceBusClient.from_connection_string(sys.argv[1])
receiver = client.get_queue_receiver("sessions", session_id=sys.argv[2]).__enter__()
print(receiver.receive_messages(1, max_wait_time=10)[0], flush=True)
time.sleep(600)
"""


async def test_a_killed_clients_session_is_free_at_once(bus: ServiceBus) -> None:
    session = uuid.uuid4().hex
    async with ServiceBusClient.from_connection_string(bus.connection_string) as client:
        async with client.get_queue_sender("sessions") as sender:
            await sender.send_messages(ServiceBusMessage("held", session_id=session))
        holder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOLDER, bus.connection_string, session), stdout=asyncio.subprocess.PIPE
        )
        assert holder.stdout is not None
        assert await asyncio.wait_for(holder.stdout.readline(), WAIT) == b"held\n"
        holder.kill()
        await holder.wait()
        started = time.monotonic()
        async with client.get_queue_receiver("sessions", session_id=session) as receiver:
            [message] = await receiver.receive_messages(1, max_wait_time=5)
            assert time.monotonic() - started < 5, (
                "the lock lasts a minute; the next receiver must not wait for it"
            )
            assert (str(message), message.delivery_count) == ("held", 0)
            await receiver.complete_message(message)


async def test_a_crowd_of_receivers_waits_for_sessions(bus: ServiceBus) -> None:
    run = uuid.uuid4().hex
    async with ServiceBusClient.from_connection_string(bus.connection_string) as client:

        async def take() -> tuple[str, list[str]]:
            async with client.get_queue_receiver(
                "many-sessions", session_id=NEXT_AVAILABLE_SESSION, max_wait_time=WAIT
            ) as receiver:
                got: list[str] = []
                while len(got) < 3:
                    for message in await receiver.receive_messages(3, max_wait_time=WAIT):
                        got.append(str(message))
                        await receiver.complete_message(message)
                return receiver.session.session_id, got

        waiting = [asyncio.create_task(take()) for _ in range(CROWD)]
        async with client.get_queue_sender("many-sessions") as sender:
            for number in range(3):
                batch = [ServiceBusMessage(f"{number}", session_id=f"{run}-{n}") for n in range(CROWD)]
                await sender.send_messages(batch)
        taken = await asyncio.gather(*waiting)
    assert dict(taken) == {f"{run}-{number}": ["0", "1", "2"] for number in range(CROWD)}


NONSENSE = (
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"AMQP\x03\x01\x00\x00" + b"\xff" * 64,
    b"AMQP\x03\x01\x00\x00" + bytes.fromhex("0000001002010000005341c001000000") + b"\xff" * 500,
    b"AMQP\x00\x01\x00\x00",
)


async def test_nonsense_is_cut_off_and_others_are_served(bus: ServiceBus) -> None:
    for nonsense in NONSENSE:
        reader, writer = await asyncio.open_connection("127.0.0.1", bus.port)
        writer.write(nonsense)
        await asyncio.wait_for(reader.read(), WAIT)  # to the end: the emulator closes
        writer.close()
    async with (
        ServiceBusClient.from_connection_string(bus.connection_string) as client,
        client.get_queue_sender("still-there") as sender,
        client.get_queue_receiver("still-there") as receiver,
    ):
        await sender.send_messages(ServiceBusMessage("still there"))
        [message] = await receiver.receive_messages(1, max_wait_time=5)
        await receiver.complete_message(message)
        assert str(message) == "still there"


@given(st.binary(max_size=200))
def test_bytes_are_sections_or_a_value_error(data: bytes) -> None:
    try:
        found = list(sections.sections(data))
    except ValueError:
        return
    assert [start for _, start, _, _ in found] == [0, *(end for *_, end in found)][: len(found)]


# Proton's own encoder, the oracle here, ends a string at a NUL.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


@given(st.binary(max_size=70_000), NAMES, NAMES, st.integers(1, 2**31))
def test_what_a_sender_set_is_read(body: bytes, key: str, session: str, ttl: int) -> None:
    encoded = AmqpMessage(body, id=key, group_id=session, inferred=True, ttl=ttl / 1000).encode()
    [draft] = drafts(encoded)
    assert (draft.message_id, draft.session, draft.payload) == (key, session, encoded)
