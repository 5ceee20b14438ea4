"""A Teams conversation from its first activity to the reply, where Teams said that replies go."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest_asyncio
from aiohttp import web

from functions.channels import adapter
from functions.conversations.threads import Draft
from functions.message import Delivery, Inbound, Kind
from functions.routing.inbound import Delivery as Queued
from functions.services import Services
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.simulators.server import Simulators
from local.simulators.state import Behaviour, Order, Taken
from tests.channels.samples import account, request
from tests.channels.vectors.teams import activity
from tests.desk.kit import services

DOCUMENT = """
version: 1
entitlements: [digital-messaging]
accounts:
  - id: teams-1
    channel: teams
    provider: botframework
    workstream: support
    settings:
      appId: 00000000-1111-2222-3333-444444444444
      tenantId: 72f988bf-86f1-41af-91ab-2d7cd011db47
      clientSecret: local-secret
      apiBase: {base}
      loginBase: {base}/entra
workstreams: [{{id: support, agentQueue: frontline}}]
agentQueues: [{{id: frontline}}]
"""


@dataclass
class House:
    """The services, and a connector that is reached below the service URL only."""

    services: Services
    simulators: Simulators
    base: str

    async def hear(self, kind: str, **more: Any) -> Inbound:
        """Take an activity in a chat of its own, whose service URL is the simulator's."""
        chat = {"id": f"a:{uuid4().hex}", "conversationType": "personal"}
        body = activity(kind, conversation=chat, serviceUrl=f"{self.base}/botframework/", **more)
        [item] = adapter("teams", "botframework").parse(request("teams", body), account("teams"))
        queued = Queued(item.id, item.session, item.json_text(), count=1)
        await self.services.router.route("inbound-teams", [queued])
        return item

    async def reply(self, to: Inbound, text: str) -> Delivery | None:
        draft = Draft(text=text)
        conversation, key = f"{to.session}-000001", uuid4().hex
        replied = await self.services.threads.reply(conversation, draft, key=key, agent="maija")
        await self.services.courier.deliver(replied.outbound, 1)
        return (await self.services.threads.message(replied.message.id)).delivery

    def taken(self, by: Inbound) -> list[Taken]:
        return [one for one in self.simulators.state.sent("botframework") if one.recipient == by.thread]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    simulators = Simulators()
    runner = web.AppRunner(simulators.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with services(azurite.connection_string, servicebus.connection_string) as wired:
        await wired.configurations.apply(DOCUMENT.format(base=base), "tests")
        yield House(wired, simulators, base)
        await wired.tokens._caller.close()
    await runner.cleanup()


async def test_a_reply_goes_where_the_conversation_said(house: House) -> None:
    said = await house.hear("message", text="Hei")
    assert await house.reply(said, "Päivää") is Delivery.SENT
    assert [one.text for one in house.taken(said)] == ["Päivää"]


async def test_who_installed_the_app_can_be_written_to_first(house: House) -> None:
    installed = await house.hear("installationUpdate", action="add")
    assert installed.kind is Kind.OPT_IN
    assert await house.reply(installed, "Tervetuloa") is Delivery.SENT
    assert [one.text for one in house.taken(installed)] == ["Tervetuloa"]


async def test_who_removed_it_is_left_alone(house: House) -> None:
    removed = await house.hear("installationUpdate", action="remove", **{"from": {"id": "29:gone"}})
    assert await house.reply(removed, "Huhuu?") is Delivery.FAILED
    assert house.taken(removed) == []


async def test_who_blocked_the_bot_is_a_failure_with_its_reason(house: House) -> None:
    said = await house.hear("message", text="Hei")
    house.simulators.state.order(Order(provider="botframework", answer=Behaviour.PERMANENT))
    assert await house.reply(said, "Päivää") is Delivery.FAILED
    found = await house.services.threads.messages(f"{said.session}-000001", None, 10)
    assert found.items[-1].delivery_code == "MessageWritesBlocked"


async def test_a_reset_leaves_it_uncertain(house: House) -> None:
    said = await house.hear("message", text="Hei")
    house.simulators.state.order(Order(provider="botframework", answer=Behaviour.RESET))
    assert await house.reply(said, "Päivää") is Delivery.UNCERTAIN
    assert len(house.taken(said)) == 1
