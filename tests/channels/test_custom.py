"""A home-made channel: signatures, the JSON both ways, and its documentation."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue, SecretStr
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from functions.channels.contract import Call, written
from functions.errors import NotAuthentic, NotDeliverable
from functions.intake.envelope import inbound_envelope
from functions.message import Attachment, AttachmentKind, Choice, Event, Inbound, Kind, Template
from functions.providers.custom.event import CustomMessage
from functions.providers.custom.standard_webhooks import signed as sign_ours
from functions.providers.custom.standard_webhooks import verify
from tests.channels.samples import NOW, account, outbound, room, signed, standing
from tests.channels.vectors.custom_webhook import CASES

NAME = "custom-webhook"
OLD, NEW = ("whsec_" + b64encode(bytes([n]) * 32).decode() for n in (1, 2))


def rendered(**more: object) -> Call:
    [call] = room(NAME).render(outbound(NAME, **more), account(NAME), standing())
    return call


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_ours_are_authentic_to_the_official_library(secret: str) -> None:
    body = '{"text":"Päivää 👋"}'.encode()
    headers = sign_ours("m-1", datetime.now(UTC), body, [SecretStr(OLD), SecretStr(NEW)])
    assert Webhook(secret).verify(body, headers) == {"text": "Päivää 👋"}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)


def test_what_is_rendered_is_signed_as_it_is_sent() -> None:
    now, to = datetime.now(UTC), account(NAME, outgoingSecrets=[OLD, NEW])
    [call] = room(NAME).render(outbound(NAME, text="Päivää 👋"), to, replace(standing(), now=now))
    for secret in (OLD, NEW):
        assert Webhook(secret).verify(written(call.json), dict(call.headers)) == call.json


@pytest.mark.parametrize("secrets", [[OLD], [NEW], [OLD, NEW], [NEW, OLD]])
def test_theirs_are_authentic_while_they_change_the_secret(secrets: list[str]) -> None:
    body = CASES["text"].body
    made = [Webhook(secret).sign("msg_1", NOW, body.decode()) for secret in (OLD, NEW)]
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(NOW.timestamp()))}
    ours = [SecretStr(secret) for secret in secrets]
    for signatures in (made, made[::-1], ["v1a,unknown", *made], ["v9", *made]):
        assert verify({**headers, "webhook-signature": " ".join(signatures)}, body, ours, NOW) == "msg_1"


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("webhook-id", "", "missing"),
        ("webhook-id", "msg_2", "match"),
        ("webhook-id", "x" * 300, "too long"),
        ("webhook-timestamp", "", "missing"),
        ("webhook-timestamp", "soon", "Unix time"),
        ("webhook-timestamp", "1795348800.0", "Unix time"),
        ("webhook-timestamp", "-1795348800", "Unix time"),
        ("webhook-timestamp", "9" * 5000, "Unix time"),
        ("webhook-timestamp", str(int(NOW.timestamp()) + 1), "match"),
        ("webhook-timestamp", str(int(NOW.timestamp()) - 301), "five minutes"),
        ("webhook-timestamp", str(int(NOW.timestamp()) + 301), "five minutes"),
        ("webhook-signature", "v1," + "A" * 44, "match"),
        ("webhook-signature", " ".join(["v1,AAAA"] * 11), "too long"),
    ],
)
def test_another_header_is_refused(header: str, value: str, reason: str) -> None:
    good = signed(NAME, CASES["text"].body)
    with pytest.raises(NotAuthentic, match=reason):
        room(NAME).authenticate(replace(good, headers={**good.headers, header: value}), account(NAME))


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_clock_may_be_five_minutes_off(minutes: int) -> None:
    good = signed(NAME, CASES["text"].body)
    room(NAME).authenticate(replace(good, received_at=NOW + timedelta(minutes=minutes)), account(NAME))


def test_what_we_send_cannot_be_sent_back() -> None:
    to = account(NAME)
    [call] = room(NAME).render(outbound(NAME, text="x"), to, standing())
    with pytest.raises(NotAuthentic):
        room(NAME).authenticate(
            replace(signed(NAME, b"{}"), headers=call.headers, body=written(call.json)), to
        )


def test_a_message_says_all() -> None:
    photo = Attachment(kind=AttachmentKind.IMAGE, url="https://f.example/1.jpg", name="1.jpg", blob="x")
    call = rendered(
        text="Moi", attachments=(photo,), choices=(Choice(title="Yes", payload="YES"),), reply_to="e-1"
    )
    assert (call.url, call.name, call.headers["webhook-id"]) == (
        "https://channel.example.com/hook",
        "out-1",
        "out-1",
    )
    assert call.json == {
        "id": "out-1",
        "type": "message",
        "thread": "kiosk-7",
        "recipient": "kiosk-7",
        "conversation": "c-1",
        "text": "Moi",
        "attachments": [{"kind": "image", "url": "https://f.example/1.jpg", "name": "1.jpg"}],
        "choices": [{"title": "Yes", "payload": "YES"}],
        "replyTo": "e-1",
        "createdAt": "2026-11-22T12:00:00Z",
    }
    assert CustomMessage.model_validate(call.json).text == "Moi"


@pytest.mark.parametrize("event", Event)
def test_news_of_the_conversation(event: Event) -> None:
    content = rendered(event=event).json
    assert isinstance(content, dict)
    assert content["type"] == event.value
    assert "text" not in content


def test_a_template_goes_by_its_name() -> None:
    content = rendered(template=Template(name="bill", language="fi", values=("7",))).json
    assert isinstance(content, dict)
    assert content["template"] == {"name": "bill", "language": "fi", "values": ["7"]}


def test_a_place_is_a_geo_uri() -> None:
    place = Attachment(kind=AttachmentKind.LOCATION, url="https://maps.example/1")
    with pytest.raises(NotDeliverable):
        rendered(attachments=(place,))


@pytest.mark.parametrize(
    ("url", "posted", "base"),
    [
        ("https://c.example", "https://c.example/", "https://c.example/"),
        ("https://c.example/a/", "https://c.example/a/", "https://c.example/"),
        ("http://127.0.0.1:4567/x", "http://127.0.0.1:4567/x", "http://127.0.0.1:4567/"),
    ],
)
def test_the_channel_s_own_address_is_called(url: str, posted: str, base: str) -> None:
    to = account(NAME, url=url)
    [call] = room(NAME).render(outbound(NAME, text="x"), to, standing())
    assert (call.url, room(NAME).api_base(to)) == (posted, base)


def test_the_header_tells_repetitions_too() -> None:
    body = b'{"type":"message","thread":"k","text":"x"}'
    first, second = (
        list(room(NAME).parse(replace(signed(NAME, body), headers={"webhook-id": one}), account(NAME)))
        for one in ("msg_1", "msg_2")
    )
    assert [item.event for item in (*first, *second)] == ["msg_1", "msg_2"]


def test_the_largest_event_goes_on_the_queue_whole() -> None:
    limit = room(NAME).capabilities.body_limit
    file: JsonValue = {"kind": "file", "url": "https://f.example/1"}
    context: dict[str, JsonValue] = {f"n{n}": "y" * 500 for n in range(100)}
    event: dict[str, JsonValue] = {"type": "message", "thread": "k", "text": ""}
    event |= {"attachments": [file] * 50, "context": context}
    event["text"] = "ä" * ((limit - len(written(event))) // 2)
    [item] = room(NAME).parse(signed(NAME, written(event)), account(NAME))
    queued = Inbound.model_validate_json(inbound_envelope(item).body)
    assert (queued.text, len(queued.attachments), queued.context) == (event["text"], 50, context)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//f.example/1", "x\nhttps://f.example"]
)
def test_a_link_that_could_run_is_kept_but_is_no_link(url: str) -> None:
    event: JsonValue = {"type": "message", "thread": "k", "attachments": [{"kind": "link", "url": url}]}
    [item] = room(NAME).parse(signed(NAME, written(event)), account(NAME))
    assert (item.kind, item.attachments, item.raw) == (Kind.UNSUPPORTED, (), event)
