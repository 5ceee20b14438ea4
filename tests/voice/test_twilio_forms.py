"""Twilio's voice webhooks, whatever is in them: read, or refused as unreadable."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.channels.contract import Request
from functions.errors import Invalid
from functions.voice.endings import AGENT
from functions.voice.events import (
    CallEvent,
    Connected,
    Failed,
    Heard,
    HungUp,
    Keyed,
    NotConnected,
    Recorded,
    Silent,
    Speaker,
    Spoke,
    What,
)
from functions.voice.twilio import forms
from tests.voice.test_flow import NOW
from tests.voice.test_twilio_parts import of_twilio

SID = "CA" + "1" * 32
NAMES = ["CallSid", "CallStatus", "SequenceNumber", "Timestamp", "Digits", "SpeechResult", "Confidence"]
NAMES += ["DialCallStatus", "RecordingSid", "RecordingUrl", "RecordingStatus", "RecordingDuration", "Track"]
NAMES += ["TranscriptionEvent", "TranscriptionData", "SequenceId", "Final", "From", "CallerName"]
VALUES = st.one_of(
    st.text(max_size=20),
    st.from_regex(r"[0-9]{1,30}", fullmatch=True),
    st.sampled_from(
        [
            SID,
            "completed",
            "in-progress",
            "busy",
            "true",
            "transcription-content",
            '{"transcript": 1}',
            "[" * 2000,
        ]
    ),
)
FORMS = st.dictionaries(st.sampled_from(NAMES), VALUES)
QUERIES = st.dictionaries(st.sampled_from(["call", "step", "end", "of", "again"]), VALUES)


@pytest.mark.parametrize("word", ["anonymous", "restricted", "unavailable", "unknown", "blocked", "private"])
def test_a_caller_who_hides_has_no_number(word: str) -> None:
    """Twilio tells the word, or its keys."""
    keys = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
    request = Request("POST", "https://x.example", "", {}, b"", NOW)
    for told in (word, word.upper(), f"+{word.translate(keys)}"):
        call = forms.incoming({"CallSid": SID, "From": told}, request, of_twilio(), "fi-FI")
        assert call.customer == f"hidden-{SID}"


@given(FORMS, QUERIES)
def test_nothing_breaks_the_readers(form: Mapping[str, str], query: Mapping[str, str]) -> None:
    for read in (
        lambda: forms.call_of(form, query),
        lambda: forms.step(form, query),
        lambda: forms.leg(form, query),
        lambda: forms.status(form),
        lambda: forms.recording(form, query),
        lambda: forms.transcription(form),
    ):
        with suppress(Invalid):
            read()


@pytest.mark.parametrize(
    ("end", "form", "events"),
    [
        ("asked", {"Digits": "9"}, (Keyed("9"),)),
        ("asked", {"SpeechResult": "Lasku.", "Confidence": "0.9"}, (Spoke("Lasku.", 0.9),)),
        ("asked", {"SpeechResult": "Lasku.", "Confidence": ""}, (Spoke("Lasku.", 0.0),)),
        ("asked", {"SpeechResult": ""}, (Silent(),)),
        ("dialled", {"DialCallStatus": "busy"}, (NotConnected("busy"),)),
        ("dialled", {"DialCallStatus": "completed"}, (Connected(), HungUp(AGENT))),
        (
            "dialled",
            {"DialCallStatus": "completed", "CallStatus": "completed"},
            (Connected(), HungUp(forms.CUSTOMER)),
        ),
        ("dialled", {"DialCallStatus": "canceled"}, (HungUp(forms.CUSTOMER),)),
        ("dialled", {"DialCallStatus": "no-answer", "CallStatus": "completed"}, (HungUp(forms.CUSTOMER),)),
    ],
)
def test_what_ended_a_step(end: str, form: Mapping[str, str], events: tuple[CallEvent, ...]) -> None:
    assert forms.step(form, {"step": "4", "end": end}).events == events


@pytest.mark.parametrize(
    ("status", "events"),
    [
        ("in-progress", ()),
        ("completed", (HungUp(forms.CUSTOMER),)),
        ("busy", (Failed("busy"),)),
        ("no-answer", (Failed("no-answer"),)),
        ("something-new", ()),
    ],
)
def test_what_a_status_says(status: str, events: tuple[CallEvent, ...]) -> None:
    form = {"CallStatus": status, "SequenceNumber": "2", "Timestamp": "Sun, 22 Nov 2026 10:00:00 +0000"}
    found = forms.status(form)
    assert (found.events, found.sequence) == (events, 2)
    assert found.at == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_what_a_line_of_the_transcript_says() -> None:
    form = {
        "TranscriptionEvent": "transcription-content",
        "TranscriptionData": '{"transcript": "Moi \\"sinä\\"", "confidence": 0.9}',
        "Track": "outbound_track",
        "SequenceId": "7",
        "Final": "true",
        "Timestamp": "2026-11-22T10:00:00.123456Z",
    }
    found = forms.transcription(form)
    assert found.events == (Heard('Moi "sinä"', Speaker.AGENT, 7),)
    assert found.at == datetime(2026, 11, 22, 10, 0, 0, 123456, UTC)
    assert forms.transcription({**form, "Final": "false"}).events == (
        Heard('Moi "sinä"', Speaker.AGENT, 7, final=False),
    )


def test_a_recording_is_told_when_it_can_be_fetched() -> None:
    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1"
    form = {
        "RecordingSid": "RE1",
        "RecordingUrl": url,
        "RecordingDuration": "31",
        "RecordingStatus": "completed",
    }
    event = Recorded("RE1", f"{url}.mp3", 31, What.VOICEMAIL)
    assert forms.recording(form, {"of": "voicemail"}).events == (event,)
    assert forms.recording({**form, "RecordingStatus": "in-progress"}, {}).events == ()
