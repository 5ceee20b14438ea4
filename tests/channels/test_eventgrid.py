"""Event Grid's handshakes, and its events as its own client writes them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.core.credentials import AzureKeyCredential
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent
from azure.eventgrid.aio import EventGridPublisherClient

from functions.channels.contract import Request
from functions.errors import Forbidden, Invalid, NotAuthentic
from functions.providers.eventgrid.events import events
from tests.channels.event_grid_tokens import AUDIENCE, TENANT, entra, token
from tests.channels.samples import SECRETS, account, request, room
from tests.channels.vectors.event_grid import body, event
from tests.desk.issuers import KEY

SECRET = SECRETS["delivery_secret"]
PROOF = {"x-delivery-secret": SECRET}
CODE = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
VALIDATION = body(
    event(
        "Microsoft.EventGrid.SubscriptionValidationEvent",
        {"validationCode": CODE, "validationUrl": "https://rp-eastus.eventgrid.azure.net:553/validate"},
    )
)
CHANNELS = ["sms-acs", "whatsapp-acs"]


def test_the_secret_may_be_in_the_url() -> None:
    room("sms-acs").authenticate(request("sms-acs", b"[]", query=f"code=x&key={SECRET}"), account("sms-acs"))
    for query in (f"key={SECRET}x", "key=", f"KEY={SECRET}"):
        with pytest.raises(NotAuthentic):
            room("sms-acs").authenticate(request("sms-acs", b"[]", query=query), account("sms-acs"))


def validation(headers: dict[str, str] | None = None, content: bytes = VALIDATION) -> Request:
    return request("sms-acs", content, {"aeg-event-type": "SubscriptionValidation", **(headers or {})})


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_subscription_is_validated(channel: str) -> None:
    answer = room(channel).handshake(validation(PROOF), account(channel))
    assert answer
    assert (answer.status, answer.content_type) == (200, "application/json")  # 202 would not do
    assert json.loads(answer.body) == {"validationResponse": CODE}


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("secret", ["", SECRET])
def test_where_deliveries_carry_tokens_the_validation_does_too(channel: str, secret: str) -> None:
    bearing = {**PROOF, "authorization": f"Bearer {token()}"}
    answer = room(channel).handshake(
        replace(validation(bearing), key=KEY.public_key()), entra(channel, secret)
    )
    assert answer
    assert json.loads(answer.body) == {"validationResponse": CODE}
    for headers in ({}, PROOF, {**PROOF, "authorization": f"Bearer {token(appid=TENANT)}"}):
        with pytest.raises(Forbidden):
            room(channel).handshake(
                replace(validation(headers), key=KEY.public_key()), entra(channel, secret)
            )


@pytest.mark.parametrize("headers", [{}, {"x-delivery-secret": SECRET + "x"}, {"x-delivery-secret": ""}])
def test_a_validation_without_the_secret_is_forbidden(headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        room("sms-acs").handshake(validation(headers), account("sms-acs"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        VALIDATION.replace(CODE.encode(), b"<script>"),
        VALIDATION.replace(CODE.encode(), b"x" * 257),
        VALIDATION.replace(b"validationCode", b"code"),
    ],
)
def test_an_odd_code_is_not_echoed(content: bytes) -> None:
    with pytest.raises(Invalid):
        room("sms-acs").handshake(validation(PROOF, content), account("sms-acs"))


def options(query: str = "", **headers: str) -> Request:
    return replace(request("sms-acs", b"", headers, query), method="OPTIONS")


ORIGIN = {"webhook-request-origin": "eventgrid.azure.net", "webhook-request-rate": "120"}


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("query", ["", f"key={SECRET}"])
def test_cloud_events_may_be_delivered(channel: str, query: str) -> None:
    answer = room(channel).handshake(options(query, **ORIGIN), account(channel))
    assert answer
    assert answer.status == 200
    assert answer.headers == {
        "WebHook-Allowed-Origin": "eventgrid.azure.net",
        "WebHook-Allowed-Rate": "*",
        "Allow": "POST",
    }
    assert {"POST", "OPTIONS"} == room(channel).capabilities.methods


@pytest.mark.parametrize(
    ("query", "origin"),
    [
        ("", {}),
        ("", {"webhook-request-origin": "evil.example"}),
        ("", {"webhook-request-origin": "eventgrid.azure.net.evil.example"}),
        ("key=x", ORIGIN),
        ("key=", ORIGIN),
    ],
)
def test_others_may_not(query: str, origin: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        room("sms-acs").handshake(options(query, **origin), account("sms-acs"))


def test_a_sovereign_cloud_has_an_origin_of_its_own() -> None:
    ours = account("sms-acs", origin="eventgrid.azure.us")
    assert room("sms-acs").handshake(options(**{"webhook-request-origin": "eventgrid.azure.us"}), ours)
    with pytest.raises(Forbidden):
        room("sms-acs").handshake(options(**ORIGIN), ours)


async def published(*batches: Sequence[Any]) -> list[bytes]:
    """What Event Grid's own client writes for each batch."""
    bodies: list[bytes] = []

    async def take(call: web.Request) -> web.Response:
        bodies.append(await call.read())
        return web.Response()

    app = web.Application()
    app.router.add_post("/api/events", take)
    async with TestServer(app) as server:
        url = str(server.make_url("/api/events"))
        async with EventGridPublisherClient(url, AzureKeyCredential("x")) as client:
            for batch in batches:
                await client.send(list(batch))
    return bodies


async def test_both_schemas_as_event_grids_client_writes_them() -> None:
    at = datetime(2026, 11, 22, 11, 59, 58, 192171, UTC)
    data = {"MessageId": "m", "Context": {"Id": ["x", {"Y": 1}]}}
    kind = "Microsoft.Communication.SMSReceived"
    grid = [EventGridEvent("s", kind, data, "1.0", id=str(n), event_time=at) for n in range(3)]
    cloud = [CloudEvent(source="/s", type=kind, data=data, id=str(n), time=at) for n in range(3)]
    for written in await published(grid, cloud):
        read = list(events(written))
        assert [(one.id, one.type, one.at) for one in read] == [(str(n), kind.lower(), at) for n in range(3)]
        assert {json.dumps(one.data) for one in read} == {
            '{"messageid": "m", "context": {"id": ["x", {"y": 1}]}}'
        }


@pytest.mark.parametrize("content", [b"7", b"null", b'"x"', b"", b"{"])
def test_what_holds_no_events_is_invalid(content: bytes) -> None:
    with pytest.raises(Invalid):
        list(events(content))


@pytest.mark.parametrize("channel", CHANNELS)
def test_setup_tells_both_subscriptions_and_how_they_prove_themselves(channel: str) -> None:
    steps = {step.name: step.value for step in room(channel).setup(entra(channel, SECRET))}
    assert steps["Tenant ID"] == TENANT
    assert steps["Application ID or URI"] == AUDIENCE
    assert steps["X-Delivery-Secret"] == SECRET
    assert len([name for name in steps if name.startswith("Microsoft.Communication.")]) == 2
