"""The delivery function: one reply, from its queue to its provider.

    note the attempt ─▶ call ─▶ taken       → sent, with the provider's id
                             ├▶ refused     → failed with the reason, or later again (429, 5xx)
                             ├▶ unreachable → later again
                             └▶ no answer   → uncertain; again only where the provider has an idempotency key

The attempt is noted before the call. Whoever finds the note of an attempt without its outcome (this
process was killed in between) cannot know either: that is an uncertain one too.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from functions.channels import adapter
from functions.channels.contract import Account, Adapter, Call, Outcome, Refused, Sent, Standing, Unsure
from functions.configuration.store import Configurations
from functions.conversations.model import StoredMessage
from functions.conversations.threads import Threads
from functions.delivery.caller import Caller, NotSent, Unknown
from functions.errors import MonikanavaError, NotDeliverable, NotFound, Unavailable
from functions.identity.identities import Identities
from functions.message import Delivery, Outbound
from functions.patience import patient

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds between tries, while the thread waits in order
LONGEST_WAIT = 120.0  # seconds in all; with six calls of 20 s still below the function's 300
GIVE_UP_AFTER = 9  # deliveries by the queue, each with all the tries above
log = logging.getLogger("monikanava.delivery")


class Later(MonikanavaError):
    """The provider does not take it now: the queue shall deliver it again."""

    code = "later"


class Courier:
    """Delivers replies. Sleeping is injected, so that tests do not wait."""

    def __init__(
        self,
        threads: Threads,
        identities: Identities,
        configurations: Configurations,
        caller: Caller,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._threads = threads
        self._identities = identities
        self._configurations = configurations
        self._caller = caller
        self._clock = clock
        self._sleep = sleep

    async def deliver(self, outbound: Outbound, count: int) -> None:
        """Deliver once in effect; `count` is 1 at the first delivery. Raises Later or Unavailable."""
        message = await patient(lambda: self._threads.message(outbound.id))
        if message.delivery is not Delivery.QUEUED:
            return
        try:
            await self._send(outbound, message)
        except Unavailable:
            raise
        except (NotDeliverable, NotFound) as refused:
            await self._failed(message, refused.code, refused.reason)
        except Unknown as unknown:
            await self._uncertain(message, unknown.reason)
        except Exception as error:
            if count < GIVE_UP_AFTER:
                raise
            log.exception("gave up: message=%s", message.id)
            reason = error.reason if isinstance(error, MonikanavaError) else type(error).__name__
            await self._failed(message, "gave-up", reason)

    async def _send(self, outbound: Outbound, message: StoredMessage) -> None:
        live = await patient(self._configurations.current)
        account = await live.account(outbound.channel, outbound.account)
        channel = adapter(outbound.channel, account.provider)
        if message.attempted_at and not channel.capabilities.idempotent:
            raise Unknown("an earlier attempt was cut off before its outcome was known")
        calls = await patient(lambda: self._calls(channel, account, outbound))
        sent = list(message.parts)
        for call in calls[len(sent) :]:
            if sent:
                await self._part_sent(message, sent[-1])
            sent.append(await self._place(channel, account, call, message))
        await patient(lambda: self._threads.sent(message.id, sent))
        log.info("sent: message=%s calls=%d", message.id, len(calls))

    async def _calls(self, channel: Adapter[Any], account: Account[Any], outbound: Outbound) -> list[Call]:
        identity = await self._identities.get(outbound.channel, outbound.account, outbound.recipient)
        if identity and identity.opted_out_at:
            raise NotDeliverable("opted-out", "the customer asked not to be written to")
        conversation = await self._threads.conversation(outbound.conversation)
        return channel.render(outbound, account, Standing(self._clock(), conversation.last_inbound_at))

    async def _place(
        self, channel: Adapter[Any], account: Account[Any], call: Call, message: StoredMessage
    ) -> str:
        waited = 0.0
        for pause in (*PAUSES, None):
            await patient(lambda: self._threads.attempt(message.id, self._clock()))
            outcome = await self._try(channel, account, call)
            if isinstance(outcome, Sent):
                return outcome.message
            _refuse_what_is_final(outcome, channel.capabilities.idempotent)
            await patient(lambda: self._threads.retry_later(message.id))
            wait = max(pause or 0.0, _asked_for(outcome))
            waited += wait
            log.warning("not taken: message=%s reason=%s wait=%.0f", message.id, outcome.reason, wait)
            if pause is None or waited > LONGEST_WAIT:
                raise Later(f"the provider does not take it now: {outcome.reason}")
            await self._sleep(wait)
        raise AssertionError("the last try ends in one of the ways above")

    async def _try(self, channel: Adapter[Any], account: Account[Any], call: Call) -> Outcome:
        try:
            return channel.receipt(await self._caller.call(call, channel.api_base(account)))
        except NotSent as error:
            return Refused(error.code, error.reason, retryable=True)
        except Unknown as error:
            return Unsure(error.reason)

    async def _part_sent(self, message: StoredMessage, provider_id: str) -> None:
        await patient(lambda: self._threads.part_sent(message.id, provider_id))

    async def _uncertain(self, message: StoredMessage, reason: str) -> None:
        log.warning("uncertain: message=%s", message.id)
        await patient(lambda: self._threads.uncertain(message.id, reason))

    async def _failed(self, message: StoredMessage, code: str, reason: str) -> None:
        log.warning("failed: message=%s code=%s", message.id, code)
        await patient(lambda: self._threads.failed(message.id, code, reason))


def _refuse_what_is_final(outcome: Refused | Unsure, idempotent: bool) -> None:
    """Return when another try is allowed; raises NotDeliverable or Unknown when none is."""
    if isinstance(outcome, Unsure):
        if not idempotent:
            raise Unknown(outcome.reason)
    elif not outcome.retryable:
        raise NotDeliverable(outcome.code, outcome.reason)


def _asked_for(outcome: Refused | Unsure) -> float:
    return outcome.retry_after or 0.0 if isinstance(outcome, Refused) else 0.0
