"""Service Bus by its SDK: one client an app, one sender a queue, concurrent sends joined in batches.

The output binding cannot set a session or message id, so the SDK sends. While one batch is on its way
the next callers gather, and go together: the more webhooks arrive at once, the fewer round trips each costs.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from azure.core.credentials_async import AsyncTokenCredential
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender
from azure.servicebus.exceptions import MessageSizeExceededError, ServiceBusError

from functions.errors import TooLarge, Unavailable
from functions.ports import Envelope

SEND_SECONDS = 5.0  # a provider waits 15 s at the most; the spool must have its turn too
BODY_LIMIT = 250_000  # bytes; Standard takes 256 KB with headers. Refused here, so that it fails alone
log = logging.getLogger("monikanava.servicebus")


@dataclass(slots=True)
class _Lane:
    """One queue's sender, and who waits for it."""

    waiting: list[tuple[Sequence[Envelope], asyncio.Future[None]]] = field(default_factory=list)
    sender: ServiceBusSender | None = None
    flusher: asyncio.Task[None] | None = None


class AzureBus:
    """`functions.ports.Bus` on Service Bus. Lives on one event loop."""

    def __init__(self, client: ServiceBusClient) -> None:
        self._client = client
        self._lanes: dict[str, _Lane] = {}

    @classmethod
    def connect(cls, connection: str, credential: AsyncTokenCredential | None = None) -> "AzureBus":
        """Take a connection string, or a namespace's host name with a credential; connects at first use."""
        if credential is None:
            return cls(ServiceBusClient.from_connection_string(connection, retry_total=1))
        return cls(ServiceBusClient(connection, credential, retry_total=1))

    async def send(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        """Put all on the queue, in order; raises Unavailable, or TooLarge for one that no queue takes."""
        if any(len(envelope.body.encode()) > BODY_LIMIT for envelope in envelopes):
            raise TooLarge(f"a queue message is at most {BODY_LIMIT} bytes")
        lane = self._lanes.setdefault(queue, _Lane())
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append((envelopes, done))
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
            if lane.sender:
                await lane.sender.close()
        await self._client.close()

    async def _flush(self, queue: str, lane: _Lane) -> None:
        while lane.waiting:
            turn, lane.waiting = lane.waiting, []
            try:
                async with asyncio.timeout(2 * SEND_SECONDS):
                    await self._send(queue, lane, [e for envelopes, _ in turn for e in envelopes])
                outcome: Unavailable | None = None
            except (ServiceBusError, OSError, TimeoutError) as error:
                outcome = Unavailable(f"Service Bus does not answer ({type(error).__name__})")
                await self._drop(lane)
            for _, done in turn:
                _settle(done, outcome)

    async def _send(self, queue: str, lane: _Lane, envelopes: Sequence[Envelope]) -> None:
        if lane.sender is None:
            lane.sender = self._client.get_queue_sender(queue)
        batch = await lane.sender.create_message_batch()
        for envelope in envelopes:
            try:
                batch.add_message(_message(envelope))
            except MessageSizeExceededError:
                await lane.sender.send_messages(batch, timeout=SEND_SECONDS)
                batch = await lane.sender.create_message_batch()
                batch.add_message(_message(envelope))
        await lane.sender.send_messages(batch, timeout=SEND_SECONDS)

    async def _drop(self, lane: _Lane) -> None:
        sender, lane.sender = lane.sender, None
        if sender:
            try:
                await sender.close()
            except (ServiceBusError, OSError) as error:
                log.info("closing a broken sender: %s", type(error).__name__)


def _settle(done: asyncio.Future[None], error: Unavailable | None) -> None:
    if done.done():  # its caller was cancelled
        return
    if error:
        done.set_exception(error)
    else:
        done.set_result(None)


def _message(envelope: Envelope) -> ServiceBusMessage:
    return ServiceBusMessage(
        envelope.body,
        message_id=envelope.id,
        session_id=envelope.session or None,
        content_type="application/json",
        application_properties={**envelope.properties},
    )
