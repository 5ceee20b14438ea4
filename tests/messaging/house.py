"""An account of the Messaging API, the integration that calls it, and its webhook."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from functions.channels.contract import Request
from functions.delivery.caller import Caller
from functions.delivery.courier import Courier
from functions.delivery.line import Line
from functions.message import Outbound, thread_key
from functions.routing.inbound import Delivery as Queued
from functions.services import Services
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.simulators import entra
from tests.desk.kit import now, services
from tests.intake.reading import read, text

ORGANIZATION, CHANNEL = "0a000000-0000-0000-0000-00000000000A", "0c000000-0000-0000-0000-00000000000c"
TENANT, APP = "0e000000-0000-0000-0000-00000000000e", "0b000000-0000-0000-0000-00000000000b"
AUDIENCE = "https://0a00000000000000000000000000000a-c.crm4.dynamics.com"
ROOT = "api/v1.0/consumer"
DOCUMENT = """
version: 1
entitlements: [digital-messaging]
accounts:
  - id: portal
    channel: custom
    provider: dynamics
    workstream: support
    settings:
      organizationId: {organization}
      channelId: {channel}
      tenantId: {tenant}
      appId: {app}
      audience: {audience}
      webhookUrl: {base}/hook
      clientSecret: local-dynamics-secret
      loginBase: {base}/entra
workstreams: [{{id: support, agentQueue: frontline}}]
agentQueues: [{{id: frontline}}]
"""


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class Webhook:
    """The integration's webhook: it checks the token, and keeps the activities."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.status = 200

    async def take(self, request: web.Request) -> web.Response:
        told = entra.claims(request.headers["Authorization"].removeprefix("Bearer "))
        assert (told["aud"], told["appid"]) == (APP, APP)
        activity = await request.json()
        assert activity["conversation"]["id"] == request.match_info["conversation"]
        if self.status == 200:
            self.taken.append(activity)
        return web.Response(status=self.status)


@dataclass
class House:
    """The service and its caller."""

    services: Services
    broker: ServiceBus
    webhook: Webhook
    base: str
    token: str
    caller: Caller

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: str = "",
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        """Call as the host does; a header that is None is left out."""
        usual: dict[str, str | None] = {
            "authorization": f"Bearer {self.token}",
            "channel-id": CHANNEL,
            "organization-id": ORGANIZATION,
        }
        sent = {name: value for name, value in {**usual, **(headers or {})}.items() if value is not None}
        octets = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        rest = path if path.startswith("/") else f"{ROOT}/{path}"
        url = "https://desk.example/api/channels/custom/portal"
        request = Request(method, url, query, sent, octets, now(), rest=rest.strip("/"))
        found = await self.services.intake.receive("custom", "portal", request)
        return Answer(found.status, json.loads(found.body), dict(found.headers))

    async def created(self, **customer: str) -> str:
        """Start a conversation with its first words, and route them."""
        told = {"customerid": uuid4().hex, **customer}
        body = {"customercontext": told, "startmessage": {"message": "Moi"}}
        answer = await self.call("POST", "conversation/create", body)
        conversation: str = answer.body["conversationId"]
        await self.route(conversation, 1)
        return conversation

    async def route(self, conversation: str, count: int) -> None:
        """Take what came from the queue, and route it as the function does."""
        session = thread_key("custom", "portal", conversation)
        for one in await read(self.broker, "inbound-custom", session, count=count):
            await self.services.router.route(
                "inbound-custom", [Queued(one.message_id or "", session, text(one), 1)]
            )

    def ours(self, conversation: str) -> str:
        """Give the id that the desk knows it by."""
        return f"{thread_key('custom', 'portal', conversation)}-000001"

    async def deliver(self, outbound: Outbound) -> None:
        one = self.services
        line = Line(self.caller, one.tokens)
        rooms = one.threads, one.identities, one.configurations, one.sends, line, one.waiting, one.parked
        await Courier(*rooms, now).deliver(outbound, 1)


async def token(base: str, audience: str = AUDIENCE, app: str = APP, tenant: str = TENANT) -> str:
    """Ask Entra ID's stand-in for a token, as an integration does."""
    form = {
        "grant_type": "client_credentials",
        "client_id": app,
        "client_secret": "local-x",
        "scope": f"{audience}/.default",
    }
    url = f"{base}/entra/{tenant}/oauth2/v2.0/token"
    async with aiohttp.ClientSession() as http, http.post(url, data=form) as answer:
        found: str = (await answer.json())["access_token"]
        return found


@asynccontextmanager
async def open_house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    app, webhook = web.Application(), Webhook()
    app.router.add_routes(entra.routes())
    app.router.add_post("/hook/v3/conversations/{conversation}/activities", webhook.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with services(azurite.connection_string, servicebus.connection_string) as wired:
        names = {"organization": ORGANIZATION, "channel": CHANNEL, "tenant": TENANT, "app": APP}
        document = DOCUMENT.format(base=base, audience=AUDIENCE, **names)
        await wired.configurations.apply(document, "test")
        caller = Caller()
        yield House(wired, servicebus, webhook, base, await token(base), caller)
        await caller.close()
    await runner.cleanup()
