"""The waiting lines of channels that may be down for hours: one line a thread, in the order of its messages.

    not taken ─▶ a row, and the message goes on its queue again, scheduled for later
    a later reply of the thread ─▶ a row: whoever is before it wakes it when it is done
    too long ─▶ the courier parks it, and wakes the next

A scheduled message holds no session and no lock, and outlives every process. A row's key is the message's id,
so that the line's order is the thread's. Nothing is lost when a process ends in between: whatever comes
again finds the line as it is, and what may be done twice is a try of an idempotent call.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.intake.envelope import outbound_envelope
from functions.intake.outbox import Outbox
from functions.message import Outbound
from functions.ports import Entity, Op, Table, Write
from functions.rows import pack, unpack

PAUSES = (5.0, 15.0, 60.0, 300.0, 900.0)  # seconds between tries; the last one again and again
LONGEST = 3600.0  # seconds of a Retry-After
Waits = Callable[[str], Awaitable[bool]]  # is this message still to be sent?


@dataclass(frozen=True, slots=True)
class _Turn:
    """A message's place: since when it is here, and how often it was tried."""

    outbound: Outbound
    since: datetime
    tries: int = 0

    @property
    def row(self) -> Entity:
        values = {"since": self.since, "tries": self.tries, **pack("body", self.outbound.json_text())}
        return Entity(self.outbound.session, self.outbound.id, values)


class Waiting:
    """The waiting lines. Every method raises Unavailable, and may then be called again."""

    def __init__(self, table: Table, outbox: Outbox, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._outbox = outbox
        self._clock = clock

    async def behind(self, outbound: Outbound, waits: Waits, longest: timedelta) -> bool:
        """Tell whether an earlier message of the thread waits; then this one stands in line behind it.

        One whose time is over was given up by its queue: nobody stands behind it, for nothing wakes them.
        """
        healed, oldest = False, self._clock() - longest - timedelta(seconds=LONGEST)
        while (first := await self._first(outbound.session)) and first.outbound.id < outbound.id:
            late = first.since <= oldest
            if not (late and first.tries) and await waits(first.outbound.id):
                await self._stand(outbound)
                if healed or late:
                    await self._wake(first)
                return True
            await self._forget(first.outbound)
            healed = True
        return False

    async def hold(self, outbound: Outbound, seconds: float, longest: timedelta) -> bool:
        """Have it tried again later, `seconds` at the soonest; False when it has waited for too long."""
        now = self._clock()
        known = await self._turn(outbound) or _Turn(outbound, now)
        turn = replace(known, tries=known.tries + 1)
        pause = max(PAUSES[min(turn.tries, len(PAUSES)) - 1], min(seconds, LONGEST))
        at = now + timedelta(seconds=pause)
        if at - turn.since > longest:
            return False
        await self._table.commit([Op(Write.UPSERT, turn.row)])
        await self._send(turn, at)
        return True

    async def leave(self, outbound: Outbound) -> None:
        """Let the next one of the line go."""
        rows = await self._table.range(outbound.session, outbound.id, limit=2)
        for row in rows:
            if row.key != outbound.id:
                await self._wake(_read(row))
                break
        if rows and rows[0].key == outbound.id:
            await self._forget(outbound)

    async def _stand(self, outbound: Outbound) -> None:
        if await self._turn(outbound) is None:
            await self._table.commit([Op(Write.UPSERT, _Turn(outbound, self._clock()).row)])

    async def _wake(self, turn: _Turn) -> None:
        if turn.tries == 0:  # one that was tried is on the queue already
            await self._send(turn, None)

    async def _send(self, turn: _Turn, at: datetime | None) -> None:
        # The queue drops an id that it has seen: every try has its own.
        name = f"{turn.outbound.id}~{int(turn.since.timestamp())}.{turn.tries}"
        envelope = replace(outbound_envelope(turn.outbound), id=name, not_before=at)
        await self._outbox.send(f"outbound-{turn.outbound.channel}", [envelope])

    async def _turn(self, outbound: Outbound) -> _Turn | None:
        row = await self._table.get(outbound.session, outbound.id)
        return _read(row) if row else None

    async def _first(self, session: str) -> _Turn | None:
        rows = await self._table.range(session, limit=1)
        return _read(rows[0]) if rows else None

    async def _forget(self, outbound: Outbound) -> None:
        await self._table.commit([Op(Write.DELETE, Entity(outbound.session, outbound.id, {}))])


def _read(row: Entity) -> _Turn:
    since, tries = row.values["since"], row.values["tries"]
    if not isinstance(since, datetime) or not isinstance(tries, int):
        raise TypeError("a row of a waiting line holds a time and a number")
    return _Turn(Outbound.model_validate_json(unpack("body", row.values)), since, tries)
