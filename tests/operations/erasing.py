"""The app's services with calls, a custom channel, chat and Dataverse; a table of theirs can fail once."""

import dataclasses
from asyncio import gather
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from json import dumps, loads
from typing import Any
from uuid import uuid4

import yaml
from aiohttp import web
from azure.data.tables.aio import TableServiceClient

from functions.channels.contract import Request, Response
from functions.cloud.blobs import AzureBlobs
from functions.cloud.compose import outside
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import open_tables
from functions.configuration.document import Record
from functions.conversations.model import Link, Relation, State
from functions.conversations.threads import Draft
from functions.errors import Unavailable
from functions.message import thread_key
from functions.ports import Entity, Op, Table
from functions.routing.inbound import Delivery
from functions.services import Services, wire
from functions.settings import Settings
from functions.voice import lines
from functions.voice.acs import watch as acs_watch
from functions.voice.events import What
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.simulators import entra
from local.simulators.twilio import signed
from tests.desk.kit import now
from tests.directline.kit import SECRET, settings
from tests.intake.reading import read, text
from tests.messaging.house import APP as DYNAMICS_APP
from tests.messaging.house import AUDIENCE, CHANNEL, DOCUMENT, ORGANIZATION, ROOT, token
from tests.messaging.house import TENANT as DYNAMICS_TENANT
from tests.voice.kit import NUMBER, SID, TOKEN
from tests.voice.kit import configuration as voice_document

BASE = "https://desk.example/api/channels"
PNG = b"\x89PNG\r\n\x1a\n"
RECORDS = {
    "headers": {"x-key": ["local-dataverse-key"]},
    "applicationUser": "00000000-0000-0000-0000-0000000000d0",
    "apiBase": "http://127.0.0.1:1/dataverse",
    "loginBase": "http://127.0.0.1:1/entra",
    "tenantId": "00000000-0000-0000-0000-0000000000d1",
    "clientId": "00000000-0000-0000-0000-0000000000d2",
    "clientSecret": "local-dataverse-secret",
    "writeBack": True,
}
Rows = dict[tuple[str, str, str], dict[str, Any]]


@dataclass
class Weather:
    """Which table fails at its next write, once."""

    failing: str = ""


@dataclass
class Shaky:
    """A real table, or not."""

    table: Table
    name: str
    weather: Weather

    async def get(self, partition: str, key: str) -> Entity | None:
        return await self.table.get(partition, key)

    async def range(
        self, partition: str, start: str = "", end: str = "\uffff", limit: int | None = None
    ) -> list[Entity]:
        return await self.table.range(partition, start, end, limit)

    async def commit(self, ops: Sequence[Op]) -> None:
        if self.weather.failing == self.name:
            self.weather.failing = ""
            raise Unavailable("the process was stopped here")
        await self.table.commit(ops)


@dataclass(frozen=True)
class Customer:
    """Somebody who called, wrote to the custom channel, and chatted."""

    mark: str  # in all of their words and names
    phone: str
    custom: str
    chat: str
    contact: str
    threads: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()

    @property
    def ids(self) -> Mapping[tuple[str, str], str]:
        return {("voice", "line"): self.phone, ("custom", "portal"): self.custom, ("chat", "web"): self.chat}

    @property
    def traces(self) -> tuple[str, ...]:
        """Give what must be nowhere once they are erased."""
        partitions = [conversation[:32] for conversation in self.conversations]
        return (self.mark, self.phone[1:], self.custom, self.chat, *self.threads, *partitions)


def somebody() -> Customer:
    mark = uuid4().hex[:12]
    phone = f"+35840{uuid4().int % 10**7:07d}"
    return Customer(mark, phone, f"custom-{mark}", f"dl_{mark}", str(uuid4()))


