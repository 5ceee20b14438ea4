"""Service Bus queue triggers, on the azure-servicebus SDK: the emulator and a real namespace alike.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger. A *lane* is one
receiver that works on one message, or one batch, at a time: for a queue with sessions it holds one session.
A function has at most `maxConcurrentSessions` (or `maxConcurrentCalls`) lanes. One lane waits at an idle
queue; under load as many wait as work, so that their number doubles until the queue is served, and those
that find nothing close again.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable

from azure.core.exceptions import AzureError
from azure.servicebus import NEXT_AVAILABLE_SESSION, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import AutoLockRenewer, ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import OperationTimeoutError, SessionLockLostError

from local.host.batch import abandon, complete, receive
from local.host.context import trace_context
from local.host.invoke import InvocationFailed, Invoker
from local.host.metadata import application_properties, encode_many, encode_one
from local.host.outage import Outage
from local.host.settings import ServiceBusOptions
from local.host.spec import FunctionSpec, QueueTrigger

LOG = logging.getLogger("monikanava.host")
DEAD_LETTERS = "/$deadletterqueue"
ACCEPT_SECONDS = (
    30  # how long a lane waits for a session, or without work, before it asks whether it is needed
)
BRIEF_SECONDS = 0.25  # how long a session may be idle when others may be waiting for its lane
HOLD_SECONDS = 60  # how long a busy session may keep its lane: then the others have a turn
STOP_SECONDS = 30


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
        self._limit = options.max_concurrent_sessions if trigger.sessions else options.max_concurrent_calls
        self._renewer = AutoLockRenewer(options.max_auto_lock_renewal_duration)
        self._lanes: set[asyncio.Task[None]] = set()
        self._idling: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._stopping = False

    def start(self) -> None:
        """Open the first lane."""
        self._add_lane()

    async def stop(self) -> None:
        """Take no more work, let running invocations end and settle for up to 30 seconds, and close."""
        self._stopping = True
        for lane in self._idling:
            lane.cancel()
        if self._lanes:
            _, late = await asyncio.wait(self._lanes, timeout=STOP_SECONDS)
            for lane in late:
                lane.cancel()
        await asyncio.gather(*self._lanes, *self._closing, return_exceptions=True)
        await self._renewer.close()

    def _add_lane(self) -> bool:
        if self._stopping or len(self._lanes) >= self._limit:
            return False
        self._waiting += 1
        lane = asyncio.create_task(self._lane())
        self._lanes.add(lane)
        lane.add_done_callback(self._lanes.discard)
        return True

    async def _lane(self) -> None:
        try:
            while not self._stopping:
                if not await self._turn() and self._waiting > 1:
                    return
        finally:
            self._waiting -= 1

    async def _turn(self) -> bool:
        """Open a receiver and work until it has nothing more; whether it found any work."""
        receiver = self._receiver()
        try:
            await self._idle(receiver.__aenter__())
            self._outage.over()
            return await (self._serve_session(receiver) if self._trigger.sessions else self._serve(receiver))
        except OperationTimeoutError:
            self._outage.over()
            return False
        except SessionLockLostError:
            LOG.warning(
                "%s lost a session of %s; its messages come again", self._spec.name, self._trigger.queue
            )
            return True
        except (AzureError, OSError) as error:
            await self._idle(self._outage.wait(error))
            return False
        finally:
            # Closing takes the SDK up to a second, which the next session need not wait for.
            closing = asyncio.create_task(_close(receiver))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _idle(self, waiting: Awaitable[object]) -> None:
        """Wait for something that need not be waited for when the host stops."""
        lane = asyncio.current_task()
        if lane is None or self._stopping:
            raise asyncio.CancelledError
        self._idling.add(lane)
        try:
            await waiting
        finally:
            self._idling.discard(lane)

    def _receiver(self) -> ServiceBusReceiver:
        queue = self._trigger.queue
        if queue.lower().endswith(DEAD_LETTERS):
            name, kind = queue[: -len(DEAD_LETTERS)], ServiceBusSubQueue.DEAD_LETTER
            return self._client.get_queue_receiver(name, sub_queue=kind)
        if self._trigger.sessions:
            return self._client.get_queue_receiver(
                queue, session_id=NEXT_AVAILABLE_SESSION, max_wait_time=ACCEPT_SECONDS
            )
        return self._client.get_queue_receiver(queue)

    async def _serve_session(self, receiver: ServiceBusReceiver) -> bool:
        renewal = HOLD_SECONDS + self._options.max_auto_lock_renewal_duration
        self._renewer.register(receiver, receiver.session, max_lock_renewal_duration=renewal)
        self._found_work()
        try:
            since, until = time.monotonic(), time.monotonic() + HOLD_SECONDS
            while not self._stopping and time.monotonic() < until:
                if await self._work(receiver):
                    since = time.monotonic()
                elif time.monotonic() - since >= self._patience():
                    break
        finally:
            self._waiting += 1
        return True

    def _patience(self) -> float:
        # While another lane waits for a session in vain, nobody needs this one.
        return self._options.session_idle_timeout if self._waiting else BRIEF_SECONDS

    async def _serve(self, receiver: ServiceBusReceiver) -> bool:
        since = time.monotonic()
        while not self._stopping:
            batch = await receive(receiver, self._trigger, self._options)
            if batch:
                self._found_work()
                try:
                    await self._process(receiver, batch)
                finally:
                    self._waiting += 1
                since = time.monotonic()
            elif self._waiting > 1 and time.monotonic() - since >= ACCEPT_SECONDS:
                return False
        return True

    async def _work(self, receiver: ServiceBusReceiver) -> bool:
        batch = await receive(receiver, self._trigger, self._options)
        if batch:
            await self._process(receiver, batch)
        return bool(batch)

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

    def _found_work(self) -> None:
        self._waiting -= 1
        while self._waiting < max(1, len(self._lanes) - self._waiting) and self._add_lane():
            pass


async def _close(receiver: ServiceBusReceiver) -> None:
    try:
        await receiver.close()
    except (AzureError, OSError) as error:
        # The connection is gone with or without a good-bye.
        LOG.debug("closing a receiver: %s", type(error).__name__)
