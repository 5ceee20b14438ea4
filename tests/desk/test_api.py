"""What holds for every route: who may call, what is refused, how errors look, and the description."""

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from functions.channels.contract import Request
from functions.cloud.service_bus import AzureBus
from functions.desk.call import Role
from functions.desk.routes import ROUTES
from functions.errors import Unavailable
from functions.services import Services
from tests.desk.kit import ADMINISTRATOR, AGENT, OPENAPI, Desk

ROWS = [pytest.param(route, id=route.name) for route in ROUTES]
GUARDED = [pytest.param(route, id=route.name) for route in ROUTES if route.role]
NOBODYS = {
    "id": "nothing",
    "message": "nothing",
    "index": "0",
    "entity": "contact",
    "recordId": "nothing",
    "channel": "sms",
    "account": "nothing",
    "agent": "nobody",
}


def path_of(route: Any) -> str:
    return re.sub(r"{(\w+)}", lambda found: NOBODYS[found[1]], route.path)


def test_the_description_is_valid_openapi() -> None:
    validate(OPENAPI)


async def test_the_description_is_served_and_has_every_route(desk: Desk) -> None:
    told = await desk.call("GET", "openapi.json", role=None)
    described = {(verb.upper(), path) for path, verbs in told.body["paths"].items() for verb in verbs}
    assert described == {(route.method, f"/{route.path}") for route in ROUTES}
    assert set(desk.functions) == {(route.method, route.path) for route in ROUTES}
    assert len({route.name for route in ROUTES}) == len(ROUTES)


@pytest.mark.parametrize("route", ROWS)
async def test_every_route_answers_as_described(desk: Desk, route: Any) -> None:
    """The kit holds each answer to its description; the body is none that any route takes."""
    told = await desk.call(route.method, path_of(route), "[", role=ADMINISTRATOR)
    assert told.status < 500
    if told.status >= 400:
        assert told.body["instance"] == f"/api/{path_of(route)}"
        assert told.body["status"] == told.status
        assert told.body["type"].startswith("urn:monikanava:problem:")


@pytest.mark.parametrize("route", GUARDED)
async def test_every_guarded_route_wants_a_token_with_its_role(desk: Desk, route: Any) -> None:
    told = await desk.call(route.method, path_of(route), "{", role=None)
    assert (told.status, told.headers["www-authenticate"]) == (401, "Bearer")
    told = await desk.call(route.method, path_of(route), "{", role="Other")
    assert told.status == 403
    if route.role is Role.ADMINISTRATOR:
        assert (await desk.call(route.method, path_of(route), "{", role=AGENT)).status == 403


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"state": }', "not JSON: expected value at line 1 column 11"),
        (b'{"state": "active"', "line 1 column 18"),
        (b"", "state: Field required"),
        (b'{"state": "active", "reason": 1}', "reason: "),
        (b'{"state": "\xff"}', "not JSON"),
        (b'{"state": "\\ud800"}', "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"[]", "$: "),
        (b'{"state": "asleep"}', "state: "),
        (b'{"state": "active", "sate": 1}', "sate: "),
        (b'{"reason": "x"}', "state: "),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_with_the_place(
    desk: Desk, body: bytes, reason: str
) -> None:
    told = await desk.call("POST", "conversations/nothing/state", body)
    assert told.status == 400
    assert reason in told.body["detail"]


async def test_a_body_whose_fields_all_have_defaults_may_be_left_out(desk: Desk) -> None:
    conversation = await desk.opened()
    assert (await desk.call("POST", f"conversations/{conversation.id}/close")).body["state"] == "closed"
    described = OPENAPI["paths"]["/conversations/{id}/close"]["post"]["requestBody"]
    assert not described["required"]
    assert OPENAPI["paths"]["/conversations/{id}/state"]["post"]["requestBody"]["required"]


@pytest.mark.parametrize("value", [0, 1, "yes", "true"])
async def test_a_value_of_another_type_is_not_taken_for_one_of_ours(desk: Desk, value: object) -> None:
    told = await desk.call("PUT", "records/contact/typed", {"active": value}, role=ADMINISTRATOR)
    assert (told.status, [error["path"] for error in told.body["errors"]]) == (400, ["active"])


@pytest.mark.parametrize(("entity", "record"), [("Contact", "a"), ("contact", "%0A"), ("contact", "x" * 201)])
async def test_what_a_path_must_be_is_described(desk: Desk, entity: str, record: str) -> None:
    told = await desk.call("GET", f"records/{entity}/{record}")
    assert (told.status, told.body["detail"][:31]) == (400, "the path breaks the description")
    described = OPENAPI["paths"]["/records/{entity}/{recordId}"]["get"]["parameters"]
    schemas = {one["name"]: one["schema"] for one in described}
    given = {"entity": entity, "recordId": unquote(record)}
    assert not all(Draft202012Validator(schemas[name]).is_valid(text) for name, text in given.items())


async def test_what_was_sent_is_not_repeated_in_a_refusal(desk: Desk) -> None:
    body = {"state": "hetu 010101-123N", "reason": ["salaisuus"]}
    told = await desk.call("POST", "conversations/nothing/state", body)
    assert {error["path"] for error in told.body["errors"]} == {"state", "reason"}
    assert "010101" not in json.dumps(told.body)
    assert "salaisuus" not in json.dumps(told.body)


async def test_a_body_over_a_megabyte_is_refused(desk: Desk) -> None:
    told = await desk.call("POST", "conversations/nothing/state", b" " * 1_000_001)
    assert told.status == 413


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("", "workstream"),
        ("workstream=service&limit=0", "limit"),
        ("workstream=service&limit=101", "limit"),
        ("workstream=service&limit=many", "limit"),
        ("workstream=service&state=asleep", "state"),
        ("workstream=service&sate=open", "sate"),
        ("workstream=Not%20One", "workstream"),
    ],
)
async def test_a_query_that_cannot_be_read_is_refused_with_the_place(
    desk: Desk, query: str, place: str
) -> None:
    told = await desk.call("GET", "conversations", query=query)
    assert (told.status, [error["path"] for error in told.body["errors"]]) == (400, [place])


