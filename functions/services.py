"""Everything the functions work with, and how the rooms are wired; `functions/cloud` brings Azure."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.calling import CallNews
from functions.channels.contract import Account
from functions.configuration.live import Live
from functions.configuration.store import Configurations
from functions.conversations.feed import CUSTOMER
from functions.conversations.indexes import Indexes
from functions.conversations.model import StoredMessage
from functions.conversations.sends import Sends
from functions.conversations.threads import Threads
from functions.dataverse.environments import Environments
from functions.dataverse.http import Http
from functions.dataverse.lookup import Gaps
from functions.dataverse.marks import Marks
from functions.dataverse.reader import WebApiReader
from functions.dataverse.reconcile import Reconciler
from functions.dataverse.timeline import Timeline
from functions.delivery.caller import Caller
from functions.delivery.courier import Courier
from functions.delivery.line import Line
from functions.delivery.tokens import Tokens
from functions.delivery.waiting import Waiting
from functions.directline.connecting import Connections
from functions.directline.pushing import Pusher
from functions.identity.identities import Identities
from functions.identity.merging import Merger
from functions.identity.records import Records
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked
from functions.intake.webhook import Intake
from functions.keys import KeyRing
from functions.media.download import Downloader
from functions.media.fetcher import Fetcher
from functions.media.requests import MediaRequests
from functions.media.source import Sources
from functions.ports import Blobs, Bus, Calling, Entra, Push, Secrets, Table
from functions.records.rows import Rows
from functions.records.work import RecordWork
from functions.routing.inbound import Router
from functions.serving import Rooms, Servers
from functions.settings import Settings

if TYPE_CHECKING:
    from functions.voice.calls import Calls

Clock = Callable[[], datetime]
Probe = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Services:
    """The rooms of the house, wired."""

    settings: Settings
    intake: Intake
    router: Router
    courier: Courier
    threads: Threads
    sends: Sends
    tokens: Tokens
    waiting: Waiting
    blobs: Blobs
    media: MediaRequests
    fetcher: Fetcher
    identities: Identities
    merger: Merger
    records: Records
    record_work: RecordWork
    reconciler: Reconciler
    timeline: Timeline
    configurations: Configurations
    outbox: Outbox
    parked: Parked
    handshakes: Handshakes
    servers: Servers
    calls: "Callable[[], Calls]"
    pusher: Pusher | None  # None: chat clients poll
    connections: Connections | None
    call_news: CallNews
    probes: Mapping[str, Probe]  # of what is not ours: raise when it is down
    clock: Clock


@dataclass(frozen=True, slots=True)
class Outside:
    """What the service stands on, and how to ask whether it lives; a table for each name."""

    table: Callable[[str], Table]
    bus: Bus
    blobs: Blobs
    secrets: Secrets
    entra: Entra
    probes: Mapping[str, Probe]
    clock: Clock
    push: Push | None = None
    calling: Calling | None = None


def wire(settings: Settings, outside: Outside) -> Services:
    """Wire the rooms; no connection is made yet."""
    table, clock = outside.table, outside.clock
    outbox = Outbox(outside.bus, table("spool"), clock)
    parked = Parked(table("parked"), outbox, clock)
    handshakes = Handshakes(table("handshakes"), clock)
    push = outside.push

    async def told(channel: str, messages: Sequence[StoredMessage]) -> None:
        if pusher:
            await pusher.told(channel, messages)

    async def live() -> Live:
        return await configurations.current()

    environments = Environments(live, Http(), outside.entra, clock)
    timeline = Timeline(table("timeline"), environments)
    indexes = Indexes(table("inbox"), table("recordlinks"), table("due"), clock, timeline.closed)
    threads = Threads(table("threads"), indexes, clock, told)
    sends, identities = Sends(table("sends")), Identities(table("identities"), clock)

    caller = Caller()
    waiting = Waiting(table("waiting"), outbox, clock)
    tokens = Tokens(table("tokens"), caller, outside.entra, clock)

    def region() -> str:
        return configurations.default_region()

    async def unlinked(entity: str, record: str) -> None:
        await identities.forget(entity, record)
        await threads.forget(entity, record)

    records = Records(table("records"), clock, region, unlinked)
    configurations = Configurations(
        table("configuration"), outside.secrets, clock, settings.public_base_url, records.put
    )

    media = MediaRequests(threads, outbox, clock)
    rows = Rows(table("recordrows"))
    work = RecordWork(rows, records, threads, WebApiReader(environments), clock)
    gaps = Gaps(environments, live, rows, records, clock)

    async def accounts(channel: str, account: str) -> Account[Any]:
        return await (await configurations.current()).account(channel, account)

    pusher = Pusher(push, threads, accounts, clock) if push else None
    keys = KeyRing()

    def calls() -> "Calls":
        # Not on every app's way: importing it costs a cold start 20 ms.
        from functions.voice.calls import Calls  # noqa: PLC0415

        return Calls(table, threads, outbox, live, clock)

    servers = Servers(
        Rooms(
            threads=threads,
            identities=identities,
            records=records,
            outbox=outbox,
            blobs=outside.blobs,
            keys=keys,
            table=table,
            live=live,
            caller=caller,
            handshakes=handshakes,
            push=push,
            calling=outside.calling,
            clock=clock,
        )
    )

    call_news = CallNews(servers, accounts)
    connections = Connections(push, threads, accounts, pusher, call_news.hear) if push and pusher else None

    return Services(
        settings=settings,
        intake=Intake(
            accounts,
            outbox,
            parked,
            handshakes,
            keys,
            servers,
            lambda thread: threads.typing(thread, CUSTOMER),
        ),
        router=Router(
            threads, identities, records, configurations, sends, parked, media, work, clock, gaps.fill
        ),
        courier=Courier(
            threads,
            identities,
            configurations,
            sends,
            Line(caller, tokens),
            waiting,
            parked,
            clock,
        ),
        threads=threads,
        sends=sends,
        tokens=tokens,
        waiting=waiting,
        blobs=outside.blobs,
        media=media,
        fetcher=Fetcher(threads, configurations, outside.blobs, Sources(Downloader(), tokens, clock)),
        identities=identities,
        merger=Merger(identities, clock),
        records=records,
        record_work=work,
        reconciler=Reconciler(environments, live, Marks(table("marks")), outbox, clock),
        timeline=timeline,
        configurations=configurations,
        outbox=outbox,
        parked=parked,
        handshakes=handshakes,
        servers=servers,
        calls=calls,
        pusher=pusher,
        connections=connections,
        call_news=call_news,
        probes=outside.probes,
        clock=clock,
    )
