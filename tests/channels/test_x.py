"""X beside the tables: a handshake that signs for anybody, two secrets, and calls as its SDK makes them."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import oauthlib.oauth1  # type: ignore[import-untyped]
import pytest
import tweepy  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from functions.channels.contract import Answer, Call, MediaSource, Outcome, Refused, Request, Sent, Unsure
from functions.errors import Invalid, NotAuthentic, NotDeliverable
from functions.message import Inbound
from functions.providers.payload import text
from functions.providers.x.oauth1 import Keys, authorization
from tests.channels.samples import (
    NOW,
    SECRETS,
    SETTINGS,
    account,
    outbound,
    parsed,
    request,
    room,
    signed,
    standing,
)
from tests.channels.sign import sign
from tests.channels.vectors.x import CASES

BODY = CASES["text"].body
OLD, NEW = "x-twitter-webhooks-signature", "x-twitter-webhooks-signature-oauth2"


def proof(secret: str, data: bytes) -> str:
    """Sign as X does; the signer of the tables has the newer secret."""
    return sign("x", "", {"client_secret": SECRETS[secret]}, data)[NEW]


def with_headers(**headers: str) -> Request:
    return replace(
        signed("x", BODY), headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def rendered(**more: Any) -> list[Call]:
    return room("x").render(outbound("x", **more), account("x"), standing())


def asked(token: str, **settings: str) -> dict[str, str]:
    call = replace(request("x", b"", query=f"crc_token={token}"), method="GET")
    answer = room("x").handshake(call, account("x", **settings))
    assert answer
    assert (answer.status, answer.content_type) == (200, "application/json")
    found: dict[str, str] = json.loads(answer.body)
    return found


def test_the_handshake_signs_the_token() -> None:
    assert asked("MDk0-abc_=") == {"response_token": proof("client_secret", b"MDk0-abc_=")}
    assert asked("MDk0", clientSecret="") == {"response_token": proof("consumer_secret", b"MDk0")}


@pytest.mark.parametrize(
    "token", ["", "%7B%22a%22%3A1%7D", "a%20b", "[]", "a" * 257, "%C3%A4", "a%0A", '"x"']
)
def test_the_handshake_signs_nothing_that_could_be_a_webhook(token: str) -> None:
    with pytest.raises(Invalid):
        asked(token)


def test_what_the_handshake_signed_is_no_webhook() -> None:
    body = b"1234"
    forged = replace(request("x", body), headers={NEW: asked("1234")["response_token"]})
    with pytest.raises(NotAuthentic, match="handshake"):
        room("x").authenticate(forged, account("x"))


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=40))
def test_no_json_object_is_ever_signed_for_anybody(token: str) -> None:
    call = replace(request("x", b"", query=f"crc_token={token}"), method="GET")
    try:
        signed_token = call.parameters().get("crc_token", "")
        room("x").handshake(call, account("x"))
    except Invalid:
        return
    assert "{" not in signed_token


def test_a_post_is_no_handshake() -> None:
    assert room("x").handshake(request("x", BODY, query="crc_token=abc"), account("x")) is None


def test_either_secret_signs() -> None:
    old, new = proof("consumer_secret", BODY), proof("client_secret", BODY)
    for headers in ({OLD: old}, {NEW: new}, {OLD: old, NEW: new}, {OLD: "sha256=x", NEW: new}):
        room("x").authenticate(replace(signed("x", BODY), headers=headers), account("x"))
    only = account("x", clientSecret="")
    room("x").authenticate(replace(signed("x", BODY), headers={OLD: old, NEW: new}), only)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({OLD: "client_secret"}, "does not match"),
        ({NEW: "consumer_secret"}, "does not match"),
        ({OLD: "consumer_secret", NEW: "consumer_secret"}, "does not match"),
        ({}, "missing"),
    ],
)
def test_the_newer_signature_counts_where_it_can_be_checked(headers: dict[str, str], reason: str) -> None:
    made = {name: proof(secret, BODY) for name, secret in headers.items()}
    with pytest.raises(NotAuthentic, match=reason):
        room("x").authenticate(replace(signed("x", BODY), headers=made), account("x"))


@pytest.mark.parametrize("form", ["{}", "sha1={}", "SHA256={}", "sha256:{}"])
def test_one_form_of_signature(form: str) -> None:
    bare = proof("client_secret", BODY).removeprefix("sha256=")
    with pytest.raises(NotAuthentic):
        room("x").authenticate(with_headers(**{NEW: form.format(bare)}), account("x"))
    hexadecimal = "sha256=" + b64encode(bare.encode()).hex()
    with pytest.raises(NotAuthentic):
        room("x").authenticate(with_headers(**{NEW: hexadecimal}), account("x"))


@given(bit=st.integers(0, len(BODY) * 8 - 1))
def test_any_changed_bit_is_refused(bit: int) -> None:
    changed = bytearray(BODY)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotAuthentic):
        room("x").authenticate(replace(signed("x", BODY), body=bytes(changed)), account("x"))


def tweepy_sends(said: str) -> tuple[str, str, dict[str, str], Any]:
    """Give the request that tweepy's client makes: method, path, OAuth parameters, JSON."""
    keys = SETTINGS["x"]
    client = tweepy.Client(
        consumer_key=keys["consumerKey"],
        consumer_secret=keys["consumerSecret"],
        access_token=keys["accessToken"],
        access_token_secret=keys["accessTokenSecret"],
    )
    sent: list[Any] = []

    def send(prepared: Any, **more: Any) -> Any:
        sent.append(prepared)
        answer = SimpleNamespace(
            status_code=201, reason="Created", headers={}, content=b"", json=lambda: {"data": {}}
        )
        return _entered(answer)

    client.session.send = send
    client.create_direct_message(participant_id=2244994945, text=said)
    header = sent[0].headers["Authorization"]
    header = header.decode() if isinstance(header, bytes) else header
    return sent[0].method, sent[0].path_url, oauth(header), json.loads(sent[0].body)


