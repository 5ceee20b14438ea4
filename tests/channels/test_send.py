"""What an agent's message becomes at each provider; the providers' own clients say what is right."""

import json
from base64 import b64encode
from typing import Any

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters

from functions.channels.contract import Call
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Kind, Tag
from tests.channels.samples import CHANNELS, MEDIA, SETTINGS, account, outbound, parsed, room, standing
from tests.channels.telegram_sdk import telegram_bot
from tests.channels.twilio_sdk import twilio_sends

PHOTO = Attachment(kind=AttachmentKind.IMAGE, url="https://files.example.com/1.jpg")
PAPER = Attachment(kind=AttachmentKind.FILE, url="https://files.example.com/2.pdf")
SID, TOKEN = SETTINGS["sms"]["accountSid"], SETTINGS["sms"]["authToken"]


def rendered(
    channel: str, hours: float | None = 1, settings: dict[str, Any] | None = None, **more: Any
) -> list[Call]:
    to = account(channel, **(settings or {}))
    calls = room(channel).render(outbound(channel, **more), to, standing(hours))
    assert all(call.url.startswith(room(channel).api_base(to)) for call in calls)
    return calls


def fields(call: Call) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in call.form or ():
        found.setdefault(name, []).append(value)
    return found


def content(call: Call) -> dict[str, Any]:
    assert isinstance(call.json, dict)
    return call.json


@pytest.mark.parametrize("media", [0, 1, 10])
def test_twilio_as_its_client_sends(media: int) -> None:
    urls = [f"https://files.example.com/{number}.jpg" for number in range(media)]
    files = tuple(Attachment(kind=AttachmentKind.IMAGE, url=url) for url in urls)
    [call] = rendered("sms", text="Päivää 👋", attachments=files)
    extra: dict[str, Any] = {"media_url": urls} if urls else {}
    theirs = twilio_sends(
        SID,
        TOKEN,
        to="+358401234567",
        from_="+15005550006",
        body="Päivää 👋",
        status_callback=account("sms").callback,
        **extra,
    )
    assert (call.method, call.url) == (theirs["method"].upper(), theirs["uri"])
    wanted = {name: value if isinstance(value, list) else [value] for name, value in theirs["data"].items()}
    assert fields(call) == wanted
    user, password = theirs["auth"]
    assert call.headers["Authorization"] == "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def test_twilio_messaging_service_and_api_key() -> None:
    service, key = "MG" + "2" * 32, "SK" + "3" * 32
    [call] = rendered("sms", settings={"sender": service, "apiKey": key, "apiSecret": "s"}, text="x")
    theirs = twilio_sends(SID, "s", key, to="+358401234567", messaging_service_sid=service, body="x")
    assert theirs["uri"] == call.url
    assert fields(call)["MessagingServiceSid"] == [theirs["data"]["MessagingServiceSid"]]
    assert "From" not in fields(call)
    assert call.headers["Authorization"] == "Basic " + b64encode(f"{key}:s".encode()).decode()


def test_twilio_long_text_and_many_media() -> None:
    files = tuple(Attachment(kind=AttachmentKind.IMAGE, url=f"https://f.example/{n}") for n in range(23))
    calls = rendered("sms", text="sana " * 700, attachments=files)
    assert [len(fields(call).get("MediaUrl", [])) for call in calls] == [0, 0, 10, 10, 3]
    assert [bool(fields(call).get("Body")) for call in calls] == [True, True, True, False, False]
    assert all(len(body) <= 1600 for call in calls for body in fields(call).get("Body", []))


def test_messenger_text() -> None:
    [call] = rendered("facebook", text="Moi", reply_to="m_1")
    assert call.url == "https://graph.facebook.com/v25.0/682498171943165/messages"
    assert call.headers == {"Authorization": "Bearer page-token"}
    assert call.json == {
        "recipient": {"id": "5411230000001"},
        "messaging_type": "RESPONSE",
        "reply_to": {"mid": "m_1"},
        "message": {"text": "Moi", "metadata": "out-1"},
    }


