"""The running platform with chat accounts, an agent at its desk, and other people's web sites."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from aiohttp import web
from playwright.async_api import Browser

from local.desk import Desk, Json
from local.issuer import AUDIENCE, ISSUER
from local.platform import Platform
from tests.browser.browsing import chromium
from tests.waiting import eventually

POLLING = {"WEBPUBSUB_CONNECTION_STRING": ""}
SITE = """<!doctype html><html lang="fi"><meta charset="utf-8"><title>Kauppa</title>
<link rel="icon" href="data:,"><body><h1>Kauppa</h1><a href="/">Etusivu</a>{script}</body></html>"""
CONFIGURATION = """
version: 1
entitlements: [digital-messaging, chat]
accounts:
  - id: asked
    channel: chat
    provider: directline
    workstream: support
    settings: &settings
      secrets: [a-secret-of-the-chat]
      signingKeys: [{id: k1, key: 0123456789abcdef0123456789abcdef}]
      allowedOrigins: [ALLOWED]
      title: Pohjolan Leipomo
      beginLimit: 0
      greeting:
        fi: Hei! Miten voimme auttaa?
        sv: Hej! Hur kan vi hjälpa?
        en: Hello! How can we help?
      survey:
        - {id: name, text: {fi: Nimesi, sv: Ditt namn, en: Your name}, required: true}
        - id: topic
          kind: choice
          text: {fi: "Mitä asia koskee?", sv: "Vad gäller det?", en: "What is it about?"}
          choices:
            invoice: {fi: Lasku, sv: Faktura, en: An invoice}
            order: {fi: Tilaus, sv: Beställning, en: An order}
  - id: open
    channel: chat
    provider: directline
    workstream: support
    settings: {<<: *settings, survey: []}
  - id: crowded
    channel: chat
    provider: directline
    workstream: support
    settings: {<<: *settings, survey: [], beginLimit: 1}
  - id: members
    channel: chat
    provider: directline
    workstream: support
    settings:
      <<: *settings
      survey: []
      persistent: true
      signIn: {issuer: ISSUER, audience: AUDIENCE, jwksUrl: KEYS}
workstreams:
  - {id: support, agentQueue: frontline}
agentQueues:
  - {id: frontline}
"""


@dataclass
class House:
    """`allowed` may embed the chat, `stranger` may not; `sites` says what stands on their pages."""

    platform: Platform
    browser: Browser
    desk: Desk
    allowed: str
    stranger: str
    sites: dict[str, str]

    def page(self, account: str, query: str = "") -> str:
        return f"{self.platform.url}/api/channels/chat/{account}{query}"

    async def conversation_of(self, said: str) -> str:
        """Wait until a customer's text is stored; give its conversation."""
        found: list[str] = []

        async def stored() -> bool:
            for one in await self.desk.conversations():
                messages = await self.messages(one["id"])
                if any(message.get("text") == said for message in messages):
                    found.append(one["id"])
            return bool(found)

        await eventually(stored)
        return found[0]

    async def messages(self, conversation: str) -> list[Json]:
        return await self.desk.items(f"conversations/{conversation}/messages")

    async def reply(self, conversation: str, text: str, **more: Any) -> Json:
        return await self.desk.reply(conversation, text, str(uuid4()), **more)

    async def state(self, conversation: str) -> str:
        return str((await self.desk.get(f"conversations/{conversation}"))["state"])

    async def until_state(self, conversation: str, *states: str) -> None:
        async def there() -> bool:
            return await self.state(conversation) in states

        await eventually(there)

    async def until_delivery(self, conversation: str, message: str, delivery: str) -> None:
        async def there() -> bool:
            found = await self.desk.get(f"conversations/{conversation}/messages/{message}")
            return bool(found["delivery"] == delivery)

        await eventually(there)


def configuration(platform: Platform, allowed: str) -> str:
    """Fill the example in; who signs members in is the platform's own issuer."""
    keys = platform.environment()["AUTH_JWKS_URL"]
    known = {"ALLOWED": allowed, "KEYS": keys, "ISSUER": ISSUER, "AUDIENCE": AUDIENCE}
    text = re.sub("|".join(known), lambda found: known[found[0]], CONFIGURATION)
    return yaml.safe_dump(yaml.safe_load(text))  # the service's own reader knows no merging of keys


@asynccontextmanager
async def house(data: Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        sites: dict[str, str] = {}
        allowed, stranger = [await stack.enter_async_context(site(sites)) for _ in range(2)]
        platform = await stack.enter_async_context(Platform(data, environment=environment))
        await platform.configure(configuration(platform, allowed))
        token = platform.issuer.token("Administrator", "agent-1")
        desk = await stack.enter_async_context(Desk(platform.url, token))
        browser = await stack.enter_async_context(chromium())
        yield House(platform, browser, desk, allowed, stranger, sites)


@asynccontextmanager
async def site(pages: dict[str, str]) -> AsyncIterator[str]:
    """Serve pages on a site of its own: `localhost` is another one than the platform's 127.0.0.1."""

    async def show(request: web.Request) -> web.Response:
        script = pages.get(str(request.url.origin()), "")
        return web.Response(text=SITE.format(script=script), content_type="text/html")

    app = web.Application()
    app.router.add_get("/{any:.*}", show)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://localhost:{runner.addresses[0][1]}"
    await asyncio.wait_for(runner.cleanup(), 10)
