"""Event Grid's deliveries with tokens: real keys from a real server, the real queue behind them."""

import gc
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from functions.channels.contract import Account, Request, Response
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import AzureTable, Tables
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.intake.parked import Parked
from functions.intake.webhook import Intake
from functions.keys import KeyRing
from functions.message import Inbound, Kind, thread_key
from local.servicebus.launch import ServiceBus
from tests.channels.event_grid_tokens import AUDIENCE, TENANT, token
from tests.channels.samples import account, request
from tests.channels.test_eventgrid import CODE, VALIDATION
from tests.channels.vectors.event_grid import body, event
from tests.channels.vectors.sms_acs import RECEIVED, REPORTED, report, sms
from tests.desk.issuers import OTHER, JwksServer
from tests.intake.reading import read, text
from tests.intake.samples import Clock

# azure-servicebus 7.15 leaves the socket of a broken connection to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


class Tenant:
    """A tenant's keys at their address, and intake with an account that trusts them."""

    def __init__(
        self, keys: JwksServer, login: str, bus: AzureBus, spool: AzureTable, notes: AzureTable
    ) -> None:
        clock = Clock()
        outbox = Outbox(bus, spool, clock)
        self.keys = keys
        self.handshakes = Handshakes(notes, clock)
        self._login = login
        self._intake = Intake(self._account, outbox, Parked(notes, outbox, clock), self.handshakes, KeyRing())

    async def _account(self, channel: str, account_id: str) -> Account[Any]:
        return account(
            "sms-acs", tenantId=TENANT, audience=AUDIENCE, deliverySecret="", loginBase=self._login
        )

    async def post(self, content: bytes, bearer: str = "", **headers: str) -> Response:
        proof = {"authorization": f"Bearer {bearer}"} if bearer else {}
        return await self.receive(request("sms-acs", content, {**proof, **headers}))

    async def receive(self, call: Request) -> Response:
        return await self._intake.receive("sms", "sms-acs-1", call)


@pytest_asyncio.fixture
async def tenant(bus: AzureBus, tables: Tables, table: AzureTable) -> AsyncIterator[Tenant]:
    keys = JwksServer()
    app = web.Application()
    app.router.add_get(f"/{TENANT}/discovery/v2.0/keys", keys.answer)
    async with TestServer(app) as server:
        login = str(server.make_url("")).rstrip("/")
        yield Tenant(keys, login, bus, tables.table(f"s{uuid4().hex}"), table)


def customer() -> str:
    return f"35850{uuid4().int % 10**7:07d}"


async def test_a_batch_with_a_token_is_on_the_queue_when_it_is_answered(
    tenant: Tenant, servicebus: ServiceBus
) -> None:
    sender, name = customer(), uuid4().hex
    batch = body(
        event(RECEIVED, sms("1", messageId=f"{name}-1", **{"from": sender}), f"{name}-1"),
        event("Microsoft.Communication.Unheard", {"from": sender, "to": "x"}, f"{name}-2"),
        event(REPORTED, report(messageId=f"{name}-3", to=f"+{sender}"), f"{name}-3"),
    )
    answers = [await tenant.post(batch, token()) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    session = thread_key("sms", "sms-acs-1", f"+{sender}")
    arrived = [
        Inbound.model_validate_json(text(one))
        for one in await read(servicebus, "inbound-sms", session, count=3)
    ]
    assert [item.kind for item in arrived] == [Kind.MESSAGE, Kind.UNSUPPORTED, Kind.RECEIPT]
    assert tenant.keys.calls == 1


@pytest.mark.parametrize("bearer", [token(OTHER), token(kid="unpublished"), token(roles=[]), "rubbish", ""])
async def test_another_token_is_401_and_noted(tenant: Tenant, bearer: str) -> None:
    assert (await tenant.post(body(event(RECEIVED, sms())), bearer)).status == 401
    noted = (await tenant.handshakes.status("sms-acs-1")).failures
    assert [failure.code for failure in noted] == ["not-authentic"]


async def test_keys_that_cannot_be_had_are_our_fault(tenant: Tenant) -> None:
    tenant.keys.status = 500
    answer = await tenant.post(body(event(RECEIVED, sms())), token())
    assert answer.status == 503  # 401 would make Event Grid drop the message
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_subscription_is_validated_and_noted(tenant: Tenant) -> None:
    answer = await tenant.post(VALIDATION, token(), **{"aeg-event-type": "SubscriptionValidation"})
    assert (answer.status, json.loads(answer.body)) == (200, {"validationResponse": CODE})
    assert (await tenant.handshakes.status("sms-acs-1")).succeeded_at is not None
    asked = request("sms-acs", b"", {"webhook-request-origin": "eventgrid.azure.net"})
    consent = await tenant.receive(replace(asked, method="OPTIONS"))
    assert (consent.status, consent.headers["WebHook-Allowed-Origin"]) == (200, "eventgrid.azure.net")


@pytest.mark.parametrize(("bearer", "status"), [("", 401), (token(OTHER), 403), (token(roles=[]), 403)])
async def test_nobody_else_gets_a_code_back(tenant: Tenant, bearer: str, status: int) -> None:
    answer = await tenant.post(VALIDATION, bearer, **{"aeg-event-type": "SubscriptionValidation"})
    assert answer.status == status
    assert CODE not in str(answer.body)
    handshakes = await tenant.handshakes.status("sms-acs-1")
    assert (handshakes.succeeded_at, len(handshakes.failures)) == (None, 1)


async def test_a_validation_waits_for_keys_that_cannot_be_had(tenant: Tenant) -> None:
    tenant.keys.status = 500
    answer = await tenant.post(VALIDATION, token(), **{"aeg-event-type": "SubscriptionValidation"})
    assert answer.status == 503


async def test_what_is_too_large_is_413(tenant: Tenant) -> None:
    assert (await tenant.post(b" " * (2 * 1024 * 1024 + 1), token())).status == 413
