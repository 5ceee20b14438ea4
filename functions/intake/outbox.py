"""The way to the queues that survives Service Bus: what it does not take waits in a table.

    send ──▶ Service Bus                          the usual way
      │ down
      └────▶ spool table ──timer: drain──▶ Service Bus

A session's order is kept across the outage: as long as this instance remembers one, it looks whether
the session's bucket still holds older messages, and joins them there instead of overtaking them.
(Another instance that has not met the outage may overtake; both times are kept on every message.)
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from functions.errors import Unavailable
from functions.message import digest
from functions.ports import Bus, Entity, Envelope, Op, Table, Write
from functions.rows import pack, unpack

BUCKETS = 4
REMEMBERED = timedelta(minutes=2)  # after the last spooled message; the timer drains every 10 s
PAGE = 50
log = logging.getLogger("monikanava.outbox")


class Outbox:
    """Puts envelopes on Service Bus, or in the spool table while it is down."""

    def __init__(self, bus: Bus, spool: Table, clock: Callable[[], datetime]) -> None:
        self._bus = bus
        self._spool = spool
        self._clock = clock
        self._outage: datetime | None = None
        self._count = 0

    async def send(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        """Return when every envelope is kept; raises Unavailable when neither place takes them."""
        if not envelopes:
            return
        if self._in_outage() and await self._waiting(envelopes):
            await self._keep(queue, envelopes)
            return
        try:
            await self._bus.send(queue, envelopes)
        except Unavailable as down:
            log.warning("service bus is down, spooling: queue=%s reason=%s", queue, down.reason)
            await self._keep(queue, envelopes)

    async def drain(self) -> int:
        """Send what waits, oldest first in each bucket; give how many. Stops when the bus is down."""
        try:
            return sum([await self._drain(f"{bucket}") for bucket in range(BUCKETS)])
        except Unavailable as down:
            log.warning("the spool stays: %s", down.reason)
            return 0

    def _in_outage(self) -> bool:
        return self._outage is not None and self._clock() - self._outage < REMEMBERED

    async def _waiting(self, envelopes: Sequence[Envelope]) -> bool:
        buckets = {_bucket(envelope) for envelope in envelopes}
        found = await asyncio.gather(*(self._spool.range(bucket, limit=1) for bucket in buckets))
        return any(found)

    async def _keep(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        self._outage = self._clock()
        rows = sorted((self._row(queue, e) for e in envelopes), key=lambda row: row.partition)
        for _, group in groupby(rows, key=lambda row: row.partition):
            for chunk in _chunks(list(group)):
                await self._spool.commit([Op(Write.UPSERT, row) for row in chunk])

    def _row(self, queue: str, envelope: Envelope) -> Entity:
        self._count += 1
        key = f"{self._clock().timestamp():017.6f}:{self._count:012d}:{envelope.id}"
        head = {"queue": queue, "id": envelope.id, "session": envelope.session}
        properties = json.dumps(dict(envelope.properties))
        return Entity(
            _bucket(envelope), key, {**head, "properties": properties, **pack("body", envelope.body)}
        )

    async def _drain(self, bucket: str) -> int:
        sent = 0
        while rows := await self._spool.range(bucket, limit=PAGE):
            for queue, group in groupby(rows, key=lambda row: str(row.values["queue"])):
                await self._bus.send(queue, [_envelope(row) for row in group])
            await self._spool.commit([Op(Write.DELETE, Entity(row.partition, row.key, {})) for row in rows])
            sent += len(rows)
        return sent


def _bucket(envelope: Envelope) -> str:
    return str(int(digest(envelope.session), 16) % BUCKETS)


def _chunks(rows: list[Entity], size: int = 10) -> list[list[Entity]]:
    """Ten full queue messages stay below the 4 MB of one transaction."""
    return [rows[i : i + size] for i in range(0, len(rows), size)]


def _envelope(row: Entity) -> Envelope:
    values = row.values
    return Envelope(
        id=str(values["id"]),
        body=unpack("body", values),
        session=str(values["session"]),
        properties=json.loads(str(values["properties"])),
    )
