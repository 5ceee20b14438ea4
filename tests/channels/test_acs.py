"""What goes out through Azure Communication Services: as its own clients send it, and safely repeated."""

import json
import uuid
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from azure.communication.messages import models

from functions.channels.contract import Answer, Call, MediaSource, Refused, Standing
from functions.channels.sms.acs import PATH as SMS_PATH
from functions.channels.whatsapp.acs import PATH as WHATSAPP_PATH
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind
from functions.providers.acs import signed_call
from tests.channels.acs_sdk import HMAC_HEADERS, Recorded, sms_sends, whatsapp_fetches, whatsapp_sends
from tests.channels.samples import ACS_CONNECTION, NOW, account, outbound, room, standing

BOTH = ["sms-acs", "whatsapp-acs"]
CHANNEL = "11111111-2222-3333-4444-555555555555"
MEDIA = {
    AttachmentKind.IMAGE: models.ImageNotificationContent,
    AttachmentKind.AUDIO: models.AudioNotificationContent,
    AttachmentKind.VIDEO: models.VideoNotificationContent,
}


def rendered(channel: str, at: datetime = NOW, **message: Any) -> list[Call]:
    return room(channel).render(outbound(channel, **message), account(channel), Standing(at, at))


def content(call: Call) -> dict[str, Any]:
    assert isinstance(call.json, dict)
    return call.json


def proof(call: Call) -> dict[str, str]:
    return {name.lower(): value for name, value in call.headers.items() if name.lower() in HMAC_HEADERS}


def at(recorded: Recorded) -> datetime:
    """When the client signed its request."""
    return parsedate_to_datetime(recorded.headers["x-ms-date"])


@pytest.mark.parametrize("text", ["Päivää 👋", "x", '"\\ \n…'])
def test_sms_as_its_client_sends(text: str) -> None:
    theirs = sms_sends(
        ACS_CONNECTION, from_="+15005550006", to="+358401234567", message=text, enable_delivery_report=True
    )
    [call] = rendered("sms-acs", text=text)
    [recipient] = content(call)["smsRecipients"]
    [their_recipient] = theirs.body["smsRecipients"]
    assert (call.method, call.url) == (theirs.method, theirs.url)
    assert recipient.keys() == their_recipient.keys()
    assert {**content(call), "smsRecipients": [their_recipient]} == theirs.body
    assert recipient["to"] == their_recipient["to"]
    assert uuid.UUID(recipient["repeatabilityRequestId"])
    assert parsedate_to_datetime(recipient["repeatabilityFirstSent"]) == NOW


def test_the_signature_is_the_clients() -> None:
    """Of an ASCII text: the client escapes the others, we sign and send them as UTF-8."""
    theirs = sms_sends(ACS_CONNECTION, from_="+15005550006", to="+358401234567", message="Hei!")
    ours = signed_call(account("sms-acs").settings, SMS_PATH, theirs.body, at(theirs))
    assert proof(ours) == theirs.proof


def test_whatsapp_as_its_client_sends() -> None:
    texts = models.TextNotificationContent(
        channel_registration_id=CHANNEL, to=["+358401234567"], content="Hei!"
    )
    theirs = whatsapp_sends(ACS_CONNECTION, texts)
    [call] = rendered("whatsapp-acs", at(theirs), text="Hei!")
    assert (call.method, call.url, content(call)) == (theirs.method, theirs.url, theirs.body)
    assert {"repeatability-request-id", "repeatability-first-sent"} <= theirs.headers.keys()
    assert uuid.UUID(call.headers["Repeatability-Request-ID"])
    assert parsedate_to_datetime(call.headers["Repeatability-First-Sent"]) == at(theirs)
    again = signed_call(account("whatsapp-acs").settings, WHATSAPP_PATH, theirs.body, at(theirs))
    assert proof(again) == theirs.proof


@pytest.mark.parametrize("kind", MEDIA)
def test_whatsapp_media_as_its_client_sends(kind: AttachmentKind) -> None:
    url = "https://files.example.com/1"
    theirs = whatsapp_sends(
        ACS_CONNECTION,
        MEDIA[kind](channel_registration_id=CHANNEL, to=["+358401234567"], media_uri=url),
    )
    [call] = rendered("whatsapp-acs", attachments=(Attachment(kind=kind, url=url),))
    assert content(call) == theirs.body


def test_whatsapp_documents_and_texts_in_order() -> None:
    paper = Attachment(kind=AttachmentKind.FILE, url="https://files.example.com/2.pdf", name="Lasku.pdf")
    theirs = whatsapp_sends(
        ACS_CONNECTION,
        models.DocumentNotificationContent(
            channel_registration_id=CHANNEL, to=["+358401234567"], media_uri=paper.url, file_name=paper.name
        ),
    )
    calls = rendered("whatsapp-acs", text="a" * 5000, attachments=(paper,))
    assert [len(content(call).get("content", "")) for call in calls] == [4096, 904, 0]
    assert content(calls[2]) == theirs.body
    assert len({call.headers["Repeatability-Request-ID"] for call in calls}) == 3


