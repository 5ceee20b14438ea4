"""Service Bus queue triggers, on the azure-servicebus SDK: the emulator and a real namespace alike.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger. What a function
fails at is abandoned, so the broker delivers it again, and dead-letters it at the queue's limit.
"""

import asyncio
import logging
import time

from azure.core.exceptions import AzureError
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import AutoLockRenewer, ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import OperationTimeoutError, SessionLockLostError

from local.host.batch import abandon, complete, receive, socket_timeout
from local.host.context import trace_context
from local.host.invoke import InvocationFailed, Invoker
from local.host.lanes import Lanes
from local.host.metadata import application_properties, encode_many, encode_one
from local.host.outage import Outage
from local.host.settings import ServiceBusOptions
from local.host.spec import FunctionSpec, QueueTrigger

LOG = logging.getLogger("monikanava.host")
DEAD_LETTERS = "/$deadletterqueue"
ACCEPT_SECONDS = 30  # how long the last waiting lane waits for a session
SPARE_SECONDS = 5  # how long the others wait for work
HOLD_SECONDS = 60  # how long a busy session keeps its lane: then another has its turn


class QueueListener:
    """Feeds one function from its queue until stopped. `client` must be made with `retry_total=0`."""

    def __init__(
        self,
        spec: FunctionSpec,
        trigger: QueueTrigger,
        client: ServiceBusClient,
        invoker: Invoker,
        options: ServiceBusOptions,
    ) -> None:
        self._spec, self._trigger, self._client = spec, trigger, client
        self._invoker, self._options, self._outage = invoker, options, Outage(trigger.queue)
        limit = options.max_concurrent_sessions if trigger.sessions else options.max_concurrent_calls
        limit = (
            1 if trigger.many else limit
        )  # as Azure's extension does: one batch, of one session, at a time
        self._lanes = Lanes(limit, self._turn)
        self._renewer = AutoLockRenewer(options.max_auto_lock_renewal_duration)
        self._closing: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Open the first lane."""
        self._lanes.open()

    async def stop(self) -> None:
        """Take no more work, let running invocations end and settle for up to 30 seconds, and close."""
        await self._lanes.stop()
        await asyncio.gather(*self._closing)
        await self._renewer.close()

    async def _turn(self) -> bool:
        """Open a receiver and work until it has nothing more; whether it found any work."""
        receiver = self._receiver()
        try:
            await self._lanes.idle(receiver.__aenter__())
            self._outage.over()
            return await (self._serve_session(receiver) if self._trigger.sessions else self._serve(receiver))
        except OperationTimeoutError:
            self._outage.over()
            return False
        except SessionLockLostError:
            LOG.warning("%s lost a session; what it has not settled comes again", self._spec.name)
            return True
        except (AzureError, OSError) as error:
            await self._lanes.idle(self._outage.wait(error))
            return False
        finally:
            # Closing takes the SDK up to a second, which the next session need not wait for.
            closing = asyncio.create_task(_close(receiver))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _receiver(self) -> ServiceBusReceiver:
        queue, wait = self._trigger.queue, socket_timeout(self._trigger)
        if queue.lower().endswith(DEAD_LETTERS):
            name, kind = queue[: -len(DEAD_LETTERS)], ServiceBusSubQueue.DEAD_LETTER
            return self._client.get_queue_receiver(name, sub_queue=kind, socket_timeout=wait)
        if not self._trigger.sessions:
            return self._client.get_queue_receiver(queue, socket_timeout=wait)
        patience = SPARE_SECONDS if self._lanes.spare else ACCEPT_SECONDS
        return self._client.get_queue_receiver(
            queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=patience, socket_timeout=wait
        )

    async def _serve_session(self, receiver: ServiceBusReceiver) -> bool:
        renewal = HOLD_SECONDS + self._options.max_auto_lock_renewal_duration
        self._renewer.register(receiver, receiver.session, max_lock_renewal_duration=renewal)
        with self._lanes.working():
            since = opened = time.monotonic()
            while not self._lanes.stopping and time.monotonic() < opened + HOLD_SECONDS:
                if batch := await receive(receiver, self._trigger, self._options):
                    await self._process(receiver, batch)
                    since = time.monotonic()
                elif self._lanes.wanted or time.monotonic() - since >= self._options.session_idle_timeout:
                    break
        return True

    async def _serve(self, receiver: ServiceBusReceiver) -> bool:
        since = time.monotonic()
        while not self._lanes.stopping:
            if batch := await receive(receiver, self._trigger, self._options):
                with self._lanes.working():
                    await self._process(receiver, batch)
                since = time.monotonic()
            elif self._lanes.spare and time.monotonic() - since >= SPARE_SECONDS:
                return False
        return True

    async def _process(self, receiver: ServiceBusReceiver, batch: list[ServiceBusReceivedMessage]) -> None:
        if not self._trigger.sessions:
            for message in batch:
                self._renewer.register(receiver, message)
        try:
            await self._invoke(batch)
        except InvocationFailed:
            await abandon(receiver, batch, self._lost)
        else:
            await complete(receiver, batch, self._lost)

    async def _invoke(self, batch: list[ServiceBusReceivedMessage]) -> None:
        binary = self._trigger.binary
        try:
            data, metadata = (
                encode_many(batch, binary) if self._trigger.many else encode_one(batch[0], binary)
            )
        except TypeError as error:
            LOG.error("%s cannot take message %s: %s", self._spec.name, batch[0].sequence_number, error)
            raise InvocationFailed(self._spec.name) from error
        values = application_properties(batch[0])
        parent = values.get("traceparent") or values.get("Diagnostic-Id") or ""
        await self._invoker.invoke(self._spec, data, metadata, trace_context(str(parent)))

    def _lost(self, message: ServiceBusReceivedMessage) -> None:
        LOG.warning(
            "%s lost the lock of message %s; it comes again", self._spec.name, message.sequence_number
        )


async def _close(receiver: ServiceBusReceiver) -> None:
    try:
        await receiver.close()
    except (AzureError, OSError) as error:
        # The connection is gone with or without a good-bye.
        LOG.debug("closing a receiver: %s", type(error).__name__)