@pytest.mark.parametrize("cursor", ["%21", "bm8", "w4Q"])
async def test_a_cursor_that_is_not_ours_is_refused(desk: Desk, cursor: str) -> None:
    told = await desk.call("GET", "conversations", query=f"workstream=service&cursor={cursor}")
    assert (told.status, told.body["detail"]) == (400, "the cursor is not one of ours")


async def test_health_is_up_when_every_part_is(desk: Desk) -> None:
    told = await desk.call("GET", "health", role=None)
    parts = {"tables": "up", "bus": "up", "configuration": "up"}
    assert (told.status, told.body) == (200, {"status": "up", "parts": parts})


async def test_health_is_down_when_one_part_is(desk: Desk) -> None:
    async def down() -> object:
        raise Unavailable("no")

    probes = {**desk.services.probes, "tables": down}
    broken = Desk(replace(desk.services, probes=probes), desk.authority)
    told = await broken.call("GET", "health", role=None)
    parts = {"tables": "down", "bus": "up", "configuration": "up"}
    assert (told.status, told.body) == (503, {"status": "down", "parts": parts})


async def test_strangers_who_ask_for_health_have_the_bus_asked_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, probe = list[str](), AzureBus.probe

    async def counted(bus: AzureBus, queue: str) -> None:
        asked.append(queue)
        await probe(bus, queue)

    monkeypatch.setattr(AzureBus, "probe", counted)
    told = await asyncio.gather(*(desk.call("GET", "health", role=None) for _ in range(20)))
    assert {one.status for one in told} == {200}
    assert len(asked) <= 1  # none where a test before asked just now


async def test_an_error_of_ours_is_numbered_and_its_words_are_kept_back(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> datetime:
        raise RuntimeError("salaisuus")

    message = {"channel": "sms", "account": "sms-twilio", "text": "salaisuus"}
    failing = Desk(replace(desk.services, clock=broken), desk.authority)
    told = await failing.call("POST", "configuration/explain", {"message": message}, role=ADMINISTRATOR)
    assert (told.status, told.body["title"]) == (500, "Internal Server Error")
    number = told.body["instance"].removeprefix("urn:uuid:")
    (entry,) = [record.getMessage() for record in caplog.records if record.name == "monikanava.desk"]
    assert number in entry
    assert "RuntimeError" in entry
    assert "desk/explain.py:" in entry
    assert "salaisuus" not in entry + str(told.body)


async def test_what_is_down_is_told_with_when_to_come_again(desk: Desk) -> None:
    async def services() -> Services:
        raise Unavailable("the table service does not answer", retry_after=7)

    (route,) = [route for route in ROUTES if route.name == "get_health"]
    request = Request("GET", "/api/health", "", {}, b"", datetime.now(UTC))
    answer = await route.answer(request, {}, services, desk.authority)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
    assert json.loads(answer.body)["detail"] == "the table service does not answer"
