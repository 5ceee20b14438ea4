"""LINE beside the tables: its SDK as the oracle, pushes that may be repeated, and what 409 means."""

import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linebot.v3.messaging import (
    ImageMessage,
    LocationMessage,
    PostbackAction,
    QuickReply,
    QuickReplyItem,
    StickerMessage,
    TextMessage,
)
from linebot.v3.webhook import WebhookParser
from linebot.v3.webhooks import MessageEvent, PostbackEvent, TextMessageContent, UnsendEvent

from functions.channels.contract import Answer, Call, Outcome, Refused, Sent, Unsure
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Inbound, Kind
from functions.providers.payload import child, children, text
from tests.channels.line_sdk import line_pushes
from tests.channels.samples import (
    SECRETS,
    SETTINGS,
    THREADS,
    account,
    outbound,
    parsed,
    room,
    signed,
    standing,
)
from tests.channels.sign import sign
from tests.channels.vectors.line import BOT, CASES

PHOTO = Attachment(kind=AttachmentKind.IMAGE, url="https://files.example.com/1.jpg")
PLACE = Attachment(kind=AttachmentKind.LOCATION, url="geo:60.1699,24.9384", name="Tori", text="Kauppatori 1")
STICKER = Attachment(kind=AttachmentKind.STICKER, url="line-sticker:446/1988")
# What the SDK's models refuse, or cannot hold.
UNREADABLE = {"no source", "an event of a wrong type", "no events", "a message of tomorrow"}


def rendered(**more: Any) -> list[Call]:
    return room("line").render(outbound("line", **more), account("line"), standing())


@pytest.mark.parametrize("name", [name for name in CASES if name not in UNREADABLE])
def test_it_reads_as_lines_own_parser_does(name: str) -> None:
    body = CASES[name].body
    signature = sign("line", "", SECRETS, body)["x-line-signature"]
    events = WebhookParser(SECRETS["channel_secret"]).parse(body.decode(), signature)
    items = parsed("line", body)
    assert len({item.event.partition(":")[0] for item in items}) == len(events)
    for item, event in zip(items, events, strict=False):
        assert item.sent_at
        assert item.sent_at.timestamp() * 1000 == pytest.approx(event.timestamp)
        if item.kind is not Kind.UNSUPPORTED and isinstance(event, MessageEvent):
            assert item.event == event.message.id
            assert (item.context.get("redelivered") == "true") == event.delivery_context.is_redelivery
            if isinstance(event.message, TextMessageContent):
                assert (item.text, item.target) == (event.message.text, event.message.quoted_message_id or "")
        if isinstance(event, PostbackEvent):
            assert item.payload == event.postback.data
        if isinstance(event, UnsendEvent):
            assert item.target == event.unsend.message_id


def test_it_pushes_as_lines_client_does() -> None:
    choices = (Choice(title="Kyllä", payload="yes"), Choice(title="Ei", payload="no"))
    [call] = rendered(text="Hei 👋", attachments=(PHOTO, STICKER, PLACE), choices=choices)
    buttons = [
        QuickReplyItem(action=PostbackAction(label=c.title, data=c.payload, displayText=c.title))
        for c in choices
    ]
    where, headers, body = line_pushes(
        SETTINGS["line"]["channelAccessToken"],
        THREADS["line"],
        [
            TextMessage(text="Hei 👋"),
            ImageMessage(originalContentUrl=PHOTO.url, previewImageUrl=PHOTO.url),
            StickerMessage(packageId="446", stickerId="1988"),
            LocationMessage(
                title="Tori",
                address="Kauppatori 1",
                latitude=60.1699,
                longitude=24.9384,
                quickReply=QuickReply(items=buttons),
            ),
        ],
        call.headers["X-Line-Retry-Key"],
    )
    assert f"{call.method} {call.url}" == where
    # The SDK writes a default of LINE's out.
    assert call.json == {name: value for name, value in body.items() if name != "notificationDisabled"}
    assert {name: headers[name] for name in call.headers} == call.headers


def test_a_repeated_delivery_has_the_same_keys_and_every_call_its_own() -> None:
    first, again = (
        [call.headers["X-Line-Retry-Key"] for call in rendered(text="a" * 30_000)] for _ in range(2)
    )
    assert first == again
    assert len(set(first)) == 2
    assert all(str(uuid.UUID(key)) == key for key in first)
    assert first != [call.headers["X-Line-Retry-Key"] for call in rendered(text="a" * 30_000, id="out-2")]


