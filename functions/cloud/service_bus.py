"""Service Bus by its SDK: one client an app, one sender a queue, concurrent sends joined in batches.

The output binding cannot set a session or message id, so the SDK sends. While one batch is on its way
the next callers gather, and go together: the more webhooks arrive at once, the fewer round trips each costs.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from azure.core.credentials_async import AsyncTokenCredential
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender
from azure.servicebus.exceptions import MessageSizeExceededError, ServiceBusError

from functions.errors import TooLarge, Unavailable
from functions.ports import Envelope

SEND_SECONDS = 5.0  # a provider waits 15 s at the most; the spool must have its turn too
TURN_SECONDS = 10.0  # connecting and sending
CLOSE_SECONDS = 1.0  # a broken link may not answer the goodbye
TURN = 500  # messages that go together; what is left takes the next turn
LIMIT = 250_000  # bytes of body and properties; Standard takes 256 KB. Refused here, so that it fails alone
log = logging.getLogger("monikanava.servicebus")


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One caller's messages, and how it is told."""

    messages: Sequence[ServiceBusMessage]
    done: asyncio.Future[None]


@dataclass(slots=True)
class _Lane:
    """One queue's sender, and who waits for it."""

    waiting: deque[_Waiting] = field(default_factory=deque)
    sender: ServiceBusSender | None = None
    flusher: asyncio.Task[None] | None = None

    def turn(self) -> list[_Waiting]:
        """Take the next callers, at least one, up to TURN messages."""
        taken = [self.waiting.popleft()]
        count = len(taken[0].messages)
        while self.waiting and (count := count + len(self.waiting[0].messages)) <= TURN:
            taken.append(self.waiting.popleft())
        return taken


class AzureBus:
    """`functions.ports.Bus` on Service Bus. Lives on one event loop."""

    def __init__(self, client: ServiceBusClient) -> None:
        self._client = client
        self._lanes: dict[str, _Lane] = {}

    @classmethod
    def connect(cls, connection: str, credential: AsyncTokenCredential | None = None) -> "AzureBus":
        """Take a connection string, or a namespace's host name with a credential; connects at first use."""
        # Without a context of ours the SDK reads all CA certificates anew for every link.
        tls = ssl.create_default_context()
        if credential is None:
            return cls(ServiceBusClient.from_connection_string(connection, retry_total=1, ssl_context=tls))
        return cls(ServiceBusClient(connection, credential, retry_total=1, ssl_context=tls))

    async def send(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        """Put all on the queue, in order; raises Unavailable within about ten seconds.

        Raises TooLarge when one is over what any queue takes, and ValueError for an id over 128 characters;
        then none of the caller's is sent, and nobody else's fails.
        """
        if any(_size(envelope) > LIMIT for envelope in envelopes):
            raise TooLarge(f"a queue message is at most {LIMIT} bytes")
        messages = [_message(envelope) for envelope in envelopes]
        lane = self._lanes.setdefault(queue, _Lane())
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append(_Waiting(messages, done))
        if lane.flusher is None or lane.flusher.done():
            lane.flusher = asyncio.create_task(self._flush(queue, lane))
        await asyncio.shield(done)

    async def probe(self, queue: str) -> None:
        """Open a link to the queue and close it; raises Unavailable."""
        try:
            async with asyncio.timeout(SEND_SECONDS), self._client.get_queue_sender(queue) as sender:
                await sender.create_message_batch()
        except (ServiceBusError, OSError, TimeoutError) as error:
            raise Unavailable(f"Service Bus does not answer ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close every link."""
        for lane in self._lanes.values():
            await _drop(lane)
        await self._client.close()

    async def _flush(self, queue: str, lane: _Lane) -> None:
        while lane.waiting:
            turn = lane.turn()
            failure = await self._try(queue, lane, [m for waiting in turn for m in waiting.messages])
            if failure:
                # Who gathered meanwhile fails too: none waits for two failures, none overtakes these.
                turn, lane.waiting = [*turn, *lane.waiting], deque()
            for waiting in turn:
                _settle(waiting.done, failure)

    async def _try(self, queue: str, lane: _Lane, messages: Sequence[ServiceBusMessage]) -> Exception | None:
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._send(queue, lane, messages)
        except (ServiceBusError, OSError, TimeoutError) as error:
            await _drop(lane)
            return Unavailable(f"Service Bus does not answer ({type(error).__name__})")
        except Exception as error:  # a mistake of ours must not leave the callers waiting for ever
            await _drop(lane)
            return error
        return None

    async def _send(self, queue: str, lane: _Lane, messages: Sequence[ServiceBusMessage]) -> None:
        if lane.sender is None:
            lane.sender = self._client.get_queue_sender(queue)
        batch = await lane.sender.create_message_batch()
        for message in messages:
            try:
                batch.add_message(message)
            except MessageSizeExceededError:
                await lane.sender.send_messages(batch, timeout=SEND_SECONDS)
                batch = await lane.sender.create_message_batch()
                batch.add_message(message)
        await lane.sender.send_messages(batch, timeout=SEND_SECONDS)


async def _drop(lane: _Lane) -> None:
    sender, lane.sender = lane.sender, None
    if sender:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await sender.close()
        except (ServiceBusError, OSError, TimeoutError) as error:
            log.info("closing a sender: %s", type(error).__name__)


def _settle(done: asyncio.Future[None], failure: Exception | None) -> None:
    if failure:
        done.set_exception(failure)
    else:
        done.set_result(None)


def _size(envelope: Envelope) -> int:
    texts = (envelope.body, *envelope.properties, *envelope.properties.values())
    return sum(len(text.encode()) for text in texts)


def _message(envelope: Envelope) -> ServiceBusMessage:
    return ServiceBusMessage(
        envelope.body,
        message_id=envelope.id,
        session_id=envelope.session or None,
        content_type="application/json",
        application_properties=dict(envelope.properties.items()),
        scheduled_enqueue_time_utc=envelope.not_before,
    )
