"""Everything the functions work with, and how the rooms are wired; `functions/cloud` brings Azure."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.calling import CallNews
from functions.channels.contract import Account
from functions.configuration.live import Live
from functions.configuration.store import Configurations
from functions.conversations.feed import CUSTOMER
from functions.conversations.indexes import Indexes
from functions.conversations.sends import Sends
from functions.conversations.threads import Threads
from functions.delivery.caller import Caller
from functions.delivery.courier import Courier
from functions.delivery.line import Line
from functions.delivery.tokens import Tokens
from functions.delivery.waiting import Waiting
from functions.erasure.erasure import Erasure
from functions.erasure.expiry import Expiry
from functions.identity.identities import Identities
from functions.identity.merging import Merger
from functions.identity.records import Records
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked
from functions.intake.webhook import Intake
from functions.keys import KeyRing
from functions.lazy import LazyDataverse, LazyPusher
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
    from functions.dataverse.reconcile import Reconciler
    from functions.dataverse.rooms import Dataverse
    from functions.dataverse.timeline import Timeline
    from functions.directline.connecting import Connections
    from functions.directline.pushing import Pusher
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
    dataverse: LazyDataverse
    configurations: Configurations
    outbox: Outbox
    parked: Parked
    handshakes: Handshakes
    servers: Servers
    calls: "Callable[[], Calls]"
    erasure: Erasure
    expiry: Expiry
    pushing: LazyPusher
    connecting: "Callable[[], Connections | None]"
    call_news: CallNews
    probes: Mapping[str, Probe]  # of what is not ours: raise when it is down
    clock: Clock

    @property
    def pusher(self) -> "Pusher | None":
        """Give what pushes to chat clients; None: they poll."""
        return self.pushing.made()

    @property
    def connections(self) -> "Connections | None":
        """Give what hears of chat clients; None: they poll."""
        return self.connecting()

    @property
    def reconciler(self) -> "Reconciler":
        """Give what asks Dataverse for what changed unheard."""
        return self.dataverse.made().reconciler

    @property
    def timeline(self) -> "Timeline":
        """Give what writes closed conversations to Dataverse."""
        return self.dataverse.made().timeline


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

    async def live() -> Live:
        return await configurations.current()

    def open_rooms() -> "Dataverse":
        from functions.dataverse.rooms import open_dataverse  # noqa: PLC0415

        return open_dataverse(table, live, outside.entra, records, rows, outbox, clock)

    def make_pusher() -> "Pusher | None":
        from functions.directline.pushing import Pusher  # noqa: PLC0415

        return Pusher(push, threads, accounts, clock) if push else None

    dataverse, pushing = LazyDataverse(open_rooms, live), LazyPusher(make_pusher)
    indexes = Indexes(table("inbox"), table("recordlinks"), table("due"), clock, dataverse.closed)
    threads = Threads(table("threads"), indexes, clock, pushing.told)
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
        table("configuration"), outside.secrets, clock, settings.callback, records.put
    )

    media = MediaRequests(threads, outbox, clock)
    rows = Rows(table("recordrows"))
    work = RecordWork(rows, records, threads, dataverse, outbox, clock)

    async def accounts(channel: str, account: str) -> Account[Any]:
        return await (await configurations.current()).account(channel, account)

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
    erasure = Erasure(table, outside.blobs, threads, identities, records, clock)

    @cache
    def connecting() -> "Connections | None":
        from functions.directline.connecting import Connections  # noqa: PLC0415

        pusher = pushing.made()
        return Connections(push, threads, accounts, pusher, call_news.hear) if push and pusher else None

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
            threads, identities, records, configurations, sends, parked, media, work, clock, dataverse.fill
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
        dataverse=dataverse,
        configurations=configurations,
        outbox=outbox,
        parked=parked,
        handshakes=handshakes,
        servers=servers,
        calls=calls,
        erasure=erasure,
        expiry=Expiry(erasure, indexes.closings, parked, live, clock),
        pushing=pushing,
        connecting=connecting,
        call_news=call_news,
        probes=outside.probes,
        clock=clock,
    )
