"""Reading from the real queues with the SDK, as the Functions host would: lock, read, complete."""

import asyncio
from typing import Any
from uuid import uuid4

from azure.servicebus import ServiceBusMessageState, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

from functions.ports import Envelope
from local.servicebus.launch import ServiceBus

# The SDK sleeps a fifth of a second between looks at its socket, and its close waits for the next second of a
# keep-alive that it starts whenever it does not prefetch.
QUICK: dict[str, Any] = {"socket_timeout": 0.02, "prefetch_count": 100, "keep_alive": None}


async def read(
    broker: ServiceBus, queue: str, session: str | None = None, *, count: int, seconds: float = 20
) -> list[ServiceBusReceivedMessage]:
    """Take `count` messages in order, then all that the queue has besides: what is too much shows."""
    found: list[ServiceBusReceivedMessage] = []
    client = ServiceBusClient.from_connection_string(broker.connection_string)
    async with client, client.get_queue_receiver(queue, session_id=session, **QUICK) as receiver:
        async with asyncio.timeout(seconds):
            while len(found) < count:
                found += await take(receiver, 5)
        while await _waits(receiver) and (more := await take(receiver, 0.5)):
            found += more
    return found


async def take(receiver: ServiceBusReceiver, wait: float) -> list[ServiceBusReceivedMessage]:
    messages = await receiver.receive_messages(100, max_wait_time=wait)
    for message in messages:
        await receiver.complete_message(message)
    return list(messages)


async def _waits(receiver: ServiceBusReceiver) -> bool:
    """Ask the broker whether there is more: it knows, so nobody has to wait for nothing to come."""
    there = await receiver.peek_messages(100, sequence_number=1)
    return any(message.state is ServiceBusMessageState.ACTIVE for message in there)


def text(message: ServiceBusReceivedMessage) -> str:
    return b"".join(message.body).decode()


def envelope(session: str, body: str = "{}", message: str = "") -> Envelope:
    """An envelope with an id of its own."""
    return Envelope(message or uuid4().hex, body, session, {"cloudEvents:specversion": "1.0"})
