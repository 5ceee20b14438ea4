"""What became of each account's handshake: when it succeeded, and the last failures with their reasons.

Writing is throttled, so that neither a busy channel nor somebody's forged requests cost a table call
each: one note of success an account and minute, one failure an account and second and instance.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from functions.errors import Unavailable
from functions.message import Model
from functions.ports import Entity, Op, Table, Value, Write
from functions.telemetry import Figure, count

KEPT = 10  # failures an account
SUCCESS_EVERY = timedelta(minutes=1)
FAILURE_EVERY = timedelta(seconds=1)
FAILURES, FAILURES_END = "failure", "failure~"
log = logging.getLogger("monikanava.handshakes")


class Failure(Model):
    """A refused request: when, the short code, and the reason in an administrator's words."""

    at: datetime
    code: str
    reason: str


class HandshakeStatus(Model):
    """The handshake page's facts."""

    succeeded_at: datetime | None = None  # the provider proved, or was proved, the URL
    authentic_at: datetime | None = None  # a webhook was last known to be authentic (to the minute)
    failures: tuple[Failure, ...] = ()  # newest first


class Handshakes:
    """Notes and tells. Noting never fails a webhook."""

    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock
        self._noted: dict[tuple[str, str], datetime] = {}

    async def succeeded(self, account: str) -> None:
        """Note a handshake that was answered."""
        await self._note(account, "succeeded", timedelta(0))

    async def authentic(self, account: str) -> None:
        """Note an authentic webhook."""
        await self._note(account, "authentic", SUCCESS_EVERY)

    async def failed(self, account: str, code: str, reason: str) -> None:
        """Note a refusal; the oldest gives way."""
        count(Figure.REFUSALS, account=account, code=code)
        now, mark = self._clock(), (account, "failure")
        if not self._due(mark, now, FAILURE_EVERY):
            return
        try:
            rows = await self._table.range(account, FAILURES, FAILURES_END)
            slot = (
                f"{FAILURES}{len(rows)}"
                if len(rows) < KEPT
                else min(rows, key=lambda row: str(row.values["at"])).key
            )
            await self._write(account, slot, {"at": now, "code": code, "reason": reason})
        except Unavailable:
            log.warning("handshake note lost: account=%s key=failure", account)

    async def status(self, account: str) -> HandshakeStatus:
        """Tell how the account's handshake stands."""
        rows = {row.key: row.values for row in await self._table.range(account)}
        failures = [
            Failure.model_validate(values) for key, values in rows.items() if key.startswith(FAILURES)
        ]
        return HandshakeStatus.model_validate(
            {
                "succeededAt": rows.get("succeeded", {}).get("at"),
                "authenticAt": rows.get("authentic", {}).get("at"),
                "failures": sorted(failures, key=lambda failure: failure.at, reverse=True),
            }
        )

    async def _note(self, account: str, key: str, every: timedelta) -> None:
        now = self._clock()
        if not self._due((account, key), now, every):
            return
        try:
            await self._write(account, key, {"at": now})
        except Unavailable:
            log.warning("handshake note lost: account=%s key=%s", account, key)

    def _due(self, mark: tuple[str, str], now: datetime, every: timedelta) -> bool:
        if (last := self._noted.get(mark)) and now - last < every:
            return False
        self._noted[mark] = now
        return True

    async def _write(self, account: str, key: str, values: Mapping[str, Value]) -> None:
        await self._table.commit([Op(Write.UPSERT, Entity(account, key, values))])