def _entered(answer: SimpleNamespace) -> Any:
    class Entered:
        def __enter__(self) -> SimpleNamespace:
            return answer

        def __exit__(self, *_: object) -> None:
            pass

    return Entered()


def oauth(header: str) -> dict[str, str]:
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}


PER_REQUEST = {"oauth_nonce", "oauth_timestamp", "oauth_signature"}


def test_it_sends_as_tweepy_does() -> None:
    [call] = rendered(text="Päivää 👋")
    method, path, theirs, content = tweepy_sends("Päivää 👋")
    ours = oauth(call.headers["Authorization"])
    assert (call.method, call.url.removeprefix("https://api.x.com")) == (method, path)
    assert call.json == content
    assert ours.keys() == theirs.keys()
    assert {name: ours[name] for name in ours.keys() - PER_REQUEST} == {
        name: theirs[name] for name in theirs.keys() - PER_REQUEST
    }


SECRET = st.text(alphabet=st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=12)
QUERIES = st.sampled_from(["", "?a=1", "?b=2&a=%C3%A4+%2B", "?a=&a=1"])


@given(SECRET, SECRET, QUERIES, st.integers(0, 2**31))
def test_the_signature_is_oauthlibs(consumer: str, token: str, query: str, second: int) -> None:
    url, nonce = f"https://api.x.com/2/dm_conversations/with/1/messages{query}", "n-1~x"
    keys = Keys("key/1", SecretStr(consumer), SecretStr("1-t+k"), SecretStr(token))
    ours = oauth(authorization("POST", url, keys, datetime.fromtimestamp(second, UTC), nonce))
    client = oauthlib.oauth1.Client("key/1", consumer, "1-t+k", token, nonce=nonce, timestamp=str(second))
    assert ours == oauth(client.sign(url, "POST")[1]["Authorization"])


PICTURE = "https://ton.twitter.com/1.1/ton/data/dm/1034828552951160836/1034828533812486145/oP5p359h.jpg"


def medium(reference: str) -> Call | None:
    source = room("x")
    assert isinstance(source, MediaSource)
    return source.media_call(reference, account("x"), NOW)


@pytest.mark.parametrize("reference", [PICTURE, f"{PICTURE}?format=jpg&name=a%20b"])
def test_a_picture_is_signed_for_as_oauthlib_does(reference: str) -> None:
    call = medium(reference)
    assert call
    ours, settings = oauth(call.headers["Authorization"]), account("x").settings
    client = oauthlib.oauth1.Client(
        settings.consumer_key,
        settings.consumer_secret.get_secret_value(),
        settings.access_token.get_secret_value(),
        settings.access_token_secret.get_secret_value(),
        nonce=ours["oauth_nonce"],
        timestamp=ours["oauth_timestamp"],
    )
    assert ours == oauth(client.sign(reference, "GET")[1]["Authorization"])
    assert (call.url, call.method) == (reference, "GET")


