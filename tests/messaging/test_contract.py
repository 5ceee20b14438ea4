"""The contract as a table: every path, every header, every number of an error."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
import pytest_asyncio

from functions.messaging.problems import CODES
from local.azurite import Azurite
from local.servicebus.launch import ServiceBus
from local.simulators import entra
from tests.messaging.house import APP, CHANNEL, ORGANIZATION, TENANT, House, open_house, token

NOBODY = "11111111-2222-3333-4444-555555555555"
TALK = f"conversation/{NOBODY}"
PATHS = [
    ("POST", "conversation/create", {"customercontext": {}}),
    ("POST", TALK, {"type": "message", "text": "x"}),
    ("GET", "conversations", None),
    ("GET", f"{TALK}/messages", None),
    ("GET", f"{TALK}/context", None),
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(azurite: Azurite, servicebus: ServiceBus) -> AsyncIterator[House]:
    async with open_house(azurite, servicebus) as house:
        yield house


HEADERS: list[tuple[dict[str, str | None], int, int | None]] = [
    ({"authorization": None}, 401, None),
    ({"authorization": "Bearer x"}, 401, None),
    ({"authorization": "Basic eDp5"}, 401, None),
    ({"organization-id": None}, 400, 30001),
    ({"organization-id": "x"}, 400, 30001),
    ({"organization-id": NOBODY}, 400, 30001),
    ({"channel-id": None}, 400, 30002),
    ({"channel-id": "x"}, 400, 30002),
    ({"channel-id": NOBODY}, 404, 30004),
]


@pytest.mark.parametrize(("method", "path", "body"), PATHS)
@pytest.mark.parametrize(("headers", "status", "number"), HEADERS)
async def test_every_path_wants_every_header(
    house: House,
    method: str,
    path: str,
    body: Any,
    headers: dict[str, str | None],
    status: int,
    number: int | None,
) -> None:
    answer = await house.call(method, path, body, headers=headers)
    assert (answer.status, answer.body["status"]) == (status, status)
    assert answer.body.get("code") == (str(number) if number else None)
    assert UUID(answer.headers["x-ms-correlation-id"])


@pytest.mark.parametrize(
    "other",
    [{"audience": "https://other.example"}, {"app": NOBODY}, {"tenant": NOBODY}],
)
async def test_another_s_token_opens_nothing(house: House, other: dict[str, str]) -> None:
    given = await token(house.base, **other)
    answer = await house.call("GET", "conversations", headers={"authorization": f"Bearer {given}"})
    assert answer.status == 401


async def test_a_person_s_token_of_the_application_opens_nothing(house: House) -> None:
    claims = {**entra.claims(house.token), "scp": "user_impersonation"}
    given = jwt.encode(claims, entra.KEY, "RS256", {"kid": entra.KID})
    answer = await house.call("GET", "conversations", headers={"authorization": f"Bearer {given}"})
    assert answer.status == 401


async def test_earlier_names_of_the_headers_and_any_case_of_ids(house: House) -> None:
    headers: dict[str, str | None] = {
        "channel-id": None,
        "organization-id": None,
        "x-ms-channel-id": CHANNEL.upper(),
        "x-ms-organization-id": ORGANIZATION.lower(),
        "x-ms-correlation-id": NOBODY,
    }
    answer = await house.call("GET", "conversations", headers=headers)
    assert (answer.status, answer.headers["x-ms-correlation-id"]) == (200, NOBODY)
    assert TENANT != APP


LONG = {"type": "message", "text": "ä" * 6001}
ENTRIES = {f"n{n}": {"isDisplayable": True, "value": "x"} for n in range(101)}
REFUSED: list[tuple[str, str, Any, str, int]] = [
    ("GET", "nothing", None, "", 30003),
    ("GET", "conversation/create", None, "", 30003),
    ("POST", "conversations", {}, "", 30003),
    ("GET", "/elsewhere", None, "", 30003),
    ("POST", "conversation/x", {"type": "message", "text": "x"}, "", 30005),
    ("GET", "conversation/x/messages", None, "", 30005),
    ("GET", "conversation/x/context", None, "", 30005),
    ("GET", "conversations", None, "StartTimeStamp=yesterday", 30006),
    ("GET", "conversation/{known}/messages", None, "StartTimeStamp=2026-13-01T00:00:00Z", 30006),
    ("GET", "conversations", None, "PageSize=0", 30007),
    ("GET", "conversations", None, "PageSize=251", 30007),
    ("GET", "conversations", None, "PageSize=many", 30007),
    ("GET", "conversation/{known}/messages", None, "PageSize=101", 30008),
    ("GET", "conversation/{known}/messages", None, "PageSize=-1", 30008),
    ("GET", "conversations", None, "ContinuationToken=x", 30009),
    ("GET", "conversation/{known}/messages", None, "ContinuationToken=x", 30009),
    ("POST", "conversation/create", {"conversationcontext": ENTRIES}, "", 30010),
    ("POST", TALK, LONG, "", 30011),
    ("POST", "conversation/create", {"startmessage": "x" * 27649}, "", 30011),
    ("POST", "conversation/create", None, "", 30012),
    ("POST", "conversation/create", b"{", "", 30012),
    ("POST", "conversation/create", [1], "", 30012),
    ("POST", "conversation/create", {"customercontext": {"customerid": "x" * 201}}, "", 30012),
    ("POST", TALK, {"text": "x"}, "", 30012),
    ("POST", TALK, {"type": "message", "attachments": [{"contentUrl": "file:///etc/passwd"}]}, "", 30012),
    ("POST", TALK, {"type": "message", "text": "x"}, "", 30013),
    ("GET", f"{TALK}/messages", None, "", 30013),
    ("GET", f"{TALK}/context", None, "", 30013),
    ("POST", TALK, {"type": "message"}, "", 30016),
    ("POST", TALK, {"type": "message", "text": " \n"}, "", 30016),
    ("POST", "conversation/{known}", {"type": "event", "name": "Dance"}, "", 30003),
    ("POST", "conversation/{known}", {"type": "invoke"}, "", 30003),
    ("POST", "conversation/{known}", {"type": "event", "name": "MessageRead"}, "", 30003),
]


@pytest.mark.parametrize(("method", "path", "body", "query", "number"), REFUSED)
async def test_each_number(house: House, method: str, path: str, body: Any, query: str, number: int) -> None:
    if "{known}" in path:
        made = await house.call("POST", "conversation/create", {"customercontext": {"customerid": "known"}})
        path = path.replace("{known}", made.body["conversationId"])
    answer = await house.call(method, path, body, query)
    assert (answer.status, answer.body["code"]) == (CODES[number][0], str(number))
    assert answer.body["title"]
    assert answer.body["detail"] == CODES[number][1]


FILE = {"contentUrl": "https://files.example/" + "x" * 3200, "name": "a.pdf"}
TOO_LARGE: list[tuple[str, Any]] = [
    ("conversation/create", {"conversationcontext": {f"n{n}": "ä" * 500 for n in range(100)}}),
    (TALK, {"type": "message", "text": "x", "attachments": [{**FILE, "name": "x" * 200}] * 20}),
]


@pytest.mark.parametrize(("path", "body"), TOO_LARGE)
async def test_what_no_queue_would_take_whole_is_refused(house: House, path: str, body: Any) -> None:
    answer = await house.call("POST", path, body)
    assert (answer.status, answer.body["status"]) == (413, 413)


async def test_the_most_that_is_taken_arrives_whole(house: House) -> None:
    context = {f"n{n}": "x" * 980 for n in range(100)}
    made = await house.call("POST", "conversation/create", {"conversationcontext": context})
    conversation = made.body["conversationId"]
    said = {"type": "message", "text": "😀" * 3000 + "\u0001" * 3000, "attachments": [FILE] * 9}
    octets = json.dumps(said, ensure_ascii=False).encode()
    assert len(octets) > 59_000
    assert (await house.call("POST", f"conversation/{conversation}", octets)).status == 200
    await house.route(conversation, 2)
    head = await house.services.threads.conversation(house.ours(conversation))
    assert head.context == context
    told = await house.call("GET", f"conversation/{conversation}/messages")
    (message,) = (one for one in told.body["messages"] if one["text"])
    assert (message["text"], len(message["attachments"])) == (said["text"], 9)


def test_all_numbers_are_told_but_those_that_cannot_happen() -> None:
    told = {number for *_, number in REFUSED} | {number for *_, number in HEADERS if number}
    assert set(CODES) - told == {30014, 30015}
    assert set(CODES) == set(range(30001, 30017))


async def test_a_customer_with_an_open_conversation_gets_it_again(house: House) -> None:
    customer = uuid4().hex
    body = {"customercontext": {"customerid": customer}, "startmessage": {"message": "Moi"}}
    first = await house.call("POST", "conversation/create", body)
    again = await house.call("POST", "conversation/create", body)
    assert (first.body["isNew"], again.body["isNew"]) == (True, False)
    assert len(first.body["messageId"]) == 13
    conversation = first.body["conversationId"]
    assert again.body == {"conversationId": conversation, "isNew": False}
    await house.route(conversation, 1)  # the first words, once
    assert (await house.call("POST", "conversation/create", body)).body["conversationId"] == conversation
    other = await house.call("POST", "conversation/create", {})
    assert other.body["conversationId"] != conversation
    assert "messageId" not in other.body
