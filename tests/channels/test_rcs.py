"""What is RCS's own: the envelope that is not signed, the handshake by POST, and the access token."""

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import jwt
import pytest
from pydantic import ValidationError

from functions.channels.contract import Answer, Call, Refused, Token, Tokened
from functions.channels.rcs import SCOPE
from functions.errors import Forbidden, Invalid, NotAuthentic, NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice
from functions.providers.google import GRANT, service_account
from tests.channels.google_sdk import EMAIL, assertion
from tests.channels.samples import NOW, SETTINGS, account, outbound, request, room, signed, standing
from tests.channels.test_authentic import BODIES

RCS = room("rcs")


def tokened() -> Tokened:
    assert isinstance(RCS, Tokened)
    return RCS


def rendered(**more: Any) -> list[Call]:
    return RCS.render(outbound("rcs", **more), account("rcs"), standing(None))


def content(call: Call) -> Any:
    assert isinstance(call.json, dict)
    return call.json["contentMessage"]


def asked(**content: object) -> bytes:
    return json.dumps(content).encode()


GOOD = {"clientToken": "google-client-token", "secret": "1234567890"}


def test_the_handshake_gives_the_secret_back_as_it_is() -> None:
    answer = RCS.handshake(request("rcs", asked(**GOOD)), account("rcs"))
    assert answer
    assert (answer.status, answer.body, answer.content_type) == (
        200,
        "1234567890",
        "text/plain; charset=utf-8",
    )


@pytest.mark.parametrize("token", ["", "google-client-tokem", "google-client-token ", None, 7, ["x"]])
def test_another_client_token_is_forbidden(token: object) -> None:
    with pytest.raises(Forbidden, match="client token"):
        RCS.handshake(request("rcs", asked(**{**GOOD, "clientToken": token})), account("rcs"))


@pytest.mark.parametrize("secret", ["", "a b", "<script>\n", "ä", "x" * 257, None])
def test_an_odd_secret_is_not_echoed(secret: object) -> None:
    with pytest.raises(Invalid):
        RCS.handshake(request("rcs", asked(**{**GOOD, "secret": secret})), account("rcs"))


def test_a_signed_message_is_no_handshake_whatever_it_says() -> None:
    call = request("rcs", asked(**GOOD, message={"data": ""}))
    assert RCS.handshake(call, account("rcs")) is None
    with pytest.raises(NotAuthentic):
        RCS.authenticate(call, account("rcs"))


def test_the_signature_is_over_the_data_and_not_over_the_body() -> None:
    good = signed("rcs", BODIES["rcs"])
    envelope = json.loads(good.body)
    envelope["message"]["attributes"] = {"anything": "else"}
    RCS.authenticate(replace(good, body=json.dumps(envelope).encode()), account("rcs"))
    envelope["message"]["data"] = b64encode(BODIES["rcs"].replace(b"Hei", b"Moi")).decode()
    with pytest.raises(NotAuthentic, match="does not match"):
        RCS.authenticate(replace(good, body=json.dumps(envelope).encode()), account("rcs"))


@pytest.mark.parametrize("data", ["", "%%%", "YQ", "YQ==\n", "ä", 7, None, ["YQ=="]])
def test_data_that_is_no_base64_is_refused_and_invalid(data: object) -> None:
    body = asked(message={"data": data})
    with pytest.raises(NotAuthentic):
        RCS.authenticate(replace(signed("rcs", b"{}"), body=body), account("rcs"))
    with pytest.raises(Invalid):
        list(RCS.parse(request("rcs", body), account("rcs")))


def test_a_message_is_sent_to_the_number_under_an_id_of_ours() -> None:
    [call] = rendered(text="Päivää")
    [again] = rendered(text="Päivää")
    assert call == again
    base, _, query = call.url.partition("?")
    assert base == (
        "https://europe-rcsbusinessmessaging.googleapis.com/v1/phones/+358401234567/agentMessages"
    )
    assert query.startswith("messageId=")
    assert query.endswith("&agentId=monikanava_demo")
    assert call.json == {"contentMessage": {"text": "Päivää"}}
    assert tokened().authorised(call, "ya29.x").headers == {"Authorization": "Bearer ya29.x"}
    assert "ya29" not in repr(tokened().authorised(call, "ya29.x"))


