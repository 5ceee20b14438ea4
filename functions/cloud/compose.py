"""The services over the Azure SDKs, made at the app's first call: the clients belong to one event loop."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import DefaultAzureCredential

from functions.channels.contract import Account
from functions.cloud.secrets import EnvironmentSecrets, VaultSecrets
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import Tables, open_tables
from functions.configuration.store import Configurations
from functions.conversations.indexes import Indexes
from functions.conversations.threads import Threads
from functions.delivery.caller import Caller
from functions.delivery.courier import Courier
from functions.identity.identities import Identities
from functions.identity.records import Records
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.intake.parked import QUEUE as PARKED
from functions.intake.parked import Parked
from functions.intake.webhook import Intake
from functions.keys import KeyRing
from functions.ports import Secrets
from functions.routing.inbound import Router
from functions.services import Services
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
    """Wire the rooms; no connection is made yet."""
    tables = open_tables(settings.tables_connection, _identity(settings.tables_connection))
    bus = AzureBus.connect(settings.bus_connection, _identity(settings.bus_connection))
    outbox = Outbox(bus, tables.table("spool"), now)
    parked = Parked(tables.table("parked"), outbox, now)
    handshakes = Handshakes(tables.table("handshakes"), now)
    threads = Threads(tables.table("threads"), _indexes(tables), now)
    identities = Identities(tables.table("identities"), now)
    configurations = Configurations(
        tables.table("configuration"),
        _secrets(settings),
        now,
        settings.public_base_url,
        lambda record: records.put(record),  # noqa: PLW0108 (the records need the configuration first)
    )
    records = Records(tables.table("records"), now, configurations.default_region)
    caller = Caller()

    async def accounts(channel: str, account: str) -> Account[Any]:
        return await (await configurations.current()).account(channel, account)

    return Services(
        settings=settings,
        intake=Intake(accounts, outbox, parked, handshakes, KeyRing()),
        router=Router(threads, identities, records, configurations, parked, now),
        courier=Courier(threads, identities, configurations, caller, now),
        threads=threads,
        identities=identities,
        records=records,
        configurations=configurations,
        outbox=outbox,
        parked=parked,
        handshakes=handshakes,
        probes={
            "tables": lambda: tables.table("configuration").get("probe", "probe"),
            "bus": lambda: bus.probe(PARKED),
        },
        clock=now,
    )


def _indexes(tables: Tables) -> Indexes:
    return Indexes(tables.table("inbox"), tables.table("recordlinks"), tables.table("due"), now)


def _identity(connection: str) -> AsyncTokenCredential | None:
    """A connection string carries its key; an endpoint or a host name needs the managed identity."""
    carries_key = "=" in connection
    return None if carries_key else DefaultAzureCredential()


def _secrets(settings: Settings) -> Secrets:
    if settings.key_vault:
        return VaultSecrets.connect(settings.key_vault, DefaultAzureCredential())
    return EnvironmentSecrets()
