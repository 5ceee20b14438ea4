"""The simulators' webhooks are the providers' own to the providers' SDKs, and to us."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from pywa.utils import webhook_updates_validator
from telegram import Update

from functions.channels.contract import Request
from functions.message import AttachmentKind, Inbound, Kind
from local.simulators import entra
from local.simulators.compose import compose
from local.simulators.signed import SignedRequest
from tests.channels.samples import (
    ADAPTERS,
    CHANNELS,
    MEDIA,
    SECRETS,
    SETTINGS,
    account,
    callback,
    keyed,
    room,
)
from tests.channels.sign import MultiDict
from tests.channels.telegram_sdk import telegram_bot
from tests.channels.twilio_sdk import RequestValidator

TEXT = "Hyvää päivää 👋 1/2 & “lainaus”"


def call(channel: str, **words: str | tuple[str, ...]) -> SignedRequest:
    return compose(*ADAPTERS[channel], SETTINGS[channel], callback(channel), **words)  # type: ignore[arg-type]


def received(channel: str, sent: SignedRequest) -> list[Inbound]:
    """Let our adapter check and read it."""
    headers = {name.lower(): value for name, value in sent.headers.items()}
    url, _, query = sent.url.partition("?")
    request = Request(sent.method, url, query, headers, sent.body, datetime.now(UTC))
    room(channel).authenticate(keyed(channel, request, entra.KEY), account(channel))
    return list(room(channel).parse(request, account(channel)))


@pytest.mark.parametrize("channel", CHANNELS)
def test_our_adapter_takes_it(channel: str) -> None:
    sender = "+358401234568" if channel in ("sms-acs", "whatsapp-acs") else "358401234568"
    sent = call(channel, text=TEXT, sender=sender, media=("https://f.example/1",))
    items = received(channel, sent)  # some providers have a picture in a message of its own
    assert "".join(item.text for item in items) == TEXT
    assert {(item.kind, item.thread, item.sender.id) for item in items} == {(Kind.MESSAGE, sender, sender)}
    pictures = [AttachmentKind.IMAGE] if channel in MEDIA else []
    assert [found.kind for item in items for found in item.attachments] == pictures


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_id_makes_a_repetition(channel: str) -> None:
    first, again, other = (
        received(channel, call(channel, text="x", id=name))[0].id for name in ("SM1", "SM1", "SM2")
    )
    assert first == again != other
    assert (
        received(channel, call(channel, text="x"))[0].id != received(channel, call(channel, text="x"))[0].id
    )


def test_twilio_says_it_is_its_own() -> None:
    sent = call("sms", text=TEXT, media=("https://f.example/1?a=b&c=d",))
    form = MultiDict(parse_qsl(sent.body.decode(), keep_blank_values=True))
    check = RequestValidator(SECRETS["auth_token"]).validate
    assert check(sent.url, form, sent.headers["X-Twilio-Signature"])
    assert not check(sent.url, MultiDict([*form.items(), ("x", "y")]), sent.headers["X-Twilio-Signature"])


def test_meta_says_it_is_its_own() -> None:
    sent = call("facebook", text=TEXT)
    signature = sent.headers["X-Hub-Signature-256"]
    assert webhook_updates_validator(SECRETS["app_secret"], sent.body, signature)
    assert not webhook_updates_validator(SECRETS["app_secret"], sent.body + b" ", signature)
    assert rb"\ud83d\udc4b 1\/2" in sent.body


def test_telegram_reads_it() -> None:
    sent = call("telegram", text=TEXT, sender="42", name="Aino Ek")
    update = Update.de_json(json.loads(sent.body), telegram_bot("1:x")[0])
    assert update.message
    assert update.message.text == TEXT
    assert update.effective_user
    assert (update.effective_user.id, update.effective_user.full_name) == (42, "Aino Ek")
    assert sent.headers["X-Telegram-Bot-Api-Secret-Token"] == SECRETS["secret_token"]


def test_settings_may_be_spelled_either_way() -> None:
    snake = {"account_sid": "AC1", "auth_token": SECRETS["auth_token"], "sender": "+15005550006"}
    sent = compose("sms", "twilio", snake, callback("sms"), text="x")
    assert received("sms", sent)
    with pytest.raises(KeyError):
        compose("sms", "twilio", {}, callback("sms"), text="x")


def test_a_signed_request_does_not_show_its_secret() -> None:
    assert SECRETS["secret_token"] not in repr(call("telegram", text="x"))
