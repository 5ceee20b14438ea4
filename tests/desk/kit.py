"""The desk API as the Functions host calls it, over real services; answers are held to its description."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import azure.functions as func
from jsonschema import Draft202012Validator

from functions.cloud.blobs import AzureBlobs
from functions.cloud.compose import outside
from functions.cloud.desk import register
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import open_tables
from functions.conversations.model import Conversation
from functions.desk.openapi import describe
from functions.desk.routes import ROUTES
from functions.desk.tokens import Authority
from functions.message import Address, Inbound, Kind
from functions.routing.inbound import Delivery
from functions.services import Services, wire
from functions.settings import Settings
from tests.desk.issuers import token

BASE = "https://desk.example"
AGENT, ADMINISTRATOR = "Agent", "Administrator"
OPENAPI = describe(ROUTES)


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def services(
    tables_connection: str, bus_connection: str, blobs_connection: str = ""
) -> AsyncIterator[Services]:
    """The app's services over tables of their own; media only where blobs are given."""
    run = f"desk{uuid4().hex[:8]}"
    tables, bus = open_tables(tables_connection), AzureBus.connect(bus_connection)
    blobs = AzureBlobs(blobs_connection, container=run)
    settings = Settings(BASE, bus_connection, tables_connection, blobs_connection, "", "", "", "", ())
    yield wire(settings, outside(tables, bus, blobs, EnvironmentSecrets({}), prefix=run))
    await blobs.close()
    await bus.close()
    await tables.close()


@dataclass(frozen=True)
class Told:
    """An answer: its status, its headers in lower case, and its body as JSON, text, or a file's bytes."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Desk:
    """Calls the registered functions by method and path."""

    def __init__(self, found: Services, authority: Authority) -> None:
        self.services, self.authority = found, authority
        app = func.FunctionApp()

        async def services() -> Services:
            return self.services

        register(app, services, authority)
        self.functions: dict[tuple[str, str], Any] = {}
        for one in app.get_functions():
            trigger: Any = one.get_trigger()
            (method,) = trigger.methods
            self.functions[str(method), trigger.route] = one

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str | None = AGENT,
        query: str = "",
        **headers: str,
    ) -> Told:
        """Call as the host does; `body` is JSON unless it is text or bytes. Headers: `if_match`."""
        template, parameters = self._route(method, path)
        sent = {header.replace("_", "-"): value for header, value in headers.items()}
        if role:
            sent.setdefault("authorization", f"Bearer {token(roles=[role])}")
        request = func.HttpRequest(
            method,
            f"{BASE}/api/{path}" + (f"?{query}" if query else ""),
            headers=sent,
            route_params=parameters,
            body=_bytes(body),
        )
        answer = await self.functions[method, template].get_user_function()(request)
        return _checked(answer, OPENAPI["paths"][f"/{template}"][method.lower()])

    def _route(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        for taken, template in self.functions:
            found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template), path)
            if found and taken == method:
                return template, {name: unquote(text) for name, text in found.groupdict().items()}
        raise LookupError(f"no function for {method} {path}")

    async def opened(self, **fields: Any) -> Conversation:
        """Route a customer's message, as the queue would bring it, and give the conversation it opened."""
        customer = f"+35840{uuid4().int % 10**7:07d}"
        given = {
            "channel": "sms",
            "provider": "twilio",
            "account": "sms-twilio",
            "thread": customer,
            "event": f"SM{uuid4().hex}",
            "kind": Kind.MESSAGE,
            "sender": Address(id=customer, phone=customer),
            "text": "moi",
            "received_at": now() - timedelta(seconds=5),
        }
        item = Inbound.model_validate(given | fields)
        await self.services.router.route(
            f"inbound-{item.channel}", [Delivery(item.id, item.session, item.json_text(), 1)]
        )
        return await self.services.threads.conversation(f"{item.session}-000001")


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _checked(answer: func.HttpResponse, operation: Mapping[str, Any]) -> Told:
    """Hold the answer to its description: status, media type and schema."""
    status, content = answer.status_code, answer.get_body()
    responses = operation["responses"]
    described = responses.get(str(status)) or responses[f"{status // 100}XX"]
    if "$ref" in described:
        described = OPENAPI["components"]["responses"]["Problem"]
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["cache-control"] == "no-store"
    if "content" not in described:
        assert content == b""
        return Told(status, headers, None)
    media, *others = described["content"]
    if media == "*/*":
        return Told(status, headers, content)
    if headers["content-type"] in others:
        media = headers["content-type"]
    assert headers["content-type"] == media
    if "json" not in media:
        return Told(status, headers, content.decode())
    schema = {**described["content"][media]["schema"], "components": OPENAPI["components"]}
    body = json.loads(content)
    Draft202012Validator(schema).validate(body)
    return Told(status, headers, body)