def test_messengers_echo_names_the_message_that_was_sent() -> None:
    """An uncertain message is settled by it, and a picture not shown twice: it has no words to compare."""
    ends = {"sender": {"id": "682498171943165"}, "recipient": {"id": "5411230000001"}, "timestamp": 1}
    for number, call in enumerate(
        rendered("facebook", text="a" * 2001, attachments=(PHOTO,), reply_to="m_1")
    ):
        message = {
            "mid": f"m_{number}",
            "is_echo": True,
            "reply_to": {"mid": "m_1"},
            **content(call)["message"],
        }
        entry = {"id": "682498171943165", "messaging": [{**ends, "message": message}]}
        [echo] = parsed("facebook", json.dumps({"object": "page", "entry": [entry]}).encode())
        assert (echo.kind, echo.target, echo.thread) == (Kind.ECHO, "out-1", "5411230000001")


def test_messenger_parts_media_and_choices_in_order() -> None:
    choices = (Choice(title="Kyllä", payload="YES"), Choice(title="Ei", payload="NO"))
    calls = rendered("facebook", text="a" * 3000, attachments=(PHOTO, PAPER), choices=choices, reply_to="m_1")
    messages = [content(call)["message"] for call in calls]
    assert [len(message.get("text", "")) for message in messages] == [2000, 0, 0, 1000]
    assert messages[1]["attachment"] == {"type": "image", "payload": {"url": PHOTO.url}}
    assert messages[2]["attachment"]["type"] == "file"
    assert messages[3]["quick_replies"][0] == {"content_type": "text", "title": "Kyllä", "payload": "YES"}
    assert ["quick_replies" in message for message in messages] == [False, False, False, True]
    assert ["reply_to" in content(call) for call in calls] == [True, False, False, False]


@pytest.mark.parametrize(
    ("hours", "tag", "kind"),
    [
        (23.9, None, "RESPONSE"),
        (24, None, "RESPONSE"),
        (23.9, Tag.HUMAN_AGENT, "RESPONSE"),
        (24.1, Tag.HUMAN_AGENT, "MESSAGE_TAG"),
        (168, Tag.HUMAN_AGENT, "MESSAGE_TAG"),
    ],
)
def test_messenger_window(hours: float, tag: Tag | None, kind: str) -> None:
    [call] = rendered("facebook", hours, text="x", tag=tag)
    assert content(call)["messaging_type"] == kind
    assert content(call).get("tag") == ("HUMAN_AGENT" if kind == "MESSAGE_TAG" else None)