def test_every_part_has_an_id_of_its_own_and_suggestions_go_with_the_last() -> None:
    picture = Attachment(kind=AttachmentKind.IMAGE, url="https://f.example/1.png")
    calls = rendered(text="a" * 4000, attachments=(picture,), choices=(Choice(title="Joo", payload="y"),))
    assert len({call.url for call in calls}) == 3
    assert [len(content(call).get("text", "")) for call in calls] == [3072, 928, 0]
    assert content(calls[2]) == {
        "contentInfo": {"fileUrl": "https://f.example/1.png"},
        "suggestions": [{"reply": {"text": "Joo", "postbackData": "y"}}],
    }


def test_a_recipient_cannot_leave_its_place_in_the_url() -> None:
    [call] = rendered(text="x", recipient="../../x?y#z")
    assert "/v1/phones/..%2F..%2Fx%3Fy%23z/agentMessages?" in call.url


@pytest.mark.parametrize(
    "choice",
    [Choice(title="x" * 26, payload="y"), Choice(title="", payload="y"), Choice(title="x", payload="")],
)
def test_a_suggestion_has_limits(choice: Choice) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered(text="x", choices=(choice,))
    assert refused.value.code == "choice-length"


def test_the_assertion_is_as_googles_library_makes_it() -> None:
    file = SETTINGS["rcs"]["serviceAccount"]
    call = tokened().token_call(account("rcs"), NOW, renew=False)
    assert call.url == "https://oauth2.googleapis.com/token"
    assert call.url.startswith(tokened().token_base(account("rcs")))
    form = dict(call.form or ())
    assert form["grant_type"] == GRANT
    theirs, ours = assertion(file, SCOPE), form["assertion"]
    assert jwt.get_unverified_header(ours) == jwt.get_unverified_header(theirs)
    key = service_account(account("rcs").settings.service_account).key().public_key()
    claims = jwt.decode(
        ours, key, ["RS256"], audience=call.url, options={"verify_exp": False, "verify_iat": False}
    )
    wanted = jwt.decode(theirs, key, ["RS256"], audience=call.url)
    stamps = {"iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 3600}
    assert claims == {**wanted, **stamps}
    assert (claims["iss"], claims["scope"]) == (EMAIL, SCOPE)
    assert ours not in repr(call)


def test_a_token_is_read_with_its_life() -> None:
    body = b'{"access_token":"ya29.abc","expires_in":3599,"token_type":"Bearer"}'
    assert tokened().token(Answer(200, {}, body)) == Token("ya29.abc", 3599)
    assert "ya29.abc" not in repr(Token("ya29.abc", 3599))


@pytest.mark.parametrize(
    ("status", "body", "retryable"),
    [
        (400, b'{"error":"invalid_grant","error_description":"+358401234567"}', False),
        (401, b'{"error":"invalid_client"}', False),
        (403, b"<html>", False),
        (429, b"", True),
        (500, b"", True),
        (504, b"", True),
        (200, b"", False),
        (200, b'{"access_token":"","expires_in":1}', False),
        (200, b'{"access_token":"x"}', False),
        (200, b'{"access_token":"x","expires_in":"soon"}', False),
    ],
)
def test_no_token_says_why_and_whether_to_ask_again(status: int, body: bytes, retryable: bool) -> None:
    refused = tokened().token(Answer(status, {}, body))
    assert isinstance(refused, Refused)
    assert refused.retryable is retryable
    assert "358401234567" not in refused.reason


def test_a_refused_token_is_told_apart() -> None:
    for status, stale in ((401, True), (403, False), (500, False)):
        refused = RCS.receipt(Answer(status, {}, b""))
        assert isinstance(refused, Refused)
        assert refused.stale_token is stale


@pytest.mark.parametrize("file", ["", "{}", "not json", '{"client_email":"a@b","private_key":"-----BEGIN"}'])
def test_a_key_file_that_cannot_be_read_is_refused_at_configuration(file: str) -> None:
    with pytest.raises(ValidationError) as refused:
        account("rcs", serviceAccount=file)
    assert len(file) < 8 or file not in str(refused.value)
