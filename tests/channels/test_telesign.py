"""TeleSign beside the tables: its SDK as the oracle, two headers, and statuses that name no customer."""

import hmac
import json
from base64 import b64encode
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest
import telesign.util
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from telesign.messaging import MessagingClient

from functions.channels.contract import Answer, Call, Outcome, Refused, Request, Sent, Unsure
from functions.errors import NotAuthentic, NotDeliverable
from functions.message import Inbound, Kind
from tests.channels.samples import SETTINGS, account, outbound, parsed, room, signed, standing
from tests.channels.vectors.sms_telesign import CASES

NAME = "sms-telesign"
CUSTOMER, KEY = SETTINGS[NAME]["customerId"], SETTINGS[NAME]["apiKey"]
BODY = CASES["text"].body


def rendered(**more: Any) -> list[Call]:
    return room(NAME).render(outbound(NAME, **more), account(NAME), standing())


def with_authorization(value: str) -> Request:
    good = signed(NAME, BODY)
    return replace(good, headers={"authorization": value})


def signature() -> str:
    return signed(NAME, BODY).headers["x-ts-authorization"]


def test_its_sdk_says_that_the_signature_is_right() -> None:
    check = telesign.util.verify_telesign_callback_signature
    assert check(KEY, signature(), BODY.decode())
    assert not check(KEY, signature(), BODY.decode() + " ")


def test_either_header_is_enough() -> None:
    room(NAME).authenticate(with_authorization(f"TSA {CUSTOMER}:{signature()}"), account(NAME))
    both = replace(
        signed(NAME, BODY),
        headers={"authorization": "Bearer of-a-gateway", "x-ts-authorization": signature()},
    )
    room(NAME).authenticate(both, account(NAME))


@pytest.mark.parametrize(
    "value",
    [
        "TSA 00000000-0000-0000-0000-000000000000:{}",
        f"Basic {CUSTOMER}:{{}}",
        f"tsa {CUSTOMER}:{{}}",
        f"TSA {CUSTOMER}: {{}}",
        "{}",
        f"TSA {CUSTOMER}:",
    ],
)
def test_another_authorization_is_refused(value: str) -> None:
    with pytest.raises(NotAuthentic, match="does not match"):
        room(NAME).authenticate(with_authorization(value.format(signature())), account(NAME))


@given(bit=st.integers(0, len(BODY) * 8 - 1))
def test_any_changed_bit_is_refused(bit: int) -> None:
    changed = bytearray(BODY)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotAuthentic):
        room(NAME).authenticate(replace(signed(NAME, BODY), body=bytes(changed)), account(NAME))


def test_the_key_is_decoded_first() -> None:
    undecoded = b64encode(hmac.digest(KEY.encode(), BODY, "sha256")).decode()
    with pytest.raises(NotAuthentic):
        room(NAME).authenticate(with_authorization(f"TSA {CUSTOMER}:{undecoded}"), account(NAME))


@pytest.mark.parametrize(
    "wrong",
    [
        {"apiKey": ""},
        {"apiKey": "not base64!"},
        {"apiKey": "ABC"},
        {"customerId": "a:b"},
        {"sender": "+15005550006"},
        {"sender": ""},
    ],
)
def test_wrong_settings(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        account(NAME, **wrong)


def sdk_sends(monkeypatch: pytest.MonkeyPatch, **params: Any) -> dict[str, Any]:
    """Give the request that TeleSign's client makes."""
    sent: dict[str, Any] = {}

    def post(url: str, **more: Any) -> Any:
        sent.update(url=url, **more)
        return SimpleNamespace(status_code=200, headers={}, text="{}", ok=True, json=dict)

    client = MessagingClient(CUSTOMER, KEY, auth_method="Basic")
    monkeypatch.setattr(client.session, "post", post)
    client.message(**params)
    return sent


def test_it_sends_as_its_client_does(monkeypatch: pytest.MonkeyPatch) -> None:
    [call] = rendered(text="Päivää 👋 & moi")
    theirs = sdk_sends(
        monkeypatch,
        phone_number="358401234567",
        message="Päivää 👋 & moi",
        message_type="ARN",
        sender_id="15005550006",
        external_id="out-1",
        callback_url=account(NAME).callback,
    )
    assert call.url == theirs["url"]
    assert dict(call.form or ()) == dict(parse_qsl(theirs["data"]))
    assert call.headers["Authorization"] == theirs["headers"]["Authorization"]


def test_long_texts_go_in_parts() -> None:
    parts = [dict(call.form or ())["message"] for call in rendered(text="sana " * 700)]
    assert len(parts) == 3
    assert all(len(part) <= 1600 for part in parts)


@pytest.mark.parametrize("recipient", ["", "12", "+35840 123", "aino", "1" * 16])
def test_no_number_is_no_recipient(recipient: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered(text="x", recipient=recipient)
    assert refused.value.code == "recipient"


def read(status: int, code: object, **more: object) -> Outcome:
    body = {"status": {"code": code, "description": "said of +358401234567"}, **more}
    return room(NAME).receipt(Answer(status, {}, json.dumps(body).encode()))


@pytest.mark.parametrize("code", [200, 203, 290, 291, 292, 295])
def test_taken(code: int) -> None:
    assert read(200, code, reference_id="REF") == Sent("REF")
    assert isinstance(read(200, code), Unsure)


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (200, 207, False),
        (200, 229, False),
        (200, 503, True),
        (200, 504, False),
        (200, 505, True),
        (200, 510, False),
        (400, 10033, False),
        (401, 10008, False),
        (429, 10019, True),
        (429, 10020, True),
        (429, 1, True),
        (500, 500, True),
        (503, 1, True),
    ],
)
def test_refused(status: int, code: int, retryable: bool) -> None:
    answer = read(status, code, reference_id="REF")
    assert isinstance(answer, Refused)
    assert (answer.code, answer.retryable) == (str(code), retryable)
    assert "358401234567" not in answer.reason


def test_a_gateways_error_is_ambiguous_whatever_its_body() -> None:
    assert isinstance(read(502, 500), Unsure)


def test_statuses_of_one_message_differ_and_keep_one_session() -> None:
    items = [parsed(NAME, CASES[name].body)[0] for name in ("at the gateway", "delivered", "expired")]
    assert len({item.id for item in items}) == 3
    assert len({item.session for item in items}) == 1
    assert items[0].session != parsed(NAME, BODY)[0].session


JUNK = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["stop", "x"])
OBJECTS = st.dictionaries(
    st.sampled_from(["code", "updated_on", "text_1", "url_image_1", "x"]), JUNK, max_size=4
)
RESPONSES = st.dictionaries(
    st.sampled_from(["phone_number", "sender_id", "mo_message", "action", "content"]),
    JUNK | OBJECTS,
    max_size=5,
)


@given(
    st.fixed_dictionaries(
        {"sub_resource": st.sampled_from(["sms", "mo_sms", "mo_mms", "mo_rcs", ""])},
        optional={
            "reference_id": JUNK,
            "status": JUNK | OBJECTS,
            "user_response": JUNK | RESPONSES,
            "content": JUNK | OBJECTS,
            "submit_timestamp": JUNK,
        },
    )
)
def test_only_a_status_has_no_thread(whole: dict[str, Any]) -> None:
    [item] = parsed(NAME, json.dumps(whole).encode())
    assert bool(item.thread) == (item.kind is not Kind.RECEIPT)
    assert Inbound.model_validate_json(item.json_text()) == item
