"""WhatsApp at Meta, held against pywa: what its client would send, and what it reads of a webhook."""

import json
from typing import Any

import pytest
from pywa.types.callback import Button
from pywa.types.message import Message
from pywa.types.message_status import MessageStatus

from functions.channels.contract import Call, Refused, Sent
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Delivery, Kind
from tests.channels.pywa_sdk import pywa_client
from tests.channels.samples import SETTINGS, parsed
from tests.channels.test_receipts import meta, read
from tests.channels.test_send import PAPER, PHOTO, content, rendered
from tests.channels.vectors.whatsapp_meta import CASES

WHATSAPP = "whatsapp-meta"
NUMBER, TOKEN = (SETTINGS[WHATSAPP][name] for name in ("phoneNumberId", "accessToken"))
USER, PHONE, GROUP = "FI.13491208655302741918", "358401234567", "Y2FwaV9ncm91cDoxNzA1NTUwMTM5OjEy"
CHOICES = (Choice(title="Kyllä", payload="yes"), Choice(title="Ei", payload="no"))
VOICE = Attachment(kind=AttachmentKind.AUDIO, url="whatsapp-media:17")
PLACE = Attachment(kind=AttachmentKind.LOCATION, url="geo:60.1699,24.9384", name="Koti", text="Katu 1")


def facts(calls: list[Call]) -> list[tuple[str, str, Any]]:
    return [(call.url, call.headers["Authorization"], call.json) for call in calls]


@pytest.mark.parametrize("to", [USER, PHONE, GROUP])
def test_as_pywas_client_sends(to: str) -> None:
    client, sent = pywa_client(NUMBER, TOKEN)
    note, part = f"out-1 {to} 1", f"out-1 {to} 2"
    client.send_message(to, "Hei 👋", reply_to_message_id="wamid.0", tracker=note)
    buttons = [Button("Kyllä", callback_data="yes"), Button("Ei", callback_data="no")]
    client.send_message(to, "Sopiiko?", buttons=buttons, tracker=note)
    client.send_image(to, PHOTO.url, caption="Kuva", tracker=note)
    client.send_document(to, PAPER.url, filename="lasku.pdf", tracker=part)
    client.send_location(to, 60.1699, 24.9384, "Koti", "Katu 1", tracker=part)
    paper = PAPER.model_copy(update={"name": "lasku.pdf"})
    calls = [
        *rendered(WHATSAPP, text="Hei 👋", reply_to="wamid.0", thread=to),
        *rendered(WHATSAPP, text="Sopiiko?", choices=CHOICES, thread=to),
        *rendered(WHATSAPP, text="Kuva", attachments=(PHOTO,), thread=to),
        *rendered(WHATSAPP, attachments=(paper, PLACE), thread=to),
    ]
    assert facts(calls) == [(url, headers["authorization"], body) for url, headers, body in sent]


def test_parts_media_and_buttons_in_order() -> None:
    calls = rendered(WHATSAPP, text="a" * 5000, attachments=(PHOTO, VOICE), reply_to="wamid.0")
    assert [content(call)["type"] for call in calls] == ["text", "text", "image", "audio"]
    assert [len(content(call).get("text", {}).get("body", "")) for call in calls] == [4096, 904, 0, 0]
    assert content(calls[3])["audio"] == {"id": "17"}
    assert ["context" in content(call) for call in calls] == [True, False, False, False]
    asked = rendered(WHATSAPP, text="a" * 5000 + " " + "b" * 1100, attachments=(PHOTO,), choices=CHOICES)
    assert content(asked[0])["type"] == "image"
    assert content(asked[-1])["type"] == "interactive"
    assert len(content(asked[-1])["interactive"]["body"]["text"]) <= 1024
    said = [
        content(call).get("text", content(call).get("interactive", {}).get("body", {})) for call in asked[1:]
    ]
    assert "".join(part.get("body") or part.get("text") for part in said) == "a" * 5000 + "b" * 1100


@pytest.mark.parametrize(("text", "types"), [("ä" * 1024, ["image"]), ("ä" * 1025, ["text", "image"])])
def test_captions_are_short(text: str, types: list[str]) -> None:
    calls = rendered(WHATSAPP, text=text, attachments=(PHOTO,))
    assert [content(call)["type"] for call in calls] == types