def test_five_messages_to_a_call_and_quick_replies_with_the_last() -> None:
    calls = rendered(
        text="a" * 12_000, attachments=(PHOTO,) * 4, choices=(Choice(title="x", payload="y"),) * 13
    )
    parts = [children(call.json, "messages") for call in calls]
    assert [[len(text(message, "text")) for message in part] for part in parts] == [
        [5000, 5000, 2000, 0, 0],
        [0, 0],
    ]
    assert [message for part in parts for message in part if child(message, "quickReply")] == [parts[-1][-1]]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": "x", "choices": (Choice(title="a", payload="b"),) * 14}, "too-many-choices"),
        ({"text": "x", "choices": (Choice(title="a" * 21, payload="b"),)}, "choice-length"),
        ({"text": "x", "choices": (Choice(title="a", payload="b" * 301),)}, "choice-length"),
        ({"text": "x", "choices": (Choice(title="a", payload=""),)}, "choice-length"),
        (
            {"attachments": (Attachment(kind=AttachmentKind.IMAGE, url="http://f.example/1.jpg"),)},
            "attachment-url",
        ),
        ({"attachments": (Attachment(kind=AttachmentKind.STICKER, url="446/1988"),)}, "attachment-url"),
        ({"attachments": (Attachment(kind=AttachmentKind.LOCATION, url="geo:x"),)}, "attachment-url"),
        (
            {"attachments": (Attachment(kind=AttachmentKind.VIDEO, url="https://f.example/1"),)},
            "attachment-kind",
        ),
        ({"attachments": (PHOTO.model_copy(update={"size": 1_000_001}),)}, "attachment-size"),
    ],
)
def test_what_line_cannot_carry(message: dict[str, Any], code: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered(**message)
    assert refused.value.code == code


def test_a_place_without_a_name_has_its_coordinates() -> None:
    [call] = rendered(attachments=(Attachment(kind=AttachmentKind.LOCATION, url="geo:-1.5,2"),))
    assert isinstance(call.json, dict)
    assert call.json["messages"] == [
        {"type": "location", "title": "-1.5, 2.0", "address": "-1.5, 2.0", "latitude": -1.5, "longitude": 2.0}
    ]


def read(status: int, body: object, **headers: str) -> Outcome:
    lowered = {name.replace("_", "-"): value for name, value in headers.items()}
    return room("line").receipt(Answer(status, lowered, json.dumps(body).encode()))


SENT = {"sentMessages": [{"id": "461230966842064897", "quoteToken": "IStG5h1Tz7b"}, {"id": "2"}]}


def test_taken_and_taken_before() -> None:
    accepted = "x_line_accepted_request_id"
    assert read(200, SENT) == Sent("461230966842064897")
    assert read(409, {"message": "The retry key is already accepted", **SENT}) == Sent("461230966842064897")
    assert read(409, {"message": "x"}, **{accepted: "req-1"}) == Sent("req-1")
    assert isinstance(read(409, {"message": "x"}), Unsure)
    assert isinstance(read(200, {"sentMessages": ["1"]}), Unsure)


@pytest.mark.parametrize(
    ("status", "message", "code", "retryable"),
    [
        (400, "The property, 'to', in the request body is invalid", "400", False),
        (401, "Authentication failed", "401", False),
        (403, "Not available to your plan", "403", False),
        (429, "The API rate limit has been exceeded. Try again later.", "429", True),
        (429, "You have reached your monthly limit.", "monthly-limit", False),
        (500, "Internal error", "500", True),
        (503, "x", "503", True),
    ],
)
def test_refused(status: int, message: str, code: str, retryable: bool) -> None:
    answer = read(status, {"message": message, "details": [{"message": "U4af", "property": "to"}]})
    assert isinstance(answer, Refused)
    assert (answer.code, answer.retryable) == (code, retryable)
    assert message not in answer.reason


def test_verify_is_let_in_and_nothing_is_queued() -> None:
    body = CASES["verify"].body
    room("line").authenticate(signed("line", body), account("line"))
    assert parsed("line", body) == []
    assert room("line").acknowledge([]).status == 200


def test_a_redelivery_is_the_same_item() -> None:
    first = CASES["text, escaped as LINE may"].body
    again = first.replace(b'"isRedelivery":false', b'"isRedelivery":true')
    assert first != again
    assert parsed("line", first)[0].id == parsed("line", again)[0].id


KEYS = [
    "type",
    "source",
    "userId",
    "groupId",
    "message",
    "id",
    "text",
    "joined",
    "members",
    "postback",
    "params",
]
KEYS += [
    "unsend",
    "messageId",
    "webhookEventId",
    "timestamp",
    "contentProvider",
    "mention",
    "mentionees",
    "keywords",
]
TYPES = [
    "message",
    "messageEdited",
    "unsend",
    "postback",
    "follow",
    "memberJoined",
    "image",
    "sticker",
    "location",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(TYPES)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
EVENTS = st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional=dict.fromkeys(KEYS[1:], VALUES))


@given(st.lists(EVENTS | VALUES, min_size=1, max_size=4))
def test_no_event_breaks_the_parser_and_none_is_dropped(events: list[Any]) -> None:
    body = json.dumps({"destination": BOT.decode(), "events": events}).encode()
    items = parsed("line", body)
    assert len(items) >= len(events)
    for item in items:
        assert item.thread
        assert Inbound.model_validate_json(item.json_text()) == item
