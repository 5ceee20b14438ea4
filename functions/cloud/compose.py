"""The services over the Azure SDKs, made at the app's first call: the clients belong to one event loop."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from azure.core.credentials_async import AsyncTokenCredential

from functions.cloud.blobs import AzureBlobs
from functions.cloud.call_automation import Controls
from functions.cloud.push import WebPubSub
from functions.cloud.secrets import EnvironmentSecrets, VaultSecrets
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import Tables, open_tables
from functions.cloud.tokens import EntraTokens
from functions.intake.parked import QUEUE as PARKED
from functions.ports import Blobs, Push, Secrets, Table
from functions.probing import Shared
from functions.services import Outside, Services, wire
from functions.settings import Settings


def once(settings: Settings) -> Callable[[], Awaitable[Services]]:
    """Give a function that makes the services when it is first awaited, and gives the same ones after."""
    made: Services | None = None

    async def services() -> Services:
        nonlocal made
        if made is None:
            made = compose(settings)
        return made

    return services


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


def compose(settings: Settings) -> Services:
    """Connect to what the settings name and wire the rooms; no connection is made yet."""
    tables = open_tables(settings.tables_connection, _identity(settings.tables_connection))
    bus = AzureBus.connect(settings.bus_connection, _identity(settings.bus_connection))
    blobs = AzureBlobs(settings.blobs_connection, _identity(settings.blobs_connection))
    return wire(settings, outside(tables, bus, blobs, _secrets(settings), push=_push(settings)))


def outside(
    tables: Tables,
    bus: AzureBus,
    blobs: Blobs,
    secrets: Secrets,
    prefix: str = "",
    push: Push | None = None,
) -> Outside:
    """Give the Azure side of the service; `prefix` keeps the tables of tests apart."""

    def table(name: str) -> Table:
        return tables.table(prefix + name)

    async def ask_tables() -> object:
        return await table("configuration").get("probe", "probe")

    async def ask_bus() -> None:
        await bus.probe(PARKED)

    probes = {"tables": Shared(ask_tables), "bus": Shared(ask_bus)}
    return Outside(table, bus, blobs, secrets, EntraTokens(), probes, now, push, Controls())


def _identity(connection: str) -> AsyncTokenCredential | None:
    """A connection string carries its key; an endpoint or a host name needs the managed identity."""
    if "=" in connection:
        return None
    # Not on a laptop's way: importing it costs a cold start 50 ms.
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415

    return DefaultAzureCredential()


def _secrets(settings: Settings) -> Secrets:
    credential = _identity(settings.key_vault) if settings.key_vault else None
    if credential is None:
        return EnvironmentSecrets()
    return VaultSecrets.connect(settings.key_vault, credential)


def _push(settings: Settings) -> Push | None:
    where = settings.push_connection
    return WebPubSub(where, _identity(where)) if where else None
