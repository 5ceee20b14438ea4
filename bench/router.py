"""The router over real tables whose calls are counted, wired as the app wires it."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from bench import samples
from functions.cloud.blobs import AzureBlobs
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.tables import Tables
from functions.cloud.tokens import EntraTokens
from functions.ports import Bus, Entity, Envelope, Op, Table
from functions.routing.inbound import Router
from functions.services import Outside, Services, wire
from functions.settings import Settings
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
    return (await make_services(opened, calls, samples.configuration())).router


async def make_services(opened: Tables, calls: Counter[str], document: str) -> Services:
    """Wire everything, without a queue; table calls are counted in `calls`."""

    def table(name: str) -> Table:
        return Counted(opened.table(name), calls)

    settings = Settings(samples.ORIGIN, "", "", "", "", "", "", "", ())
    outside = Outside(table, NoBus(), AzureBlobs(""), EnvironmentSecrets(), EntraTokens(), {}, _now)
    services = wire(settings, outside)
    await services.configurations.apply(document, "bench")
    return services


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
