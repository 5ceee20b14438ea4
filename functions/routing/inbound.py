"""The routing function: what came from a channel finds its conversation, or opens one.

One call handles what it is given of a session in one table transaction; Azure's trigger gives one message
(`functions/cloud/triggers.py`). What cannot be read is
parked at once; what fails for no reason of ours is tried again by redelivery, and parked in the end, so
that a poison message never blocks its thread.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from pydantic import ValidationError

from functions.channels import adapter
from functions.configuration.store import Configurations, Live
from functions.conversations.fold import SPEECH
from functions.conversations.opening import Opening
from functions.conversations.sends import NotYetKnown, Sends
from functions.conversations.threads import Threads
from functions.errors import MonikanavaError, NotFound, Unavailable
from functions.identity.identities import Identities
from functions.identity.matching import match
from functions.identity.ranks import Clues
from functions.identity.records import Records
from functions.intake.parked import Parked
from functions.media.requests import MediaRequests
from functions.message import Inbound, Kind
from functions.patience import PATIENCE, patient
from functions.records.work import RecordWork
from functions.telemetry import Figure, count, measure
from functions.traces import trace

PARK_AFTER = 5  # deliveries; the queue itself would dead-letter after 10
STATUS_SECONDS = 5.0  # how long a status may be faster than our own note of the send
CONSENT = frozenset({Kind.OPT_OUT, Kind.OPT_IN})
Fill = Callable[[Clues], Awaitable[bool]]  # tells whether the record store has come to know more
log = logging.getLogger("monikanava.routing")


async def nowhere(clues: Clues) -> bool:
    """Look nobody up."""
    return False


@dataclass(frozen=True, slots=True)
class Delivery:
    """A queue message as the trigger hands it over; `count` is 1 at its first delivery."""

    message: str
    session: str
    body: str
    count: int


class NotRouted(MonikanavaError):
    """The batch shall be delivered again."""

    code = "not-routed"


class Router:
    """Routes the messages of the inbound queues."""

    def __init__(
        self,
        threads: Threads,
        identities: Identities,
        records: Records,
        configurations: Configurations,
        sends: Sends,
        parked: Parked,
        media: MediaRequests,
        work: RecordWork,
        clock: Callable[[], datetime],
        fill: Fill = nowhere,
    ) -> None:
        self._threads = threads
        self._identities = identities
        self._records = records
        self._configurations = configurations
        self._sends = sends
        self._parked = parked
        self._media = media
        self._work = work
        self._clock = clock
        self._fill = fill

    async def route(self, queue: str, deliveries: Sequence[Delivery]) -> None:
        """Route a batch in order; raises when it must be delivered again."""
        for _, group in groupby(deliveries, key=lambda delivery: delivery.session):
            await self._route_session(queue, list(group))

    async def _route_session(self, queue: str, deliveries: Sequence[Delivery]) -> None:
        read = [(delivery, _read(delivery)) for delivery in deliveries]
        readable = [(delivery, item) for delivery, item in read if isinstance(item, Inbound)]
        try:
            await self._store([item for _, item in readable])
        except Unavailable:
            raise
        except Exception as error:
            log.error("a batch failed, now one by one: queue=%s error=%s", queue, trace(error))
            for delivery, item in readable:
                await self._store_alone(queue, delivery, item)
        # Last, so that they are parked once, however often the others are delivered again.
        for delivery, refused in read:
            if isinstance(refused, str):
                await self._park(queue, delivery, refused)

    async def _store_alone(self, queue: str, delivery: Delivery, item: Inbound) -> None:
        try:
            await self._store([item])
        except Unavailable:
            raise
        except Exception as error:
            if delivery.count < PARK_AFTER:
                raise NotRouted(trace(error)) from None
            await self._park(queue, delivery, f"failed {delivery.count} times, last with {trace(error)}")

    async def _store(self, items: Sequence[Inbound]) -> None:
        if items:
            located = [await self._located(item) for item in items]
            await patient(lambda: self._receive(located), PATIENCE)

    async def _located(self, item: Inbound) -> Inbound:
        try:
            return await patient(lambda: self._sends.located(item), STATUS_SECONDS)
        except NotYetKnown as unknown:
            # Perhaps another app sent it on the same account: given up like any other poison message.
            raise NotFound(unknown.reason) from None

    async def _receive(self, items: Sequence[Inbound]) -> None:
        live = await self._configurations.current()
        if items[0].kind is Kind.RECORD:  # a thread of records has nothing else
            await self._work.receive(items, live)
            return
        for item in items:
            if consent := _consent(item):
                await self._identities.observe(consent)
        received = await self._threads.receive(items, lambda item: self._open(live, item), live.auto_close)
        await self._media.request(items, received)
        count(Figure.MESSAGES, len(received.stored), channel=items[0].channel)
        for item in items:
            lag = self._clock() - item.received_at
            measure(Figure.LAG, lag.total_seconds(), channel=item.channel)
        log.info(
            "routed: channel=%s session=%s stored=%d duplicates=%d opened=%d",
            items[0].channel,
            items[0].session,
            len(received.stored),
            received.duplicates,
            len(received.opened),
        )

    async def _open(self, live: Live, item: Inbound) -> Opening:
        identity = await self._identities.observe(item)
        clues = Clues(await self._identities.person(identity), item.context)
        found = await match(clues, self._records, live.ranks)
        if not (found.links or found.candidates) and live.ranks and await self._fill(clues):
            found = await match(clues, self._records, live.ranks)
        return live.open(item, identity, found, self._clock())

    async def _park(self, queue: str, delivery: Delivery, reason: str) -> None:
        log.error("parked: queue=%s message=%s reason=%s", queue, delivery.message, reason)
        await self._parked.park(queue, delivery.session, delivery.message, delivery.body, reason)


def _read(delivery: Delivery) -> Inbound | str:
    """Give the item, or the reason why it is none."""
    try:
        return Inbound.model_validate_json(delivery.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return f"not a message of ours: {'.'.join(map(str, first['loc'])) or 'body'}: {first['type']}"


def _consent(item: Inbound) -> Inbound | None:
    """Give what tells that the customer wants, or does not want, to be written to; None for the rest."""
    if item.kind in CONSENT:
        return item
    if item.kind in SPEECH and _opts_in_by_writing(item):
        return item.model_copy(update={"kind": Kind.OPT_IN})
    return None


def _opts_in_by_writing(item: Inbound) -> bool:
    try:
        return adapter(item.channel, item.provider).capabilities.writing_opts_in
    except NotFound:  # an adapter that this version does not have: what it brought is kept all the same
        return False
