"""WhatsApp at Twilio, held against Twilio's own client."""

from typing import Any

import pytest

from functions.channels.contract import Refused
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice
from tests.channels.samples import SETTINGS, account
from tests.channels.test_receipts import read, twilio
from tests.channels.test_send import PAPER, PHOTO, fields, rendered
from tests.channels.twilio_sdk import twilio_sends

WHATSAPP = "whatsapp-twilio"
SID, TOKEN = SETTINGS[WHATSAPP]["accountSid"], SETTINGS[WHATSAPP]["authToken"]
PLACE = Attachment(kind=AttachmentKind.LOCATION, url="geo:60.1699,24.9384", name="Koti", text="Katu 1")
CONTENTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"text": "Päivää 👋"}, {"body": "Päivää 👋"}),
    ({"text": "Kuva", "attachments": (PHOTO,)}, {"body": "Kuva", "media_url": [PHOTO.url]}),
    ({"attachments": (PAPER,)}, {"media_url": [PAPER.url]}),
    ({"attachments": (PLACE,)}, {"body": "Koti", "persistent_action": ["geo:60.1699,24.9384|Katu 1"]}),
]


@pytest.mark.parametrize(("message", "theirs"), CONTENTS)
def test_as_twilios_client_sends(message: dict[str, Any], theirs: dict[str, Any]) -> None:
    [call] = rendered(WHATSAPP, **message)
    sent = twilio_sends(
        SID,
        TOKEN,
        to="whatsapp:+358401234567",
        from_="whatsapp:+15005550006",
        status_callback=account(WHATSAPP).callback,
        **theirs,
    )
    assert (call.method, call.url) == (sent["method"].upper(), sent["uri"])
    assert fields(call) == {
        name: value if isinstance(value, list) else [value] for name, value in sent["data"].items()
    }


def test_a_messaging_service_sends_too() -> None:
    service = "MG" + "2" * 32
    [call] = rendered(WHATSAPP, settings={"sender": service}, text="x")
    assert fields(call)["MessagingServiceSid"] == [service]
    assert "From" not in fields(call)


def test_one_medium_a_message_and_words_before_what_has_no_caption() -> None:
    calls = rendered(WHATSAPP, text="sana " * 700, attachments=(PHOTO, PAPER))
    assert [len(fields(call).get("MediaUrl", [])) for call in calls] == [0, 0, 0, 1, 1]
    assert [bool(fields(call).get("Body")) for call in calls] == [True, True, True, False, False]
    words_first = rendered(WHATSAPP, text="Lasku", attachments=(PAPER,))
    assert [bool(fields(call).get("Body")) for call in words_first] == [True, False]


@pytest.mark.parametrize(
    ("hours", "message", "code"),
    [
        (24.1, {"text": "x"}, "window-closed"),
        (None, {"text": "x"}, "never-wrote"),
        (1, {"text": "x", "choices": (Choice(title="a", payload="b"),)}, "too-many-choices"),
        (1, {"attachments": (Attachment(kind=AttachmentKind.STICKER, url=PHOTO.url),)}, "attachment-kind"),
        (1, {"attachments": (Attachment(kind=AttachmentKind.LOCATION, url="geo:x"),)}, "attachment-url"),
    ],
)
def test_what_twilio_would_not_take(hours: float | None, message: dict[str, Any], code: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered(WHATSAPP, hours, **message)
    assert refused.value.code == code


@pytest.mark.parametrize(("code", "retryable"), [(63016, False), (63018, True), (63015, False)])
def test_what_twilio_refuses(code: int, retryable: bool) -> None:
    answer = read(WHATSAPP, 400, twilio(code))
    assert isinstance(answer, Refused)
    assert (answer.code, answer.retryable) == (str(code), retryable)
    assert "see https://" not in answer.reason
