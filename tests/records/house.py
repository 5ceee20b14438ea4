"""Everything that records need, real: Dataverse's webhooks, their adapter, routing, threads and tables."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from functions.channels import adapter
from functions.channels.contract import Request
from functions.channels.records.change import RecordValue
from functions.conversations.model import Conversation, StoredMessage
from functions.message import Inbound, thread_key
from functions.records.rows import Rows
from functions.records.work import RecordWork
from functions.routing.inbound import Delivery, Router
from functions.services import Services
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.simulators.dataverse_webhook import Operation, webhook
from tests.desk.kit import now, services
from tests.intake.reading import read, text
from tests.intake.samples import inbound

KEY = "house-header-key"
APPLICATION = "00000000-0000-0000-0000-0000000000d0"
DOCUMENT = f"""
version: 1
entitlements: [digital-messaging, records]
accounts:
  - id: support
    channel: sms
    provider: twilio
    workstream: support
    settings:
      accountSid: AC00000000000000000000000000000000
      authToken: twilio-token
      sender: "+358800123456"
  - id: dynamics
    channel: records
    provider: dataverse
    workstream: cases
    settings:
      headers: {{ x-key: [{KEY}] }}
      applicationUser: {APPLICATION}
recordTables:
  - entity: new_visit
    name: new_title
    customer: [new_guest]
    active: {{ column: new_phase, values: [10, 20] }}
    attributes: [new_kind]
intakeRules:
  - name: campaigns that are launched
    when: {{ all: [{{ field: record.entity, equals: campaign }}, {{ field: record.statuscode, equals: 2 }}] }}
    workstream: sales
  - name: quotes over a thousand
    when:
      all:
        - {{ field: record.entity, equals: quote }}
        - {{ field: record.totalamount, greaterThan: 1000 }}
    workstream: sales
  - name: visits of gold guests
    when:
      all:
        - {{ field: record.entity, equals: new_visit }}
        - {{ field: linked.customertypecode.name, equals: Gold }}
    workstream: sales
  - name: cases, except those that are ours
    when:
      all:
        - {{ field: record.entity, equals: incident }}
        - not: {{ field: record.title, beginsWith: internal }}
    workstream: cases
workstreams:
  - id: support
    agentQueue: frontline
    rules:
      - {{ name: urgent, when: {{ field: record.prioritycode.name, equals: High }}, agentQueue: urgent }}
  - id: cases
    agentQueue: frontline
    rules:
      - {{ name: urgent, when: {{ field: record.prioritycode.name, equals: High }}, agentQueue: urgent }}
  - {{ id: sales, agentQueue: frontline }}
agentQueues: [{{ id: frontline }}, {{ id: urgent }}]
"""
Columns = Mapping[str, RecordValue]


@dataclass
class System:
    """The system that has the rows, as it answers when it is asked; `asked` are the rows."""

    rows: dict[str, Columns] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def read(self, account: str, entity: str, id: str) -> Columns | None:  # noqa: A002 - its name
        assert account == "dynamics"
        self.asked.append(f"{entity}/{id}")
        return self.rows.get(f"{entity}/{id}")


@dataclass
class House:
    """The service, and what it is told."""

    services: Services
    router: Router
    bus: ServiceBus
    system: System | None = None

    async def heard(self, record: str, count: int = 1) -> None:
        """Route what the service told itself of a record, such as `incident/ID`."""
        session = thread_key("records", "dynamics", record)
        messages = await read(self.bus, "inbound-records", session, count=count)
        assert len(messages) == count
        await self.route(*(Inbound.model_validate_json(text(message)) for message in messages))

    async def hear(self, *operations: Operation, batch: bool = False) -> list[Inbound]:
        """Let Dataverse tell, one webhook after the other, or all in one batch of the queue."""
        items = [item for operation in operations for item in await self.told(operation)]
        for group in [items] if batch else [[item] for item in items]:
            await self.route(*group)
        return items

    async def told(self, operation: Operation) -> list[Inbound]:
        """Check and read a webhook."""
        live = await self.services.configurations.current()
        account = await live.account("records", "dynamics")
        sent = webhook({"headers": {"x-key": [KEY]}}, account.callback, operation.context())
        headers = {name.lower(): value for name, value in sent.headers.items()}
        request = Request(sent.method, sent.url, "", headers, sent.body, now())
        found = adapter("records", "dataverse")
        found.authenticate(request, account)
        return list(found.parse(request, account))

    async def route(self, *items: Inbound) -> None:
        """Route items as the queue delivers them."""
        queued = [Delivery(item.id, item.session, item.json_text(), 1) for item in items]
        await self.router.route(f"inbound-{items[0].channel}", queued)

    async def text(self, phone: str) -> Conversation:
        """Let somebody send an SMS from a number, in a thread of its own; give the conversation."""
        item = inbound(thread=uuid4().hex, sender={"id": phone, "phone": phone}, received_at=now())
        await self.route(item)
        return await self.services.threads.conversation(f"{item.session}-000001")

    async def works(self, entity: str, id_: str) -> list[Conversation]:
        """The conversations about a record, the newest first."""
        return list((await self.services.threads.of_record(entity, id_, None, 10)).items)

    async def work(self, entity: str, id_: str) -> Conversation:
        """The one conversation about a record."""
        [found] = await self.works(entity, id_)
        return await self.services.threads.conversation(found.id)

    async def messages(self, conversation: Conversation) -> list[StoredMessage]:
        return list((await self.services.threads.messages(conversation.id, None, 100)).items)

    async def notes(self, conversation: Conversation) -> list[str]:
        """What agents read of the record's changes."""
        return [one.text for one in await self.messages(conversation) if one.kind == "record"]

    def asking(self, system: System) -> "House":
        """The same house, that may ask a system for rows."""
        one = self.services
        rows = Rows(one.record_work._rows._table)
        work = RecordWork(rows, one.records, one.threads, system, one.outbox, now)
        router = Router(
            one.threads,
            one.identities,
            one.records,
            one.configurations,
            one.sends,
            one.parked,
            one.media,
            work,
            now,
        )
        return replace(self, router=router, system=system)


def name() -> str:
    """An id that no other test uses."""
    return str(uuid4())


def number() -> str:
    """A phone number that no other test uses."""
    return f"+35840{uuid4().int % 10**7:07d}"


def later(when: datetime, seconds: float) -> datetime:
    return datetime.fromtimestamp(when.timestamp() + seconds, when.tzinfo)


@asynccontextmanager
async def open_house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with services(azurite.connection_string, servicebus.connection_string) as wired:
        await wired.configurations.apply(DOCUMENT, "test")
        yield House(wired, wired.router, servicebus)
