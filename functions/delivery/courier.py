"""The delivery function: one reply, from its queue to its provider.

    note the attempt ─▶ call ─▶ taken       → sent, with the provider's id
                             ├▶ refused     → failed with the reason, or later again (429, 5xx)
                             ├▶ unreachable → later again
                             └▶ no answer   → uncertain; again only while the provider knows its key

The attempt is noted before the call, and the note stays until the outcome is known. Whoever finds it (this
process was killed in between, or had no answer) cannot know either: that is an uncertain one too.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from functions.channels import adapter
from functions.channels.contract import Account, Adapter, Call, Outcome, Refused, Sent, Standing, Unsure
from functions.configuration.store import Configurations
from functions.conversations.model import StoredMessage
from functions.conversations.sends import Sends
from functions.conversations.threads import Threads
from functions.delivery.caller import NotSent, Unknown
from functions.delivery.line import Line
from functions.delivery.waiting import Waiting
from functions.errors import MonikanavaError, NotDeliverable, NotFound, Unavailable
from functions.identity.identities import Identities
from functions.intake.parked import Parked
from functions.message import Delivery, Event, Outbound
from functions.patience import Patience
from functions.telemetry import Figure, count
from functions.traces import trace

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds between tries, while the thread waits in order
LONGEST_WAIT = 120.0  # seconds between the tries of one call in all; a longer Retry-After ends there too
HINT_LASTS = timedelta(seconds=10)  # a sign of typing that waited longer in its queue tells nothing
HINT_SECONDS = 5.0  # for all of it: the replies of the thread wait behind it
GIVE_UP_AFTER = 9  # deliveries by the queue, each with all the tries above
log = logging.getLogger("monikanava.delivery")


class Later(MonikanavaError):
    """The provider does not take it now: it shall be delivered again, in `wait` seconds or later."""

    code = "later"

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class _Job:
    """A message with what sending it needs."""

    outbound: Outbound
    message: StoredMessage
    channel: Adapter[Any]
    account: Account[Any]
    standing: Standing
    patience: Patience

    def calls(self, now: datetime) -> list[Call]:
        """Render it for a moment: signatures hold their time, and some are good for one request only."""
        return self.channel.render(self.outbound, self.account, replace(self.standing, now=now))


class Courier:
    """Delivers replies. Sleeping is injected, so that tests do not wait."""

    def __init__(
        self,
        threads: Threads,
        identities: Identities,
        configurations: Configurations,
        sends: Sends,
        line: Line,
        waiting: Waiting,
        parked: Parked,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._threads = threads
        self._identities = identities
        self._configurations = configurations
        self._sends = sends
        self._line = line
        self._waiting = waiting
        self._parked = parked
        self._clock = clock
        self._sleep = sleep

    async def deliver(self, outbound: Outbound, count: int) -> None:
        """Deliver once in effect; `count` is 1 at the first delivery. Raises Later or Unavailable."""
        if outbound.event is Event.TYPING:
            await self._hint(outbound)
        elif longest := _longest(outbound):
            await self._deliver_for_hours(outbound, longest)
        else:
            await self._deliver(outbound, count)

    async def _deliver_for_hours(self, outbound: Outbound, longest: timedelta) -> None:
        """Deliver in the order of the thread to a channel that may be down; what waits too long is parked."""
        patience = Patience()
        if await patience(lambda: self._waiting.behind(outbound, self._waits, longest)):
            return
        try:
            await self._deliver(outbound, 1)
        except Later as later:
            if await self._held(outbound, later, longest, patience):
                return
        await patience(lambda: self._waiting.leave(outbound))

    async def _held(self, outbound: Outbound, later: Later, longest: timedelta, patience: Patience) -> bool:
        if await patience(lambda: self._waiting.hold(outbound, later.wait, longest)):
            log.warning("held: message=%s reason=%s", outbound.id, later.reason)
            count(Figure.DELIVERIES, channel=outbound.channel, outcome="held")
            return True
        log.error("parked: message=%s reason=%s", outbound.id, later.reason)
        await self._park(outbound, f"not taken for {longest}: {later.reason}")
        await patience(lambda: self._threads.failed(outbound.id, "gave-up", later.reason))
        count(Figure.DELIVERIES, channel=outbound.channel, outcome="failed")
        return False

    async def _waits(self, message: str) -> bool:
        try:
            return (await self._threads.message(message)).delivery is Delivery.QUEUED
        except NotFound:
            return False

    async def _park(self, outbound: Outbound, reason: str) -> None:
        queue = f"outbound-{outbound.channel}"
        await self._parked.park(queue, outbound.session, outbound.id, outbound.json_text(), reason)

    async def _deliver(self, outbound: Outbound, count: int) -> None:
        patience = Patience()
        message = await patience(lambda: self._threads.message(outbound.id))
        if message.delivery is not Delivery.QUEUED:
            return
        try:
            await self._send(outbound, message, patience)
        except Unavailable:
            raise
        except (NotDeliverable, NotFound) as refused:
            await self._failed(outbound, refused.code, refused.reason, patience)
        except Unknown as unknown:
            await self._uncertain(outbound, unknown.reason, patience)
        except Exception as error:
            reason = error.reason if isinstance(error, MonikanavaError) else trace(error)
            if count < GIVE_UP_AFTER:
                raise (error if isinstance(error, Later) else Later(reason)) from None
            await self._failed(outbound, "gave-up", reason, patience)

    async def _hint(self, outbound: Outbound) -> None:
        """Show that an agent types, once and without a trace; what comes late or fails is let go."""
        if self._clock() - outbound.created_at > HINT_LASTS:
            return
        try:
            account = await self._account(outbound)
            channel = adapter(outbound.channel, account.provider)
            async with asyncio.timeout(HINT_SECONDS):
                standing = await self._standing(outbound)
                for call in channel.render(outbound, account, standing):
                    await self._line.place(call, channel, account)
        except Exception as error:  # whatever it is: a hint is not worth a redelivery
            log.info("typing not shown: conversation=%s error=%s", outbound.conversation, trace(error))

    async def _send(self, outbound: Outbound, message: StoredMessage, patience: Patience) -> None:
        account = await patience(lambda: self._account(outbound))
        channel = adapter(outbound.channel, account.provider)
        if message.attempted_at:
            self._check_known(message, channel)
        standing = await patience(lambda: self._standing(outbound))
        job, sent = _Job(outbound, message, channel, account, standing, patience), list(message.parts)
        calls = len(job.calls(standing.now))
        while len(sent) < calls:
            sent.append(await self._place(len(sent), job))
            if len(sent) < calls:
                await patience(lambda: self._threads.part_sent(message.id, sent[-1]))
        if channel.capabilities.threadless_receipts:
            await patience(lambda: self._sends.remember(outbound, sent))
        await patience(lambda: self._threads.sent(message.id, sent))
        log.info("sent: message=%s calls=%d", message.id, calls)
        count(Figure.DELIVERIES, channel=outbound.channel, outcome="sent")

    async def _account(self, outbound: Outbound) -> Account[Any]:
        live = await self._configurations.current()
        return await live.account(outbound.channel, outbound.account)

    async def _standing(self, outbound: Outbound) -> Standing:
        identity = await self._identities.get(outbound.channel, outbound.account, outbound.recipient)
        if identity and identity.opted_out_at:
            raise NotDeliverable("opted-out", "the customer asked not to be written to")
        conversation = await self._threads.conversation(outbound.conversation)
        return Standing(self._clock(), conversation.last_inbound_at, conversation.context)

    async def _place(self, part: int, job: _Job) -> str:
        """Make a part's call until it is taken, and give the provider's id; raises Later after too long."""
        pauses, waited, doubtful = iter(PAUSES), 0.0, job.message.attempted_at is not None
        while True:
            if doubtful:
                self._check_known(job.message, job.channel)
            outcome = await self._attempt(job.calls(self._clock())[part], job)
            if isinstance(outcome, Sent):
                return outcome.message
            doubtful = doubtful or isinstance(outcome, Unsure)
            if not doubtful:
                await job.patience(lambda: self._threads.retry_later(job.message.id))
            pause = 0.0 if job.channel.capabilities.patience else next(pauses, 0.0)
            wait = min(max(pause, _asked_for(outcome)), LONGEST_WAIT - waited, job.patience.left)
            log.warning("not taken: message=%s reason=%s wait=%.0f", job.message.id, outcome.reason, wait)
            if not pause or wait <= 0:
                raise Later(f"the provider does not take it now: {outcome.reason}", _asked_for(outcome))
            waited += wait
            await self._sleep(wait)

    async def _attempt(self, call: Call, job: _Job) -> Outcome:
        """Make the call once, with a note around it; raises NotDeliverable or Unknown when that is final."""
        await job.patience(lambda: self._threads.attempt(job.message.id, self._clock()))
        outcome = await self._try(call, job)
        if isinstance(outcome, Refused) and not outcome.retryable:
            raise NotDeliverable(outcome.code, outcome.reason)
        if isinstance(outcome, Unsure):
            self._check_known(job.message, job.channel, outcome.reason)
        return outcome

    def _check_known(
        self,
        message: StoredMessage,
        channel: Adapter[Any],
        otherwise: str = "an earlier attempt was cut off before its outcome was known",
    ) -> None:
        """Raise Unknown unless the provider still knows the message's key, and so takes it only once."""
        known = channel.capabilities.idempotent
        if not known or self._clock() - message.received_at >= known:
            raise Unknown(otherwise)

    async def _try(self, call: Call, job: _Job) -> Outcome:
        try:
            return await self._line.place(call, job.channel, job.account)
        except NotSent as error:
            return Refused(error.code, error.reason, retryable=True)
        except Unknown as error:
            return Unsure(error.reason)
        except MonikanavaError:
            raise
        except Exception as mistake:  # ours, and nobody knows on which side of the request
            log.error("a call failed: message=%s error=%s", job.message.id, trace(mistake))
            return Unsure(f"the call broke off with {type(mistake).__name__}")

    async def _uncertain(self, outbound: Outbound, reason: str, patience: Patience) -> None:
        log.warning("uncertain: message=%s", outbound.id)
        await patience(lambda: self._threads.uncertain(outbound.id, reason))
        count(Figure.DELIVERIES, channel=outbound.channel, outcome="uncertain")

    async def _failed(self, outbound: Outbound, code: str, reason: str, patience: Patience) -> None:
        log.warning("failed: message=%s code=%s", outbound.id, code)
        await patience(lambda: self._threads.failed(outbound.id, code, reason))
        count(Figure.DELIVERIES, channel=outbound.channel, outcome="failed")


def _longest(outbound: Outbound) -> timedelta:
    try:
        return adapter(outbound.channel, outbound.provider).capabilities.patience
    except NotFound:
        return timedelta()


def _asked_for(outcome: Refused | Unsure) -> float:
    return outcome.retry_after or 0.0 if isinstance(outcome, Refused) else 0.0