@dataclass
class House:
    """The service, and everything that lies in its tables and its container."""

    services: Services
    weather: Weather
    broker: ServiceBus
    prefix: str
    tables: TableServiceClient
    token: str

    async def everything(self) -> tuple[Rows, dict[str, bytes]]:
        """List every row of every table, and every blob."""
        rows: Rows = {}
        async for table in self.tables.list_tables():
            if table.name.startswith(self.prefix):
                name = table.name.removeprefix(self.prefix)
                async for row in self.tables.get_table_client(table.name).list_entities():
                    rows[name, str(row["PartitionKey"]), str(row["RowKey"])] = dict(row)
        blobs = self.services.blobs
        return rows, {name: await blobs.get(name, 1000) for name in await blobs.names("")}

    async def known(self, customer: Customer) -> Customer:
        """Let a customer come by every way, be answered, and be done with."""
        record = Record(entity="contact", id=customer.contact, name="A company")
        await self.services.records.put(record)
        threads = await gather(self._called(customer), self._wrote(customer), self._chatted(customer))
        places = zip(customer.ids, threads, strict=True)
        conversations = await gather(
            *(self._dealt_with(customer, *place, thread) for place, thread in places)
        )
        return dataclasses.replace(customer, threads=tuple(threads), conversations=tuple(conversations))

    async def _called(self, customer: Customer) -> str:
        call, url = f"CA{uuid4().hex}", f"{BASE}/voice/line"
        form = {"CallSid": call, "AccountSid": SID, "From": customer.phone, "To": NUMBER}
        request = signed(url, TOKEN, {**form, "CallerName": customer.mark})
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert (await self._sent("voice", "line", "", request.body, headers)).status == 200
        await self._routed("voice", "line", call)
        since, table = now(), self.services.erasure._table
        await self.services.calls().change(call, queued_at=since, agent_queue="billing")
        await lines.Lines(table(lines.TABLE)).join("billing", call, since, since, timedelta(minutes=2))
        watch = acs_watch.Watch(table, now)
        await watch.begin("line", call, customer.phone)
        await watch.name("line", f"bridge-{customer.mark}", call, What.TALK)
        await watch.recorded("line", call, f"recording-{customer.mark}", What.TALK)
        return call

    async def _wrote(self, customer: Customer) -> str:
        told = {"customerid": customer.custom, "preferredname": customer.mark, "phonenumber": customer.phone}
        body = {"customercontext": told, "startmessage": {"message": f"Words of {customer.mark}"}}
        conversation = await self.create(dumps(body).encode())
        await self._routed("custom", "portal", conversation)
        return conversation

    async def create(self, body: bytes) -> str:
        """Start a conversation through the Messaging API; it is not routed yet."""
        headers = {"authorization": f"Bearer {self.token}", "channel-id": CHANNEL}
        headers["organization-id"] = ORGANIZATION
        answer = await self._sent("custom", "portal", f"{ROOT}/conversation/create", body, headers)
        conversation: str = loads(answer.body)["conversationId"]
        return conversation

    async def _chatted(self, customer: Customer) -> str:
        headers = {"authorization": f"Bearer {SECRET}", "content-type": "application/json"}
        body = dumps({"user": {"id": customer.chat, "name": customer.mark}}).encode()
        made = loads((await self._sent("chat", "web", "v3/directline/tokens/generate", body, headers)).body)
        conversation: str = made["conversationId"]
        headers = {"authorization": f"Bearer {made['token']}", "content-type": "image/png"}
        headers["content-disposition"] = f'attachment; filename="{customer.mark}.png"'
        path = f"v3/directline/conversations/{conversation}/upload"
        answer = await self._sent("chat", "web", path, PNG + customer.mark.encode(), headers)
        assert answer.status == 200, answer.body
        await self._routed("chat", "web", conversation)
        return conversation

    async def _sent(
        self, channel: str, account: str, rest: str, body: bytes, headers: dict[str, str]
    ) -> Response:
        request = Request("POST", f"{BASE}/{channel}/{account}", "", headers, body, now(), rest=rest)
        return await self.services.intake.receive(channel, account, request)

    async def _routed(self, channel: str, account: str, thread: str) -> None:
        session, queue = thread_key(channel, account, thread), f"inbound-{channel}"
        found = await read(self.broker, queue, session, count=1)
        batch = [Delivery(one.message_id or "", session, text(one), 1) for one in found]
        await self.services.router.route(queue, batch)

    async def _dealt_with(self, customer: Customer, channel: str, account: str, thread: str) -> str:
        """Answer, with a reply that is held and one that was sent; park what can be read by nobody; close."""
        one = self.services
        conversation = f"{thread_key(channel, account, thread)}-000001"
        await one.threads.link(
            conversation, Link(entity="contact", id=customer.contact, relation=Relation.CUSTOMER)
        )
        if channel != "voice":
            draft = Draft(text=f"Reply to {customer.mark}")
            held = (await one.threads.reply(conversation, draft, key=customer.mark, agent="a")).outbound
            assert await one.waiting.hold(held, 3600, timedelta(hours=2))
            sent = (await one.threads.reply(conversation, draft, key=f"2{customer.mark}", agent="a")).outbound
            await one.threads.sent(sent.id, [f"sent-{customer.mark}"])
            await one.sends.remember(sent, [f"sent-{customer.mark}"])
        properties = {"queue": "media", "session": "", "message": "m", "reason": "r"}
        body = dumps({"message": f"{conversation}-00000001"})
        await one.parked.record(f"0-{uuid4().hex}", body, {**properties, "parkedAt": now().isoformat()})
        await one.threads.accept(conversation, "a")
        for state in (State.WRAP_UP, State.CLOSED):
            await one.threads.transition(conversation, state, agent="a")
        return conversation


def document(base: str) -> str:
    """The configuration of all of them."""
    voice = yaml.safe_load(voice_document().replace("http://simulators", base))
    names = {"organization": ORGANIZATION, "channel": CHANNEL, "tenant": DYNAMICS_TENANT}
    custom = yaml.safe_load(DOCUMENT.format(base=base, audience=AUDIENCE, app=DYNAMICS_APP, **names))
    chat = {"channel": "chat", "provider": "directline", "workstream": "calls", "settings": settings()}
    records = {"channel": "records", "provider": "dataverse", "workstream": "calls", "settings": RECORDS}
    line = next(account for account in voice["accounts"] if account["id"] == "line")
    portal = {**custom["accounts"][0], "workstream": "calls"}
    accounts = [line, portal, {"id": "web", **chat}, {"id": "dataverse", **records}]
    entitlements = ["voice", "chat", "digital-messaging", "records"]
    return yaml.safe_dump({**voice, "entitlements": entitlements, "accounts": accounts})


@asynccontextmanager
async def open_house(azurite: Azurite, blobs: Azurite, broker: ServiceBus) -> AsyncIterator[House]:
    """Open it; its tables and its container are its own."""
    app = web.Application()
    app.router.add_routes(entra.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    run, weather = f"erase{uuid4().hex[:8]}", Weather()
    tables, bus = open_tables(azurite.connection_string), AzureBus.connect(broker.connection_string)
    container = AzureBlobs(blobs.connection_string, container=run)

    def table(name: str) -> Table:
        return Shaky(tables.table(run + name), name, weather)

    real = outside(tables, bus, container, EnvironmentSecrets({}))
    app_settings = Settings("https://desk.example", "", "", "", "", "", "", "", ())
    services = wire(app_settings, dataclasses.replace(real, table=table))
    await services.configurations.apply(document(base), "tests")
    async with TableServiceClient.from_connection_string(azurite.connection_string) as listing:
        yield House(services, weather, broker, run, listing, await token(base))
    await container.close()
    await bus.close()
    await tables.close()
    await runner.cleanup()
