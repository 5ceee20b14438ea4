"""Everything that delivery needs, real: threads over Azurite, providers that answer as told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import aiohttp
from aiohttp import web

from functions.conversations.model import State, StoredMessage
from functions.conversations.replies import Replied
from functions.conversations.threads import Draft
from functions.delivery.caller import Caller
from functions.delivery.courier import Courier
from functions.delivery.line import Line
from functions.message import Attachment, AttachmentKind, Inbound, Kind
from functions.routing.inbound import Delivery as Queued
from functions.services import Services
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.simulators.server import Simulators
from local.simulators.state import Behaviour, Order
from tests.desk.kit import now, services
from tests.intake.samples import inbound

HASTY = aiohttp.ClientTimeout(total=1)
DOCUMENT = """
version: 1
entitlements: [digital-messaging]
accounts:
  - id: support
    channel: sms
    provider: twilio
    workstream: support
    settings:
      accountSid: AC00000000000000000000000000000000
      authToken: twilio-token
      sender: "+358800123456"
      apiBase: {api}
workstreams: [{{id: support, agentQueue: frontline}}]
agentQueues: [{{id: frontline}}]
"""


@dataclass
class House:
    """A courier that does not sleep but notes how long it would have."""

    services: Services
    simulators: Simulators
    api: str
    caller: Caller
    slept: list[float] = field(default_factory=list)

    @property
    def courier(self) -> Courier:
        """A courier as a new process would have it."""
        one = self.services
        line = Line(self.caller, one.tokens)
        return Courier(
            one.threads,
            one.identities,
            one.configurations,
            one.sends,
            line,
            one.waiting,
            one.parked,
            now,
            self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def configure(self, api: str) -> None:
        await self.services.configurations.apply(DOCUMENT.format(api=api), "test")

    def order(self, *answers: Behaviour) -> None:
        for answer in answers:
            self.simulators.state.order(Order(provider="twilio", answer=answer))

    def taken(self, recipient: str) -> list[str]:
        """What the provider has for a customer, in order."""
        return [one.text for one in self.simulators.state.sent("twilio") if one.recipient == recipient]

    async def customer(self) -> Inbound:
        """A customer who wrote a moment ago, in a conversation of their own."""
        phone = f"+35850{uuid4().int % 10**7:07d}"
        item = inbound(thread=phone, sender={"id": phone, "phone": phone}, received_at=now())
        await self.hear(item)
        return item

    async def hear(self, item: Inbound) -> None:
        await self.services.router.route(
            "inbound-sms", [Queued(item.id, item.session, item.json_text(), count=1)]
        )

    async def opts_out(self, customer: Inbound) -> None:
        later = now() + timedelta(milliseconds=1)
        stop = {"kind": Kind.OPT_OUT, "event": f"SM{uuid4().hex}", "text": "STOP", "received_at": later}
        await self.hear(customer.model_copy(update=stop))

    async def reply(self, customer: Inbound, text: str, media: int = 0) -> Replied:
        for state in (State.OPEN, State.ACTIVE):
            page = await self.services.threads.inbox("support", state, None, 100)
            for found in page.items:
                if found.customer.id == customer.sender.id:
                    return await self._reply(found.id, text, media)
        raise AssertionError("the customer has no conversation")

    async def _reply(self, conversation: str, text: str, media: int) -> Replied:
        pictures = tuple(
            Attachment(kind=AttachmentKind.IMAGE, url=f"https://example.com/{n}.jpg") for n in range(media)
        )
        draft = Draft(text=text, attachments=pictures)
        return await self.services.threads.reply(conversation, draft, key=uuid4().hex, agent="maija")

    async def state(self, replied: Replied) -> StoredMessage:
        return await self.services.threads.message(replied.message.id)


@asynccontextmanager
async def open_house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    simulators, caller = Simulators(), Caller(HASTY)
    runner = web.AppRunner(simulators.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api = f"http://127.0.0.1:{runner.addresses[0][1]}/twilio"
    async with services(azurite.connection_string, servicebus.connection_string) as wired:
        house = House(wired, simulators, api, caller)
        await house.configure(api)
        yield house
    await caller.close()
    await runner.cleanup()