def test_media_are_fetched_as_the_client_does() -> None:
    theirs = whatsapp_fetches(ACS_CONNECTION, "6d9ba3f1-1")
    adapter, ours = room("whatsapp-acs"), account("whatsapp-acs")
    assert isinstance(adapter, MediaSource)
    call = adapter.media_call("acs:6d9ba3f1-1", ours, at(theirs))
    assert call
    assert (call.method, call.url, proof(call)) == (theirs.method, theirs.url, theirs.proof)
    assert adapter.media_hosts(ours) == ("https://acs-1.communication.azure.com",)
    for other in ("acs:../x", "acs:", "https://evil.example/1", "acs:a?b", "acs:a/b"):
        assert adapter.media_call(other, ours, NOW) is None


@pytest.mark.parametrize("channel", BOTH)
def test_an_attempt_is_repeated_with_its_ids_and_a_new_date(channel: str) -> None:
    first, again = (rendered(channel, NOW + timedelta(minutes=n), text="x") for n in (0, 3.9))
    assert [call.json for call in first] == [call.json for call in again]
    unsigned = [
        {name: value for name, value in call.headers.items() if name.lower() not in HMAC_HEADERS}
        for call in (*first, *again)
    ]
    assert unsigned[0] == unsigned[1]
    assert proof(first[0])["x-ms-date"] != proof(again[0])["x-ms-date"]
    assert proof(first[0])["authorization"] != proof(again[0])["authorization"]
    other = rendered(channel, text="x", id="out-2")
    assert (other[0].json, other[0].headers) != (first[0].json, first[0].headers)
    assert room(channel).capabilities.idempotent == timedelta(minutes=4)


def first_request(call: Call) -> tuple[str, datetime]:
    """Give the id and the time of what Azure is told to be the first request."""
    told = {**call.headers, **content(call).get("smsRecipients", [{}])[0]}
    told = {name.lower().replace("-", ""): value for name, value in told.items()}
    return told["repeatabilityrequestid"], parsedate_to_datetime(told["repeatabilityfirstsent"])


@pytest.mark.parametrize("channel", BOTH)
def test_what_waited_longer_than_azure_remembers_is_a_new_request(channel: str) -> None:
    """With its old time it would be refused, however often: of an outage of minutes nothing came through."""
    late = NOW + timedelta(minutes=7)
    (name, at_once), (other, later) = (
        first_request(rendered(channel, when, text="x")[0]) for when in (NOW, late)
    )
    assert (at_once, later) == (NOW, late)
    assert name != other


def test_a_time_that_azure_knows_no_more_is_no_refusal_for_good() -> None:
    rejected = {"to": "+358401234567", "httpStatusCode": 400, "successful": False}
    behind = json.dumps({"value": [{**rejected, "repeatabilityResult": "rejected"}]}).encode()
    for channel, answer in (
        ("sms-acs", Answer(202, {}, behind)),
        ("sms-acs", Answer(412, {}, b"")),
        ("whatsapp-acs", Answer(412, {}, b"")),
    ):
        outcome = room(channel).receipt(answer)
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.retryable) == ("412", True)
        assert "clock" in outcome.reason


@pytest.mark.parametrize(
    ("text", "parts"), [("x" * 2048, 1), ("x" * 2049, 2), ("ä" * 1025, 2), ("👋" * 600, 2)]
)
def test_sms_are_counted_in_bytes(text: str, parts: int) -> None:
    texts = [content(call)["message"] for call in rendered("sms-acs", text=text)]
    assert len(texts) == parts
    assert "".join(texts) == text
    assert all(len(part.encode()) <= 2048 for part in texts)


@pytest.mark.parametrize(("hours", "code"), [(24.1, "window-closed"), (None, "never-wrote")])
def test_whatsapp_outside_the_window(hours: float | None, code: str) -> None:
    with pytest.raises(NotDeliverable) as refused:
        room("whatsapp-acs").render(
            outbound("whatsapp-acs", text="x"), account("whatsapp-acs"), standing(hours)
        )
    assert refused.value.code == code


def test_sms_needs_no_window() -> None:
    assert room("sms-acs").render(outbound("sms-acs", text="x"), account("sms-acs"), standing(None))


@pytest.mark.parametrize("channel", BOTH)
def test_the_date_is_in_greenwich(channel: str) -> None:
    helsinki = NOW.astimezone(timezone(timedelta(hours=2)))
    [call] = room(channel).render(outbound(channel, text="x"), account(channel), Standing(helsinki, NOW))
    assert call.headers["x-ms-date"] == "Sun, 22 Nov 2026 12:00:00 GMT"


def test_the_key_of_the_connection_string_signs() -> None:
    settings = account("sms-acs").settings
    other = account("sms-acs", connectionString=ACS_CONNECTION.replace("bG9jYWwt", "b3RoZXIt")).settings
    one, two = (signed_call(used, SMS_PATH, {}, NOW).headers["Authorization"] for used in (settings, other))
    assert one != two
    moved = account("sms-acs", apiBase="http://127.0.0.1:4567/acs")
    [call] = room("sms-acs").render(outbound("sms-acs", text="x"), moved, standing())
    assert call.url == "http://127.0.0.1:4567/acs/sms?api-version=2021-03-07"
