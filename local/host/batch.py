"""Receiving one message, or a batch in the order of the queue, without ever taking more than is asked for.

Batches are received one message at a time: the SDK gives back what arrives between two receives, and
with more than one message on the way that would put a session's messages out of order.
"""

import time
from collections.abc import Callable, Sequence

from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver
from azure.servicebus.exceptions import MessageLockLostError

from local.host.settings import ServiceBusOptions
from local.host.spec import QueueTrigger

POLL_SECONDS = 0.5  # how long one receive waits: how soon a lane notices that the host stops
GAP_SECONDS = 0.05  # a batch ends when the queue gives nothing for so long
SINGLE_SECONDS = 0.5  # the SDK wakes so often to wait on: a busy machine feels forty queues


def socket_timeout(trigger: QueueTrigger) -> float:
    """Give the SDK's socket time-out: its granularity of waiting, so also of the end of a batch."""
    return GAP_SECONDS if trigger.many else SINGLE_SECONDS


async def receive(
    receiver: ServiceBusReceiver, trigger: QueueTrigger, options: ServiceBusOptions
) -> list[ServiceBusReceivedMessage]:
    """Receive what the function takes at once, an empty list when nothing comes within half a second.

    A batch without sessions waits up to `maxBatchWaitTime` for `minMessageBatchSize` messages.
    """
    batch = list(await receiver.receive_messages(1, POLL_SECONDS))
    if not batch or not trigger.many:
        return batch
    least = 1 if trigger.sessions else options.min_message_batch_size
    until = time.monotonic() + options.max_batch_wait_time
    while len(batch) < options.max_message_batch_size:
        more = await receiver.receive_messages(1, GAP_SECONDS)
        if not more and (len(batch) >= least or time.monotonic() >= until):
            break
        batch += more
    return batch


async def complete(
    receiver: ServiceBusReceiver,
    batch: Sequence[ServiceBusReceivedMessage],
    lost: Callable[[ServiceBusReceivedMessage], None],
) -> None:
    """Take the messages off the queue; `lost` is told of each whose lock is gone, which comes again.

    Raises SessionLockLostError or another ServiceBusError when none of them can be settled any more.
    """
    for message in batch:
        try:
            await receiver.complete_message(message)
        except MessageLockLostError:
            lost(message)


async def abandon(
    receiver: ServiceBusReceiver,
    batch: Sequence[ServiceBusReceivedMessage],
    lost: Callable[[ServiceBusReceivedMessage], None],
) -> None:
    """Give the messages back, their delivery count raised: the broker dead-letters at its limit."""
    for message in batch:
        try:
            await receiver.abandon_message(message)
        except MessageLockLostError:
            lost(message)