@pytest.mark.parametrize(
    ("hours", "message", "code"),
    [
        (24.1, {"text": "x"}, "window-closed"),
        (None, {"text": "x"}, "never-wrote"),
        (1, {"text": "x", "choices": CHOICES * 2}, "too-many-choices"),
        (1, {"attachments": (PHOTO,), "choices": CHOICES}, "choice-text"),
        (1, {"text": "x", "choices": (Choice(title="a" * 21, payload="b"),)}, "choice-length"),
        (1, {"text": "x", "choices": (Choice(title="a", payload="b" * 257),)}, "choice-length"),
        (1, {"text": "x", "choices": (Choice(title="", payload="b"),)}, "choice-length"),
        (1, {"attachments": (Attachment(kind=AttachmentKind.CONTACT, text="x"),)}, "attachment-kind"),
        (1, {"attachments": (Attachment(kind=AttachmentKind.AUDIO, url="telegram:1"),)}, "attachment-url"),
    ],
)
def test_what_whatsapp_would_not_take(hours: float | None, message: dict[str, Any], code: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        rendered(WHATSAPP, hours, **message)
    assert refused.value.code == code


def test_what_meta_answers() -> None:
    taken = {"messaging_product": "whatsapp", "messages": [{"id": "wamid.1", "message_status": "accepted"}]}
    assert read(WHATSAPP, 200, taken) == Sent("wamid.1")


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, 131047, False),
        (400, 131026, False),
        (429, 130429, True),
        (400, 131056, True),
        (500, 131016, True),
    ],
)
def test_what_meta_refuses(status: int, code: int, retryable: bool) -> None:
    answer = read(WHATSAPP, status, meta(code, error_data={"details": "358401234567"}))
    assert isinstance(answer, Refused)
    assert (answer.code, answer.retryable) == (str(code), retryable)
    assert "358401234567" not in answer.reason
    assert "refused the message with error" not in answer.reason


READABLE = [
    "text, escaped as Meta does",
    "a customer who shows no number",
    "answer to a message, forwarded",
    "from an advertisement",
    "about a product",
    "image",
    "voice",
    "document",
    "sticker",
    "location",
    "reaction",
    "reaction taken back",
    "order",
    "unsupported",
]


@pytest.mark.parametrize("name", READABLE)
def test_reads_as_pywa_does(name: str) -> None:
    client, _ = pywa_client(NUMBER, TOKEN)
    theirs = Message.from_update(client, json.loads(CASES[name].body))
    [ours] = parsed(WHATSAPP, CASES[name].body)
    assert (ours.event, ours.sent_at) == (theirs.id, theirs.timestamp)
    assert ours.sender.id == theirs.from_user.bsuid
    assert ours.sender.phone == (f"+{theirs.from_user.wa_id}" if theirs.from_user.wa_id else "")
    assert ours.sender.name == theirs.from_user.name
    if ours.kind is Kind.MESSAGE:
        assert ours.text == (theirs.text or theirs.caption or (theirs.order.text if theirs.order else ""))
        assert ours.target == (theirs.reply_to_message.id if theirs.reply_to_message else "")
        assert ours.context.get("referral", "") == (theirs.referral.source_id if theirs.referral else "")
        assert ("forwarded" in ours.context) == theirs.forwarded
    if medium := theirs.media:
        [found] = ours.attachments
        assert (found.url, found.content_type) == (f"whatsapp-media:{medium.id}", medium.mime_type)
    if theirs.reaction:
        assert (ours.text, ours.target) == (theirs.reaction.emoji or "", theirs.reaction.message_id)


@pytest.mark.parametrize("state", ["sent", "delivered", "read"])
def test_reads_statuses_as_pywa_does(state: str) -> None:
    client, _ = pywa_client(NUMBER, TOKEN)
    theirs = MessageStatus.from_update(client, json.loads(CASES[state].body))
    [ours] = parsed(WHATSAPP, CASES[state].body)
    assert ours.receipt
    assert (ours.receipt.message, ours.receipt.state) == (theirs.id, Delivery(theirs.status.value))
    assert ours.thread == theirs.from_user.bsuid


def test_the_note_of_a_message_names_its_thread_in_every_status() -> None:
    """A thread that began with a phone number keeps its statuses when the customer gets a user id."""
    [call] = rendered(WHATSAPP, text="x", thread=PHONE)
    note = content(call)["biz_opaque_callback_data"]
    assert len(note) <= 512
    status = json.loads(CASES["read"].body)
    status["entry"][0]["changes"][0]["value"]["statuses"][0]["biz_opaque_callback_data"] = note
    [item] = parsed(WHATSAPP, json.dumps(status).encode())
    assert item.thread == PHONE
    assert item.receipt
    assert (item.receipt.ours, item.receipt.whole) == ("out-1", True)


def test_the_note_tells_whether_it_is_the_only_call() -> None:
    calls = rendered(WHATSAPP, text="x" * 5000, thread=PHONE)
    assert {content(call)["biz_opaque_callback_data"] for call in calls} == {f"out-1 {PHONE} 2"}
