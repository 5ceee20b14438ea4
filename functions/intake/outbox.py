"""The way to the queues that survives Service Bus: what it does not take waits in a table.

    send ──▶ Service Bus                          the usual way
      │ down
      └────▶ spool table ──timer: drain──▶ Service Bus

Each queue has a spool of its own, so that one broken queue holds up no other. Order is kept across the
outage: as long as this instance remembers one, it looks whether the queue's spool still holds older
messages, and joins them there instead of overtaking them.
(Another instance that has not met the outage may overtake; both times are kept on every message.)
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from functions.errors import Unavailable
from functions.ports import Bus, Entity, Envelope, Op, Table, Value, Write
from functions.rows import pack, unpack
from functions.telemetry import Figure, count, level

QUEUES = "~queues"  # the partition that names the queues which ever had a spool
REMEMBERED = timedelta(minutes=2)  # after the last spooled message; the timer drains every 10 s
DRAIN_SECONDS = 60.0  # of one drain: far below the function's time limit, the next one goes on
PAGE = 50
CHUNK = 5  # rows of a transaction, at most 4 MB: the SDK writes a non-ASCII character in six bytes
log = logging.getLogger("monikanava.outbox")


class Outbox:
    """Puts envelopes on Service Bus, or in the spool table while it is down."""

    def __init__(self, bus: Bus, spool: Table, clock: Callable[[], datetime]) -> None:
        self._bus = bus
        self._spool = spool
        self._clock = clock
        self._outages: dict[str, datetime] = {}
        self._keeping: Counter[str] = Counter()  # writes under way: their rows cannot be seen yet
        self._named: set[str] = set()
        self._instance = uuid4().hex[:8]
        self._count = 0

    async def send(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        """Return when every envelope is kept; raises Unavailable when neither place takes them."""
        if not envelopes:
            return
        if await self._must_join(queue):
            await self._keep(queue, envelopes)
            return
        try:
            await self._bus.send(queue, envelopes)
        except Unavailable as down:
            log.warning("service bus is down, spooling: queue=%s reason=%s", queue, down.reason)
            await self._keep(queue, envelopes)

    async def drain(self) -> int:
        """Send what waits, each queue's oldest first; give how many. What the bus refuses stays."""
        try:
            queues = [row.key for row in await self._spool.range(QUEUES)]
        except Unavailable as down:
            log.warning("the spool cannot be read: %s", down.reason)
            return 0
        return sum(await asyncio.gather(*(self._drain(queue) for queue in queues)))

    async def _must_join(self, queue: str) -> bool:
        outage = self._outages.get(queue)
        if outage is None or self._clock() - outage >= REMEMBERED:
            return False
        if self._keeping[queue]:
            return True
        try:
            return bool(await self._spool.range(queue, limit=1))
        except Unavailable:
            return False  # the bus may be back while the table is not

    async def _keep(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        self._outages[queue] = self._clock()
        rows = [self._row(queue, envelope) for envelope in envelopes]
        self._keeping[queue] += 1
        try:
            await self._name(queue)
            for start in range(0, len(rows), CHUNK):
                await self._spool.commit([Op(Write.UPSERT, row) for row in rows[start : start + CHUNK]])
        finally:
            self._keeping[queue] -= 1
        count(Figure.SPOOLED, len(rows), queue=queue)

    async def _name(self, queue: str) -> None:
        if queue not in self._named:
            await self._spool.commit([Op(Write.UPSERT, Entity(QUEUES, queue, {}))])
            self._named.add(queue)

    def _row(self, queue: str, envelope: Envelope) -> Entity:
        self._count += 1
        key = f"{self._clock().timestamp():017.6f}:{self._count:012d}:{self._instance}"
        properties = json.dumps(dict(envelope.properties))
        values: dict[str, Value] = {"id": envelope.id, "session": envelope.session, "properties": properties}
        if envelope.not_before:
            values["notBefore"] = envelope.not_before
        return Entity(queue, key, {**values, **pack("body", envelope.body)})

    async def _drain(self, queue: str) -> int:
        loop = asyncio.get_running_loop()
        deadline, sent = loop.time() + DRAIN_SECONDS, 0
        rows: list[Entity] = []
        try:
            while loop.time() < deadline and (rows := await self._spool.range(queue, limit=PAGE)):
                self._outages[queue] = self._clock()
                await self._bus.send(queue, [_envelope(row) for row in rows])
                await self._spool.commit([Op(Write.DELETE, Entity(queue, row.key, {})) for row in rows])
                sent += len(rows)
        except Unavailable as down:
            log.warning("the spool stays: queue=%s reason=%s", queue, down.reason)
        level(Figure.SPOOL, len(rows), queue=queue)
        return sent


def _envelope(row: Entity) -> Envelope:
    values, later = row.values, row.values.get("notBefore")
    return Envelope(
        id=str(values["id"]),
        body=unpack("body", values),
        session=str(values["session"]),
        properties=json.loads(str(values["properties"])),
        not_before=later if isinstance(later, datetime) else None,
    )
