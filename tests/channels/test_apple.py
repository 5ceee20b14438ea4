"""What is Apple's own: a token that proves who calls, gzip, ids in headers, and choices."""

import gzip
import json
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from pydantic import ValidationError

from functions.channels.contract import Answer, Call, Request, Sent
from functions.errors import Invalid, NotAuthentic, NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Kind
from functions.providers.apple.media import decryptor, reference
from tests.channels.samples import NOW, SECRETS, account, outbound, request, room, signed, standing
from tests.channels.vectors.apple import CASES

APPLE = room("apple")
KEY = b64decode(SECRETS["api_secret"])
BODY = CASES["text"].body
YES_NO = (Choice(title="Kyllä", payload="yes"), Choice(title="Ei", payload="no"))


def with_claims(key: bytes | str = KEY, algorithm: str = "HS256", **claims: object) -> Request:
    good = signed("apple", BODY)
    said = {"aud": "msp-1", "iat": int(NOW.timestamp()), **claims}
    token = jwt.encode({name: value for name, value in said.items() if value is not None}, key, algorithm)
    return replace(good, headers={**good.headers, "authorization": f"Bearer {token}"})


def age(**by: float) -> int:
    return int((NOW - timedelta(**by)).timestamp())


@pytest.mark.parametrize("issued", [age(), age(minutes=59), age(minutes=-4)])
def test_a_fresh_token_is_taken(issued: int) -> None:
    APPLE.authenticate(with_claims(iat=issued), account("apple"))
    APPLE.authenticate(with_claims(iat=float(issued), exp=age(seconds=-1)), account("apple"))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iat": age(minutes=61)}, "too old"),
        ({"iat": age(minutes=-6)}, "future"),
        ({"exp": age(seconds=1)}, "too old"),
        ({"iat": 10**400}, "future"),
        ({"iat": -(10**400)}, "too old"),
        ({"iat": None}, "match"),
        ({"iat": "now"}, "numbers|match"),
        ({"iat": True}, "numbers|match"),
        ({"exp": []}, "numbers|match"),
        ({"aud": "msp-2"}, "MSP id"),
        ({"aud": "business-1"}, "MSP id"),
        ({"aud": None}, "match"),
    ],
)
def test_another_token_is_refused(claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotAuthentic, match=reason):
        APPLE.authenticate(with_claims(**claims), account("apple"))


def test_the_key_is_the_decoded_secret_and_the_algorithm_is_ours() -> None:
    for bad in (
        with_claims(SECRETS["api_secret"].encode()),
        with_claims(KEY * 2, "HS512"),
        with_claims("", "none"),
    ):
        with pytest.raises(NotAuthentic, match="match"):
            APPLE.authenticate(bad, account("apple"))


@pytest.mark.parametrize("business", ["business-2", "", None])
def test_a_message_for_another_business_is_refused(business: str | None) -> None:
    good = signed("apple", BODY)
    headers = {**good.headers, "destination-id": business}
    kept = {name: value for name, value in headers.items() if value is not None}
    with pytest.raises(NotAuthentic, match=r"business|missing"):
        APPLE.authenticate(replace(good, headers=kept), account("apple"))


def zipped(body: bytes, encoding: str = "gzip") -> Request:
    return request("apple", body, {"content-encoding": encoding, "id": "h1", "source-id": "urn:h"})


def test_gzip_is_undone() -> None:
    [item] = APPLE.parse(zipped(gzip.compress(BODY), " GZIP "), account("apple"))
    assert (item.text, item.event) == ("Hei 👋", "0f8fad5b")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"x" * 100, "gzip"),
        (gzip.compress(BODY)[:-9], "gzip"),
        (gzip.compress(b"{" + b" " * 5_000_000 + b"}"), "gzip"),
        (BODY, "br"),
        (gzip.compress(BODY), ""),
    ],
)
def test_what_cannot_be_inflated_is_invalid(body: bytes, encoding: str) -> None:
    with pytest.raises(Invalid):
        list(APPLE.parse(zipped(body, encoding), account("apple")))


def test_ids_of_the_headers_stand_in_for_missing_ones() -> None:
    [item] = APPLE.parse(zipped(b'{"type":"close"}', ""), account("apple"))
    assert (item.kind, item.event, item.thread) == (Kind.OPT_OUT, "h1", "urn:h")


def rendered(**more: Any) -> list[Call]:
    return APPLE.render(outbound("apple", **more), account("apple"), standing(None))


def test_a_text_goes_out_with_our_token_and_ids() -> None:
    [call] = rendered(text="Päivää")
    [again] = rendered(text="Päivää")
    assert call == again
    assert call.url == "https://mspgw.push.apple.com/v1/message"
    token = call.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, KEY, ["HS256"], options={"verify_iat": False})
    assert claims == {"iss": "msp-1", "iat": int(NOW.timestamp())}
    assert {name: value for name, value in call.headers.items() if name != "Authorization"} == {
        "id": call.name,
        "Source-Id": "business-1",
        "Destination-Id": "urn:mbid:AQAAY",
    }
    assert call.json == {
        "v": 1,
        "type": "text",
        "id": call.name,
        "sourceId": "business-1",
        "destinationId": "urn:mbid:AQAAY",
        "body": "Päivää",
    }
    assert APPLE.receipt(Answer(200, {}, b"")) == Sent("")  # the name is the call's


def test_the_last_text_asks_after_the_links() -> None:
    picture = Attachment(kind=AttachmentKind.IMAGE, url="https://f.example/1.png")
    calls = rendered(text="a" * 4999 + " Sopiiko?", attachments=(picture,), choices=YES_NO)
    contents: list[Any] = [call.json for call in calls]
    assert [one["type"] for one in contents] == ["text", "text", "interactive"]
    assert contents[1]["body"] == picture.url
    reply = contents[2]["interactiveData"]["data"]["quick-reply"]
    assert reply == {
        "summaryText": "Sopiiko?",
        "items": [{"identifier": "yes", "title": "Kyllä"}, {"identifier": "no", "title": "Ei"}],
    }
    assert len({call.name for call in calls}) == 3
    assert len(json.dumps(contents[2])) < 10_000


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": "x", "choices": YES_NO[:1]}, "choice-count"),
        ({"text": "x", "choices": YES_NO * 3}, "too-many-choices"),
        (
            {"attachments": (Attachment(kind=AttachmentKind.FILE, url="https://f/1"),), "choices": YES_NO},
            "choice-text",
        ),
    ],
)
def test_quick_replies_have_rules(message: dict[str, Any], code: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered(**message)
    assert refused.value.code == code


@pytest.mark.parametrize("secret", ["", "not base64!", "ä"])
def test_a_secret_that_is_no_base64_is_refused_at_configuration(secret: str) -> None:
    with pytest.raises(ValidationError):
        account("apple", apiSecret=secret)


def test_a_signature_in_hexadecimal_goes_to_apple_in_base64() -> None:
    file = {"url": "https://p.example/1", "owner": "O:1", "key": "00" + "5a" * 32, "signature": "01A2ff"}
    assert reference({**file}).endswith("&signature=AaL%2F")
    assert reference({**file, "signature-base64": "AA=="}).endswith("&signature=AA%3D%3D")


def test_only_a_key_of_apples_form_decrypts() -> None:
    for key in ("", "5a" * 32, "01" + "5a" * 32, "00" + "5a" * 31, "00" + "5g" * 32):
        named = reference({"url": "https://p.example/1", "key": key})
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            decryptor(named)
