"""The router over real tables whose calls are counted, wired as the app wires it."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from bench import samples
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.tables import Tables
from functions.configuration.store import Configurations
from functions.conversations.indexes import Indexes
from functions.conversations.threads import Threads
from functions.identity.identities import Identities
from functions.identity.records import Records
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked
from functions.ports import Bus, Entity, Envelope, Op, Table
from functions.routing.inbound import Router
from local.azurite import Azurite


@dataclass(frozen=True, slots=True)
class Counted:
    """A table whose calls are counted."""

    table: Table
    calls: Counter[str]

    async def get(self, partition: str, key: str) -> Entity | None:
        """Read one row."""
        self.calls["get"] += 1
        return await self.table.get(partition, key)

    async def range(
        self, partition: str, start: str = "", end: str = "\uffff", limit: int | None = None
    ) -> list[Entity]:
        """Read rows."""
        self.calls["range"] += 1
        return await self.table.range(partition, start, end, limit)

    async def commit(self, ops: Sequence[Op]) -> None:
        """Write rows."""
        self.calls["commit"] += 1
        await self.table.commit(ops)


class NoBus(Bus):
    """Routing sends nothing unless it parks: then the bench is wrong."""

    async def send(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        """Refuse."""
        raise AssertionError(f"parked: {[envelope.properties for envelope in envelopes]}")


async def make_router(opened: Tables, calls: Counter[str]) -> Router:
    """Wire the router; table calls are counted in `calls`."""

    def table(name: str) -> Table:
        return Counted(opened.table(name), calls)

    indexes = Indexes(table("inbox"), table("recordlinks"), table("due"), _now)
    configurations = Configurations(table("configuration"), EnvironmentSecrets(), _now, samples.ORIGIN)
    await configurations.apply(samples.configuration(), "bench")
    return Router(
        Threads(table("threads"), indexes, _now),
        Identities(table("identities"), _now),
        Records(table("records"), _now, configurations.default_region),
        configurations,
        Parked(table("parked"), Outbox(NoBus(), table("spool"), _now), _now),
        _now,
    )


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def azurite() -> AsyncIterator[str]:
    """Run the table service in memory; give its connection string."""
    service = Azurite(None)
    await service.start()
    try:
        yield service.connection_string
    finally:
        await service.stop()