@pytest.mark.parametrize(
    ("hours", "tag", "code"),
    [
        (24.1, None, "window-closed"),
        (168.1, Tag.HUMAN_AGENT, "window-closed"),
        (None, None, "never-wrote"),
        (None, Tag.HUMAN_AGENT, "never-wrote"),
    ],
)
def test_messenger_outside_the_window(hours: float | None, tag: Tag | None, code: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered("facebook", hours, text="x", tag=tag)
    assert refused.value.code == code


async def test_telegram_as_its_client_sends() -> None:
    bot, recorder = telegram_bot(SETTINGS["telegram"]["botToken"])
    buttons = [
        [InlineKeyboardButton("Kyllä", callback_data="yes")],
        [InlineKeyboardButton("Ei", callback_data="no")],
    ]
    await bot.send_message(
        42,
        "Hei 👋",
        reply_markup=InlineKeyboardMarkup(buttons),
        reply_parameters=ReplyParameters(7, allow_sending_without_reply=True),
        business_connection_id="bc_1",
    )
    await bot.send_photo(42, PHOTO.url, caption="Kuva")
    await bot.send_document(42, PAPER.url)
    await bot.send_audio(42, "FILE-ID")
    await bot.send_location(42, 60.1699, 24.9384)
    voice = Attachment(kind=AttachmentKind.AUDIO, url="telegram:FILE-ID")
    place = Attachment(kind=AttachmentKind.LOCATION, url="geo:60.1699,24.9384;u=35")
    choices = (Choice(title="Kyllä", payload="yes"), Choice(title="Ei", payload="no"))
    calls = [
        *rendered("telegram", text="Hei 👋", choices=choices, reply_to="bc_1:42:7", thread="bc_1:42"),
        *rendered("telegram", text="Kuva", attachments=(PHOTO, PAPER, voice, place)),
    ]
    # python-telegram-bot adds parameters of its own that only repeat Telegram's defaults.
    assert [(call.url, content(call)) for call in calls] == [
        (
            url,
            {
                name: value
                for name, value in sent.items()
                if name not in ("disable_notification", "protect_content")
            },
        )
        for url, sent in recorder.sent
    ]


def test_telegram_long_text_goes_before_media() -> None:
    calls = rendered(
        "telegram", text="a" * 5000, attachments=(PHOTO,), choices=(Choice(title="x", payload="y"),)
    )
    assert [call.url.rpartition("/")[2] for call in calls] == ["sendMessage", "sendMessage", "sendPhoto"]
    assert [len(content(call).get("text", "")) for call in calls] == [4096, 904, 0]
    assert ["reply_markup" in content(call) for call in calls] == [False, False, True]
    assert "caption" not in content(calls[2])


@pytest.mark.parametrize(
    ("text", "methods"), [("ä" * 1024, ["sendPhoto"]), ("ä" * 1025, ["sendMessage", "sendPhoto"])]
)
def test_telegram_captions_are_short(text: str, methods: list[str]) -> None:
    calls = rendered("telegram", text=text, attachments=(PHOTO,))
    assert [call.url.rpartition("/")[2] for call in calls] == methods


FORBIDDEN: list[tuple[str, dict[str, Any], str]] = [
    *((channel, {}, "empty") for channel in CHANNELS),
    *((channel, {"text": " \n"}, "empty") for channel in CHANNELS),
    ("sms", {"text": "x", "choices": (Choice(title="a", payload="b"),)}, "too-many-choices"),
    ("facebook", {"text": "x", "choices": (Choice(title="a", payload="b"),) * 14}, "too-many-choices"),
    ("facebook", {"text": "x", "choices": (Choice(title="a" * 21, payload="b"),)}, "choice-length"),
    ("facebook", {"text": "x", "choices": (Choice(title="a", payload="b" * 1001),)}, "choice-length"),
    ("telegram", {"text": "x", "choices": (Choice(title="a", payload="ä" * 33),)}, "choice-length"),
    ("telegram", {"text": "x", "choices": (Choice(title="a", payload=""),)}, "choice-length"),
    ("telegram", {"text": "x", "thread": "@channel"}, "thread"),
    ("telegram", {"text": "x", "reply_to": "m_1"}, "reply-to"),
    ("sms", {"attachments": (Attachment(kind=AttachmentKind.LOCATION, url="geo:1,2"),)}, "attachment-kind"),
    ("sms-acs", {"text": "x", "attachments": (PHOTO,)}, "attachment-kind"),
    ("facebook", {"attachments": (Attachment(kind=AttachmentKind.CONTACT, text="x"),)}, "attachment-kind"),
    ("telegram", {"attachments": (Attachment(kind=AttachmentKind.LOCATION, url="geo:x"),)}, "attachment-url"),
    *(
        (channel, {"attachments": (Attachment(kind=AttachmentKind.IMAGE),)}, "attachment-url")
        for channel in MEDIA
    ),
    *(
        (channel, {"attachments": (Attachment(kind=AttachmentKind.IMAGE, url=url),)}, "attachment-url")
        for channel in MEDIA
        for url in ("file:///etc/passwd", "javascript:x", "//x/y", "data:,x")
    ),
    *(
        (channel, {"attachments": (PHOTO.model_copy(update={"size": 10**9}),)}, "attachment-size")
        for channel in MEDIA
    ),
]


@pytest.mark.parametrize(("channel", "message", "code"), FORBIDDEN)
def test_what_cannot_be_sent_says_why(channel: str, message: dict[str, Any], code: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered(channel, **message)
    assert refused.value.code == code
    assert refused.value.status == 422


ACKNOWLEDGED = {
    "sms": ("text/xml", "<Response/>"),
    "sms-acs": ("text/plain", ""),
    "whatsapp-acs": ("text/plain", ""),
    "facebook": ("text/plain", "EVENT_RECEIVED"),
    "instagram": ("text/plain", "EVENT_RECEIVED"),
    "whatsapp-meta": ("text/plain", "EVENT_RECEIVED"),
    "whatsapp-twilio": ("text/xml", "<Response/>"),
    "telegram": ("application/json", "{}"),
    "rcs": ("text/plain", ""),
    "line": ("text/plain", "OK"),
    "apple": ("text/plain", ""),
    "wechat": ("text/plain", "success"),
    "sms-telesign": ("text/plain", "OK"),
    "x": ("text/plain", "OK"),
    "teams": ("text/plain", ""),
    "custom-webhook": ("text/plain", ""),
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_acknowledgement_pleases_the_provider(channel: str) -> None:
    answer = room(channel).acknowledge([])
    assert answer.status == 200
    assert (answer.content_type.partition(";")[0], answer.body) == ACKNOWLEDGED[channel]
