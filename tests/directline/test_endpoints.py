"""Every endpoint by everybody who may call it, and by everybody who may not."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import jwt
import pytest

from functions.directline import tokens
from tests.directline.kit import ALLOWED, FORBIDDEN, FORMER_SECRET, KEY, SECRET, TRUSTED, Chats, Talk, Told

ENDPOINTS = {
    "refresh": ("POST", "tokens/refresh", None, 200),
    "start": ("POST", "conversations", {}, 200),
    "reconnect": ("GET", "conversations/{id}", None, 200),
    "read": ("GET", "conversations/{id}/activities", None, 200),
    "post": ("POST", "conversations/{id}/activities", {"type": "message", "text": "moi"}, 200),
    "upload": ("POST", "conversations/{id}/upload", b"\x89PNG\r\n\x1a\n", 200),
    "transcript": ("GET", "conversations/{id}/transcript", None, 200),
    "attachment": ("GET", "conversations/{id}/attachments/none/0", None, 404),
}
NAMED = [name for name, (_, path, _, _) in ENDPOINTS.items() if "{id}" in path]
FORGED = [
    ("expired", 403),
    ("unknown kid", 401),
    ("no kid", 401),
    ("another key", 401),
    ("the other key's kid", 401),
    ("alg none", 401),
    ("another algorithm", 401),
    ("another account's", 401),
    ("a file's", 401),
    ("no token at all", 401),
]


async def call(chats: Chats, name: str, talk: Talk, **more: Any) -> Told:
    method, path, body, _ = ENDPOINTS[name]
    content = {"data": body} if isinstance(body, bytes) else {"body": body}
    return await chats.call(
        method, path.format(id=talk.conversation), **{"token": talk.token, **content, **more}
    )


@pytest.mark.parametrize("name", ENDPOINTS)
async def test_the_bearer_of_the_token(chats: Chats, name: str) -> None:
    told = await call(chats, name, await chats.start(), Origin=ALLOWED)
    assert told.status == ENDPOINTS[name][3]
    assert told.headers["Access-Control-Allow-Origin"] == ALLOWED
    assert told.headers["Vary"] == "Origin"


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("secret", [SECRET, FORMER_SECRET])
async def test_the_backend_by_either_secret(chats: Chats, name: str, secret: str) -> None:
    talk = await chats.start()
    assert (await call(chats, name, talk, token=secret)).status == ENDPOINTS[name][3]
    talk.conversation = uuid4().hex
    assert (await call(chats, name, talk, token=secret)).status == 404


@pytest.mark.parametrize("name", ENDPOINTS)
async def test_nobody(chats: Chats, name: str) -> None:
    told = await call(chats, name, await chats.start(), token="", Origin=FORBIDDEN)
    assert (told.status, told.code) == (401, "Unauthorized")
    assert told.headers["Access-Control-Allow-Origin"] == FORBIDDEN  # so that the client can read the status


async def test_an_origin_that_no_header_of_an_answer_can_hold_is_not_repeated(chats: Chats) -> None:
    told = await chats.call("GET", "/nothing", Origin="https://käyttäjä.example")
    assert (told.status, told.headers["Vary"]) == (404, "Origin")
    assert "Access-Control-Allow-Origin" not in told.headers


@pytest.mark.parametrize("name", ENDPOINTS)
@pytest.mark.parametrize(("kind", "status"), FORGED)
async def test_forged_tokens(chats: Chats, name: str, kind: str, status: int) -> None:
    talk = await chats.start()
    told = await call(chats, name, talk, token=chats.forged(kind, talk))
    assert told.status == status
    assert told.code == ("TokenExpired" if status == 403 else "Unauthorized")


@pytest.mark.parametrize("name", NAMED)
async def test_the_bearer_of_another_conversations_token(chats: Chats, name: str) -> None:
    mine, other = await chats.start(), await chats.start()
    told = await call(chats, name, mine, token=other.token)
    assert (told.status, told.code) == (403, "Forbidden")


@pytest.mark.parametrize("name", ENDPOINTS)
async def test_another_accounts_secret(chats: Chats, name: str) -> None:
    assert (await call(chats, name, await chats.start(), token="another-secret")).status == 401


@pytest.mark.parametrize("name", ENDPOINTS)
async def test_a_forbidden_origin(chats: Chats, name: str) -> None:
    told = await call(chats, name, await chats.start(), Origin=FORBIDDEN)
    assert (told.status, told.code) == (403, "OriginNotAllowed")


async def test_origins_that_a_token_brings(chats: Chats) -> None:
    talk = await chats.start(trustedOrigins=[TRUSTED])
    for origin, status in ((TRUSTED, 200), (ALLOWED, 403), (chats.url, 200)):
        assert (await call(chats, "read", talk, Origin=origin)).status == status


@pytest.mark.parametrize("name", ENDPOINTS)
async def test_preflight(chats: Chats, name: str) -> None:
    method, path, _, _ = ENDPOINTS[name]
    asked = {"Access_Control_Request_Method": method, "Access_Control_Request_Headers": "authorization"}
    told = await chats.call("OPTIONS", path.format(id="x"), Origin=ALLOWED, **asked)
    assert told.status == 204
    assert told.headers["Access-Control-Allow-Origin"] == ALLOWED
    assert method in told.headers["Access-Control-Allow-Methods"]
    for header in ("authorization", "content-type", "x-ms-bot-agent", "x-requested-with"):
        assert header in told.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("name", ["start", "post"])
@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"text"', b"\xff", b"[" * 10_000, b'{"type": NaN}', b'{"a":' * 200 + b"1" + b"}" * 200],
)
async def test_what_is_no_object(chats: Chats, name: str, body: bytes) -> None:
    told = await call(chats, name, await chats.start(), data=body, body=None)
    assert (told.status, told.code) == (400, "BadArgument")


@pytest.mark.parametrize(
    ("name", "size"), [("post", 28 * 1024 + 1), ("start", 512 * 1024 + 1), ("upload", 25_000_001)]
)
async def test_what_is_too_large(chats: Chats, name: str, size: int) -> None:
    told = await call(chats, name, await chats.start(), data=BytesIO(b" " * size), body=None)
    assert (told.status, told.code) == (413, "MessageSizeTooBig")


async def test_the_largest_activity(chats: Chats) -> None:
    talk = await chats.start()
    activity = {"type": "message", "text": ""}
    activity["text"] = "x" * (28 * 1024 - len(json.dumps(activity)))
    assert (await talk.call("POST", "activities", data=json.dumps(activity).encode())).status == 200
    assert (await talk.until(2))[1]["text"] == activity["text"]


async def test_other_paths_and_methods(chats: Chats) -> None:
    assert (await chats.call("GET", "nothing", token=SECRET)).status == 404
    assert (await chats.call("GET", "tokens/generate", token=SECRET)).status == 405
    assert (await chats.call("POST", "tokens/generate", {}, token=SECRET, account="nobody")).status == 404


async def test_tokens_that_a_backend_makes(chats: Chats) -> None:
    good = await chats.call("POST", "tokens/generate", {"user": {"id": "dl_1"}}, token=SECRET)
    assert good.status == 200
    assert good.body["expires_in"] == 1800
    assert set(good.body) == {"conversationId", "token", "expires_in"}
    for bad in (
        {"user": {"id": "someone"}},
        {"user": {"id": "dl_" + "x" * 100}},
        {"trustedOrigins": ["x"] * 11},
    ):
        assert (await chats.call("POST", "tokens/generate", bad, token=SECRET)).status == 400
    talk = await chats.start()
    for token, status in ((talk.token, 401), ("", 401), ("wrong", 401)):
        assert (await chats.call("POST", "tokens/generate", {}, token=token)).status == status


async def test_starting_twice(chats: Chats) -> None:
    made = await chats.call("POST", "tokens/generate", {"user": {"id": "dl_1"}}, token=SECRET)
    first = await chats.call("POST", "conversations", {}, token=made.body["token"])
    again = await chats.call("POST", "conversations", {}, token=made.body["token"])
    assert (first.status, again.status) == (201, 200)
    assert first.body["conversationId"] == again.body["conversationId"] == made.body["conversationId"]


async def test_refreshing_keeps_what_the_token_said(chats: Chats) -> None:
    talk = await chats.start(trustedOrigins=[TRUSTED], locale="fi-FI")
    told = await chats.call("POST", "tokens/refresh", token=talk.token)
    talk.token = told.body["token"]
    assert (await call(chats, "read", talk, Origin=ALLOWED)).status == 403
    assert (await talk.poll())[0]["text"] == "Hei!"


async def test_what_the_page_loads_varies_by_both(chats: Chats) -> None:
    told = await chats.call("GET", "/widget.js", Origin=ALLOWED)
    assert told.status == 200  # `make web` has built it
    assert told.headers["Vary"] == "Accept-Encoding, Origin"


async def test_the_session_id_is_asked_for_with_cookies(chats: Chats) -> None:
    told = await chats.call("GET", "session/getsessionid", Origin=FORBIDDEN)
    assert told.status == 200
    assert told.headers["Access-Control-Allow-Credentials"] == "true"
    assert told.headers["Access-Control-Allow-Origin"] == FORBIDDEN


@pytest.mark.parametrize("name", ["refresh", "start", "reconnect"])
@pytest.mark.parametrize(
    ("account", "age", "left"),
    [
        ("web", timedelta(hours=23), 1800),
        ("web", timedelta(hours=23, minutes=50), 600),
        ("club", timedelta(hours=23, minutes=50), 1800),
        ("club", timedelta(days=6, hours=23, minutes=50), 600),
    ],
)
async def test_renewals_come_to_an_end(
    chats: Chats, name: str, account: str, age: timedelta, left: int
) -> None:
    talk = await chats.start(account)
    told = await call(chats, name, talk, account=account, token=chats.aged(talk, age))
    assert told.body["expires_in"] == pytest.approx(left, abs=60)
    renewed = tokens.read(chats.account(account), told.body["token"])
    assert (renewed.expires - datetime.now(UTC)).total_seconds() == pytest.approx(left, abs=60)
    again = await call(chats, name, talk, account=account, token=told.body["token"])
    assert again.body["expires_in"] <= told.body["expires_in"] or left == 1800


async def test_a_backend_begins_anew(chats: Chats) -> None:
    old = await chats.start("club")
    again = await chats.start("club", user={"id": old.user})
    assert again.conversation == old.conversation
    assert tokens.read(chats.account("club"), again.token).since > datetime.now(UTC) - timedelta(minutes=5)


async def test_a_token_from_before_there_was_an_end(chats: Chats) -> None:
    talk = await chats.start("club")
    account = chats.account("club")
    told = jwt.decode(chats.aged(talk, timedelta(days=400)), options={"verify_signature": False})
    former = jwt.encode({k: v for k, v in told.items() if k != "since"}, KEY, "HS256", {"kid": "now"})
    renewed = await call(chats, "refresh", talk, account="club", token=former)
    assert renewed.body["expires_in"] == 1800
    assert tokens.read(account, renewed.body["token"]).since > datetime.now(UTC) - timedelta(hours=1)