@pytest.mark.parametrize(
    "reference",
    [
        "https://video.twimg.com/dm_video/1766248268416385024/vid/avc1/500x280/a.mp4?tag=1",
        "https://ton.twitter.com.stranger.example/1.1/ton/data/dm/1",
        "https://ton.twitter.com@stranger.example/1.1/ton/data/dm/1",
    ],
)
def test_no_other_host_gets_a_signature(reference: str) -> None:
    call = medium(reference)
    assert call
    assert call.headers == {}


def test_what_is_no_address_is_not_fetched() -> None:
    assert medium("http://ton.twitter.com/1.1/ton/data/dm/1") is None


def test_every_call_has_a_nonce_of_its_own() -> None:
    calls = rendered(text="a" * 25_000)
    assert [len(text(call.json, "text")) for call in calls] == [10_000, 10_000, 5000]
    assert len({oauth(call.headers["Authorization"])["oauth_nonce"] for call in calls}) == 3
    assert {oauth(call.headers["Authorization"])["oauth_timestamp"] for call in calls} == {
        str(int(NOW.timestamp()))
    }


@pytest.mark.parametrize("recipient", ["", "../me", "@aino", "1" * 21])
def test_only_a_users_id_is_a_recipient(recipient: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered(text="x", recipient=recipient)
    assert refused.value.code == "recipient"


def read(status: int, body: object, headers: dict[str, str] | None = None) -> Outcome:
    return room("x").receipt(Answer(status, headers or {}, json.dumps(body).encode()))


def test_taken() -> None:
    body = {"data": {"dm_conversation_id": "1-2", "dm_event_id": "1146654567674912769"}}
    assert read(201, body) == Sent("1146654567674912769")
    assert isinstance(read(201, {"data": {}}), Unsure)


@pytest.mark.parametrize(
    ("status", "retryable"), [(400, False), (401, False), (403, False), (429, True), (500, True), (503, True)]
)
def test_refused(status: int, retryable: bool) -> None:
    answer = read(status, {"title": "x", "detail": "said of Aino", "type": "about:blank", "status": status})
    assert isinstance(answer, Refused)
    assert (answer.code, answer.retryable) == (str(status), retryable)
    assert "Aino" not in answer.reason


def test_x_says_when_it_takes_calls_again() -> None:
    in_a_minute = str(int(datetime.now(UTC).timestamp()) + 60)
    answer = read(429, {}, {"x-rate-limit-reset": in_a_minute})
    assert isinstance(answer, Refused)
    assert answer.retry_after is not None
    assert 50 < answer.retry_after <= 60
    for strange in ("soon", "-1", "9" * 13, "٣"):
        assert read(429, {}, {"x-rate-limit-reset": strange, "retry-after": "7"}) == replace(
            answer, retry_after=7.0
        )


def test_both_apis_tell_of_one_message_once() -> None:
    event = json.loads(CASES["enveloped"].body)["data"]["payload"]
    old = json.dumps({"for_user_id": "3001969357", **event}).encode()
    assert parsed("x", old)[0].id == parsed("x", CASES["enveloped"].body)[0].id


FIELDS = [
    "type",
    "id",
    "created_timestamp",
    "message_create",
    "target",
    "recipient_id",
    "sender_id",
    "message_data",
]
FIELDS += [
    "text",
    "entities",
    "urls",
    "url",
    "expanded_url",
    "attachment",
    "media",
    "video_info",
    "variants",
    "bitrate",
]
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
LEAVES |= st.sampled_from(["message_create", "3001969357", "2244994945", "media", "photo", "block"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
    max_leaves=12,
)
LISTS = [
    "direct_message_events",
    "direct_message_mark_read_events",
    "direct_message_indicate_typing_events",
    "block_events",
    "user_event",
    "users",
    "sender_id",
]
PAYLOADS = st.dictionaries(st.sampled_from(LISTS), st.lists(VALUES, max_size=3) | VALUES, max_size=4)
KINDS = ["dm.received", "dm.sent", "dm.read", "dm.indicate_typing", "chat.received"]


@given(PAYLOADS, st.sampled_from(KINDS))
def test_no_event_breaks_the_parser(payload: dict[str, Any], kind: str) -> None:
    data = {"event_type": kind, "filter": {"user_id": "3001969357"}, "event_uuid": "u", "payload": payload}
    for whole in ({"data": data}, {"for_user_id": "3001969357", **payload}):
        items = parsed("x", json.dumps(whole).encode())
        assert items
        for item in items:
            assert item.thread
            assert Inbound.model_validate_json(item.json_text()) == item
