"""What is exchanged with the provider before the first message: the handshake, and the settings page."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from functions.channels.contract import Request, Response
from functions.errors import Forbidden, Invalid, NotAuthentic
from tests.channels import test_eventgrid, test_rcs, test_wechat
from tests.channels.samples import CHANNELS, SETTINGS, WEBHOOKS, account, request, room, signed
from tests.channels.vectors.line import CASES as LINE

OURS = {
    "verifyToken",
    "deliverySecret",
    "secretToken",
    "clientToken",
    "token",
    "encodingAesKey",
}  # secrets we made up
GOOD = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify-me"


def get(query: str) -> Request:
    return replace(request("facebook", b"", query=query), method="GET")


# What each provider asks that asks for a proof; how it is asked by somebody else, and what that one is told.
ASKED: dict[str, tuple[Request, Request, type[Exception]]] = {
    **dict.fromkeys(("facebook", "instagram", "whatsapp-meta"), (get(GOOD), get(GOOD + "x"), Forbidden)),
    **dict.fromkeys(
        ("sms-acs", "whatsapp-acs"),
        (test_eventgrid.validation(test_eventgrid.PROOF), test_eventgrid.validation(), Forbidden),
    ),
    "rcs": (
        request("rcs", test_rcs.asked(**test_rcs.GOOD)),
        request("rcs", test_rcs.asked(**test_rcs.GOOD | {"clientToken": "x"})),
        Forbidden,
    ),
    "wechat": (test_wechat.asked(), test_wechat.asked(nonce="18"), Forbidden),
    "x": (get("crc_token=MDk0"), get("crc_token=%7B%7D"), Invalid),
    "line": (signed("line", LINE["verify"].body), request("line", LINE["verify"].body), NotAuthentic),
}


def answered(channel: str, asked: Request) -> Response:
    """Answer as intake does: what is no handshake must be authentic, and is read."""
    adapter, ours = room(channel), account(channel)
    if answer := adapter.handshake(asked, ours):
        return answer
    adapter.authenticate(asked, ours)
    return adapter.acknowledge(adapter.parse(asked, ours))


@pytest.mark.parametrize("channel", ASKED)
def test_a_handshake_is_answered_to_the_provider_only(channel: str) -> None:
    right, wrong, refusal = ASKED[channel]
    answer = answered(channel, right)
    assert answer.status == 200
    assert answer.body
    with pytest.raises(refusal):
        answered(channel, wrong)


def test_meta_challenge_is_echoed() -> None:
    answer = room("facebook").handshake(get(GOOD), account("facebook"))
    assert answer
    assert (answer.status, answer.body) == (200, "1158201444")
    assert answer.content_type.startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [
        GOOD.replace("verify-me", "verify-you"),
        GOOD.replace("verify-me", ""),
        GOOD.replace("verify-me", "verify-m%C3%A9"),
        GOOD.replace("&hub.verify_token=verify-me", ""),
        GOOD.replace("subscribe", "unsubscribe"),
    ],
)
def test_meta_wrong_token_is_forbidden(query: str) -> None:
    with pytest.raises(Forbidden):
        room("facebook").handshake(get(query), account("facebook"))


@pytest.mark.parametrize("challenge", ["", "%3Cscript%3E", "a+b", "1" * 257, "%C3%A4"])
def test_meta_odd_challenge_is_not_echoed(challenge: str) -> None:
    with pytest.raises(Invalid):
        room("facebook").handshake(get(GOOD.replace("1158201444", challenge)), account("facebook"))


@pytest.mark.parametrize("channel", WEBHOOKS)
def test_a_message_is_no_handshake(channel: str) -> None:
    assert room(channel).handshake(request(channel, b"", query=GOOD), account(channel)) is None
    assert room(channel).handshake(replace(request(channel, b""), method="GET"), account(channel)) is None


def secrets(channel: str, but: Collection[str] = ()) -> set[str]:
    """Give the secrets among an account's settings."""
    fields = account(channel).settings.model_dump(by_alias=True)
    found = {name for name, value in fields.items() if "SecretStr" in repr(value)}
    assert found
    given = [SETTINGS[channel][name] for name in (found & SETTINGS[channel].keys()) - set(but)]
    return {secret for one in given for secret in ([one] if isinstance(one, str) else one)}


