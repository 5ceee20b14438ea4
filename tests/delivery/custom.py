"""A home-made channel that can be down, a clock that jumps, and the real queue in between."""

import json
from asyncio import gather
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from aiohttp import web
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from standardwebhooks import Webhook

from functions.cloud.blobs import AzureBlobs
from functions.cloud.compose import outside
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import open_tables
from functions.conversations.model import StoredMessage
from functions.conversations.threads import Draft
from functions.delivery.caller import Caller
from functions.delivery.courier import Courier
from functions.delivery.line import Line
from functions.message import Address, Inbound, Kind, Outbound
from functions.routing.inbound import Delivery as Queued
from functions.services import Services, wire
from functions.settings import Settings
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.delivery.house import HASTY
from tests.desk.kit import BASE, now
from tests.intake.reading import text

QUEUE = "outbound-custom"
BEGINNING = datetime.min.replace(tzinfo=UTC)
INCOMING, OUTGOING = (
    "whsec_aW5jb21pbmctaW5jb21pbmctaW5jb21pbmc=",
    "whsec_b3V0Z29pbmctb3V0Z29pbmctb3V0Z29pbmc=",
)
DOCUMENT = """
version: 1
entitlements: [digital-messaging]
accounts:
  - id: kiosks
    channel: custom
    provider: webhook
    workstream: support
    settings: {{url: "{url}", incomingSecrets: [{incoming}], outgoingSecrets: [{outgoing}]}}
workstreams: [{{id: support, agentQueue: frontline}}]
agentQueues: [{{id: frontline}}]
"""


class Clock:
    """Tells the time that the test sets; it stands still in between."""

    def __init__(self) -> None:
        self._now = now().replace(microsecond=0)  # Service Bus keeps milliseconds

    def __call__(self) -> datetime:
        return self._now

    def set(self, at: datetime) -> None:
        self._now = at

    def forward(self, span: timedelta) -> None:
        self._now += span


class Channel:
    """The channel's side: what it took, in order, and the answers that it gives next."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.calls = 0

    async def take(self, request: web.Request) -> web.Response:
        body, stamp = await request.text(), int(request.headers["webhook-timestamp"])
        at, name = datetime.fromtimestamp(stamp, UTC), request.headers["webhook-id"]
        assert Webhook(OUTGOING).sign(name, at, body) == request.headers["webhook-signature"]
        content = json.loads(body)
        self.calls += 1
        if self.status < 300:
            self.taken.append(content.get("text") or content["type"])
        return web.Response(status=self.status, headers=self.headers)


@dataclass
class Shop:
    """Delivery to the channel, by a clock that the test moves."""

    services: Services
    channel: Channel
    caller: Caller
    client: ServiceBusClient
    clock: Clock
    receivers: dict[str, ServiceBusReceiver] = field(default_factory=dict)
    handled: set[str] = field(default_factory=set)

    @property
    def courier(self) -> Courier:
        """A courier as a new process would have it."""
        one, line = self.services, Line(self.caller, self.services.tokens)
        rooms = one.threads, one.identities, one.configurations, one.sends, line, one.waiting, one.parked
        return Courier(*rooms, self.clock)

    async def customer(self) -> str:
        """Let a customer write, and give the conversation."""
        kiosk = f"kiosk-{uuid4().hex}"
        item = Inbound(
            channel="custom",
            provider="webhook",
            account="kiosks",
            thread=kiosk,
            event=uuid4().hex,
            kind=Kind.MESSAGE,
            sender=Address(id=kiosk),
            text="Moi",
            received_at=self.clock(),
        )
        queued = Queued(item.id, item.session, item.json_text(), count=1)
        await self.services.router.route("inbound-custom", [queued])
        return f"{item.session}-000001"

    async def reply(self, conversation: str, text: str) -> Outbound:
        """Record a reply, and give it as the queue brings it the first time."""
        draft = Draft(text=text)
        replied = await self.services.threads.reply(conversation, draft, key=uuid4().hex, agent="maija")
        return replied.outbound

    async def delivered(self, conversation: str, text: str) -> Outbound:
        """Record a reply, and have it delivered as far as it goes."""
        outbound = await self.reply(conversation, text)
        await self.courier.deliver(outbound, 1)
        return outbound

    async def state(self, outbound: Outbound) -> StoredMessage:
        return await self.services.threads.message(outbound.id)

    async def waiting(self, session: str) -> list[tuple[datetime, str, str]]:
        """Look at what the real queue has for a thread: when it is due, its id, its body."""
        if session not in self.receivers:
            self.receivers[session] = self.client.get_queue_receiver(QUEUE, session_id=session)
        found = await self.receivers[session].peek_messages(max_message_count=200, sequence_number=1)
        seen = [
            (one.scheduled_enqueue_time_utc or BEGINNING, one.message_id or "", text(one)) for one in found
        ]
        return sorted(one for one in seen if one[1] not in self.handled)

    async def work(self, session: str) -> None:
        """Deliver what is due, as the queue would bring it."""
        while due := [one for one in await self.waiting(session) if one[0] <= self.clock()]:
            _, name, body = due[0]
            await self.courier.deliver(Outbound.model_validate_json(body), 1)
            self.handled.add(name)

    async def work_until(self, session: str, end: timedelta) -> list[float]:
        """Jump from one due time to the next; give the pauses in seconds."""
        pauses, last = [], self.clock() + end
        while (left := await self.waiting(session)) and left[0][0] <= last:
            pauses.append((left[0][0] - self.clock()).total_seconds())
            self.clock.set(max(left[0][0], self.clock()))
            await self.work(session)
        return pauses


@asynccontextmanager
async def open_shop(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[Shop]:
    channel, caller, clock, run = Channel(), Caller(HASTY), Clock(), f"shop{uuid4().hex[:8]}"
    app = web.Application()
    app.router.add_post("/hook", channel.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    tables = open_tables(azurite.connection_string)
    bus, blobs = AzureBus.connect(servicebus.connection_string), AzureBlobs("", container=run)
    around = outside(tables, bus, blobs, EnvironmentSecrets({}), prefix=run)
    settings = Settings(BASE, "", "", "", "", "", "", "", ())
    wired = wire(settings, replace(around, clock=clock))
    await wired.configurations.apply(DOCUMENT.format(url=url, incoming=INCOMING, outgoing=OUTGOING), "test")
    async with ServiceBusClient.from_connection_string(servicebus.connection_string) as client:
        shop = Shop(wired, channel, caller, client, clock)
        yield shop
        # The SDK takes up to a second for each.
        await gather(*(receiver.close() for receiver in shop.receivers.values()))
    await caller.close()
    await runner.cleanup()
    await blobs.close()
    await bus.close()
    await tables.close()
