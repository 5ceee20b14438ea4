"""The service with an account of the simulated Dataverse: real tables, a real bus, msal, and HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from functions.cloud.tokens import EntraTokens
from functions.conversations.model import Conversation
from functions.dataverse.environments import Environments
from functions.dataverse.lookup import Gaps
from functions.dataverse.marks import Marks
from functions.dataverse.reader import WebApiReader
from functions.dataverse.reconcile import QUEUE, Reconciler
from functions.dataverse.timeline import Timeline
from functions.message import Inbound, thread_key
from functions.records.work import RecordWork
from functions.routing.inbound import Delivery, Router
from functions.services import Services
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from tests.dataverse.house import House, guid
from tests.desk.kit import now, services
from tests.intake.reading import read, text
from tests.intake.samples import inbound

SMS = {
    "id": "sms",
    "channel": "sms",
    "provider": "twilio",
    "workstream": "service",
    "settings": {
        "accountSid": "AC00000000000000000000000000000000",
        "authToken": "twilio-token",
        "sender": "+358800123456",
    },
}
CASES = [{"name": "cases", "when": {"field": "record.entity", "equals": "incident"}, "workstream": "service"}]

SECOND = {
    "name": "second line",
    "when": {"field": "linked.case.queue.name", "equals": "Second line"},
    "agentQueue": "second",
}


@dataclass
class World:
    """What the function app wires, with connections that the test closes."""

    house: House
    services: Services
    bus: ServiceBus
    account: str
    environments: Environments
    timeline: Timeline
    marks: Marks
    reconciler: Reconciler
    router: Router

    async def configure(
        self, *others: str, elsewhere: Mapping[str, Any] | None = None, **settings: Any
    ) -> None:
        """Apply a configuration whose accounts of Dataverse, ours and others, have these settings.

        `elsewhere`: settings that the others have in their place.
        """
        self.house.settings = settings
        document = self.house.document()
        [entry] = document.accounts
        plain = entry.model_dump(mode="json", by_alias=True)
        there = {**plain, "settings": {**plain["settings"], **(elsewhere or {})}}
        accounts = [*({**there, "id": name} for name in others), {**plain, "id": self.account}]
        text = {
            "entitlements": ["digital-messaging", "records"],
            "accounts": [*accounts, SMS],
            "intakeRules": CASES,
            "workstreams": [{"id": "service", "agentQueue": "service", "rules": [SECOND]}],
            "agentQueues": [{"id": "service"}, {"id": "second"}],
        }
        await self.services.configurations.apply(json.dumps(text), "test")

    async def reconciled(self, *records: str) -> list[Inbound]:
        """Reconcile, and route what was told of these records, such as `contact/ID`; one item each."""
        await self.reconciler.run()
        told = await asyncio.gather(*(self._told(record, 1) for record in records))
        items = [item for [item] in told]
        for item in items:
            await self.route(item)
        return items

    async def heard(self, record: str, count: int = 1) -> list[Inbound]:
        """Route what the service told itself of a record, such as `incident/ID`."""
        items = await self._told(record, count)
        assert len(items) == count
        await self.route(*items)
        return items

    async def _told(self, record: str, count: int) -> list[Inbound]:
        session = thread_key("records", self.account, record)
        messages = await read(self.bus, QUEUE, session, count=count)
        return [Inbound.model_validate_json(text(message)) for message in messages]

    async def route(self, *items: Inbound) -> None:
        queued = [Delivery(item.id, item.session, item.json_text(), 1) for item in items]
        await self.router.route(f"inbound-{items[0].channel}", queued)

    async def text(self, who: str, thread: str = "", **more: Any) -> Conversation:
        """Let somebody write, by default from a number, in a thread of its own; give the conversation."""
        sender = {"id": who, "phone": who, **more}
        item = inbound(account="sms", thread=thread or uuid4().hex, sender=sender, received_at=now())
        await self.route(item)
        return await self.services.threads.conversation(f"{item.session}-000001")

    async def works(self, entity: str, id_: str) -> list[Conversation]:
        return list((await self.services.threads.of_record(entity, id_, None, 10)).items)


@asynccontextmanager
async def open_world(house: House, azurite: Azurite, bus: ServiceBus) -> AsyncIterator[World]:
    async with services(azurite.connection_string, bus.connection_string) as wired:
        live = wired.configurations.current
        environments = Environments(live, house.http, EntraTokens(), now)
        rows = wired.record_work._rows
        gaps = Gaps(environments, live, rows, wired.records, now)
        reader = WebApiReader(environments)
        marks = Marks(wired.reconciler._marks._table)
        router = Router(
            wired.threads,
            wired.identities,
            wired.records,
            wired.configurations,
            wired.sends,
            wired.parked,
            wired.media,
            RecordWork(rows, wired.records, wired.threads, reader, wired.outbox, now),
            now,
            gaps.fill,
        )
        yield World(
            house=house,
            services=wired,
            bus=bus,
            account=f"dv-{guid(uuid4().hex)[:8]}",
            environments=environments,
            timeline=Timeline(wired.timeline._table, environments),
            marks=marks,
            reconciler=Reconciler(environments, live, marks, wired.outbox, now),
            router=router,
        )