@pytest.mark.parametrize("channel", CHANNELS)
def test_setup_shows_the_url_and_no_secret_of_the_provider(channel: str) -> None:
    values = [step.value for step in room(channel).setup(account(channel))]
    assert account(channel).callback in values
    assert not secrets(channel, OURS) & set(values)


def texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("sms", {"autToken": "x"}),
    ("sms", {"authToken": ""}),
    ("sms", {"accountSid": "SK" + "1" * 32}),
    ("sms", {"sender": "15005550006123"}),
    ("sms", {"apiKey": "SK" + "1" * 32}),
    ("sms", {"apiSecret": "x"}),
    ("sms", {"apiBase": "http://api.twilio.com"}),
    ("sms", {"apiBase": "https://api.twilio.com?x=1"}),
    ("sms", {"apiBase": "http://127.0.0.1.evil.example"}),
    ("sms", {"apiBase": "https://me@evil.example"}),
    ("sms-acs", {"sender": "15005550006123"}),
    ("sms-acs", {"deliverySecret": ""}),
    ("sms-acs", {"tenantId": "72f988bf-86f1-41af-91ab-2d7cd011db47"}),
    ("sms-acs", {"audience": "api://omni.example.com"}),
    ("sms-acs", {"tenantId": "common/../x", "audience": "api://omni.example.com"}),
    ("sms-acs", {"loginBase": "http://login.microsoftonline.com"}),
    ("sms-acs", {"connectionString": "endpoint=https://acs-1.example;accesskey="}),
    ("sms-acs", {"connectionString": "endpoint=https://acs-1.example;accesskey=not-base-64"}),
    ("sms-acs", {"connectionString": "endpoint=http://acs-1.example;accesskey=bG9jYWw="}),
    ("sms-acs", {"connectionString": "accesskey=bG9jYWw="}),
    ("whatsapp-acs", {"channelId": "15005550006"}),
    ("facebook", {"pageId": "../me"}),
    ("facebook", {"verifyToken": ""}),
    ("facebook", {"apiVersion": "v25.0/../.."}),
    ("rcs", {"agentId": "monikanava_demo@rbm.goog"}),  # Google's API takes no domain
    ("telegram", {"botToken": "123/../x"}),
    ("telegram", {"secretToken": "with space"}),
    ("telegram", {"secretToken": "a" * 257}),
    ("custom-webhook", {"url": "http://channel.example.com/hook"}),
    ("custom-webhook", {"url": "https://me@channel.example.com"}),
    ("custom-webhook", {"incomingSecrets": []}),
    ("custom-webhook", {"incomingSecrets": ["whsec_c2hvcnQ="]}),
    ("custom-webhook", {"incomingSecrets": ["whsec_not base 64 not base 64 not base"]}),
    ("custom-webhook", {"outgoingSecrets": SETTINGS["custom-webhook"]["incomingSecrets"]}),
]


@pytest.mark.parametrize(("channel", "wrong"), WRONG)
def test_wrong_settings_are_refused_without_quoting_them(channel: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        account(channel, **wrong)
    assert all(
        len(text) < 8 or text not in str(refused.value) for value in wrong.values() for text in texts(value)
    )


@pytest.mark.parametrize("channel", CHANNELS)
def test_secrets_do_not_show(channel: str) -> None:
    shown = repr(account(channel))
    assert not any(secret in shown for secret in secrets(channel))


@pytest.mark.parametrize("channel", [name for name in CHANNELS if name != "custom-webhook"])
def test_a_simulator_can_stand_in(channel: str) -> None:
    assert (
        room(channel).api_base(account(channel, apiBase="http://127.0.0.1:4567/x/"))
        == "http://127.0.0.1:4567/x/"
    )
    assert room(channel).api_base(account(channel)).startswith("https://")


def test_ids_may_be_numbers_in_yaml() -> None:
    assert account("facebook", pageId=682498171943165).settings.page_id == "682498171943165"
    with pytest.raises(ValidationError):
        account("sms", sender=15005550006)  # YAML reads +15005550006 so: it must be quoted
