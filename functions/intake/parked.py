"""Parked messages: what can never succeed as it is, kept with its reason until somebody decides.

Whoever gives up on a message puts it on the `parked` queue (or its dead-letter queue fills it); a
function writes it down here, where administrators list, replay and discard it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from functions.errors import Invalid, NotFound
from functions.intake.outbox import Outbox
from functions.message import QUEUE_LIMIT, Model, digest
from functions.paging import Page, decode_cursor, encode_cursor
from functions.ports import Entity, Envelope, Op, Table, Write
from functions.rows import pack, unpack
from functions.telemetry import Figure, count

QUEUE = "parked"
PARTITION = "parked"  # few by nature: parking is the exception, and an alert
KEY = re.compile("[0-9]{10}-[0-9a-f]{32}")


class ParkedMessage(Model):
    """A message that was given up: where it was, why it is here, and its body as it was.

    With `account` it is no message yet, but the body of that account's webhook, which could not be read.
    """

    id: str
    queue: str
    session: str
    message: str  # the Service Bus message id
    reason: str
    account: str = ""
    content_type: str = ""  # of the webhook
    parked_at: datetime
    replayed_at: datetime | None = None
    body: str


class Parked:
    """The list of parked messages."""

    def __init__(self, table: Table, outbox: Outbox, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._outbox = outbox
        self._clock = clock

    async def park(
        self, queue: str, session: str, message: str, body: str, reason: str, **webhook: str
    ) -> None:
        """Give up on a message of `queue`; it is on the parked queue when this returns.

        `webhook` is what `ParkedMessage` tells of one.
        """
        now = self._clock()
        properties = {"queue": queue, "session": session, "message": message, "reason": reason, **webhook}
        kept = body.encode()[:QUEUE_LIMIT].decode(errors="ignore")
        envelope = Envelope(_key(now, message), kept, properties={**properties, "parkedAt": now.isoformat()})
        await self._outbox.send(QUEUE, [envelope])
        count(Figure.PARKED, queue=queue)

    async def record(self, parked_id: str, body: str, properties: Mapping[str, str]) -> None:
        """Write down what came from the parked queue; raises pydantic's ValidationError."""
        parked = ParkedMessage.model_validate({**properties, "id": parked_id, "body": body})
        await self._table.commit([Op(Write.UPSERT, _row(parked))])

    async def list(self, cursor: str | None, limit: int) -> Page[ParkedMessage]:
        """Page through them, newest first; raises Invalid for a cursor that is none of ours."""
        start = decode_cursor(cursor)
        if start and not KEY.fullmatch(start):
            raise Invalid("the cursor is not one of ours")
        # All ids are equally long, so that nothing lies between one and itself with a tail.
        rows = await self._table.range(PARTITION, start=start and start + "~", limit=limit + 1)
        last = encode_cursor(rows[limit - 1].key) if len(rows) > limit else None
        return Page(items=tuple(_parked(row) for row in rows[:limit]), cursor=last)

    async def get(self, parked_id: str) -> ParkedMessage:
        """Give one; raises NotFound."""
        return _parked(await self._row(parked_id))

    async def replay(self, parked_id: str) -> ParkedMessage:
        """Put it on its queue again, under a new message id: the queue would drop the old one as a duplicate.

        What it may have done before is not done twice: the thread's own markers see to that.
        """
        parked = await self.get(parked_id)
        again = Envelope(
            id=f"{parked.message}~{int(self._clock().timestamp())}", body=parked.body, session=parked.session
        )
        await self._outbox.send(parked.queue, [again])
        return await self.replayed(parked)

    async def replayed(self, parked: ParkedMessage) -> ParkedMessage:
        """Note that it has gone on its way again."""
        replayed = parked.model_copy(update={"replayed_at": self._clock()})
        await self._table.commit([Op(Write.UPSERT, _row(replayed))])
        return replayed

    async def discard(self, parked_id: str) -> None:
        """Forget it; raises NotFound."""
        row = await self._row(parked_id)
        await self._table.commit([Op(Write.DELETE, Entity(row.partition, row.key, {}))])

    async def expire(self, before: datetime) -> int:
        """Forget what was parked before a moment, and tell how many."""
        rows = await self._table.range(PARTITION, start=_since(before))
        for row in rows:
            await self._table.commit([Op(Write.DELETE, Entity(row.partition, row.key, {}))])
        return len(rows)

    async def _row(self, parked_id: str) -> Entity:
        # The table refuses a call for a name that no row can have.
        row = await self._table.get(PARTITION, parked_id) if KEY.fullmatch(parked_id) else None
        if row is None:
            raise NotFound(f"no parked message {parked_id!r}")
        return row


def _key(at: datetime, message: str) -> str:
    """Sort the newest first; what is parked twice in one second by redelivery is one row."""
    return f"{_since(at)}-{digest(message)}"


def _since(at: datetime) -> str:
    return f"{9_999_999_999 - int(at.timestamp()):010d}"


def _row(parked: ParkedMessage) -> Entity:
    # The body stands beside the rest: as JSON within JSON, an odd one would outgrow the row.
    head = parked.model_copy(update={"body": ""}).model_dump_json(by_alias=True)
    return Entity(PARTITION, parked.id, {**pack("head", head), **pack("body", parked.body)})


def _parked(row: Entity) -> ParkedMessage:
    head = ParkedMessage.model_validate_json(unpack("head", row.values))
    return head.model_copy(update={"body": unpack("body", row.values)})
