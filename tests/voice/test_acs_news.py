"""Call Automation's news read, as the models of its SDK name what is in them; and a recording's download."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from azure.communication.callautomation import CallAutomationClient
from azure.core.credentials import AzureKeyCredential

from functions.channels.contract import Account
from functions.channels.voice.acs import AcsVoice, AcsVoiceSettings
from functions.media.hosts import Reach, reach
from functions.voice.acs.news import Phase, line, meant, missing, news, next_phase
from functions.voice.events import (
    Answered,
    Connected,
    Failed,
    Heard,
    HungUp,
    Keyed,
    NotConnected,
    Played,
    Silent,
    Speaker,
    Spoke,
)
from functions.voice.model import Call, CallState, Way
from local.simulators.acs import ACCESS_KEY
from local.simulators.acs_call import RESOURCE
from tests.channels.acs_sdk import HMAC_HEADERS, Recorder

KEY = ACCESS_KEY
SOUND = "https://eus.asm.skype.com/v1/objects/0-eus-d1/content/audio"
SETTINGS = {
    "number": "+358454900020",
    "flow": "support",
    "resourceId": RESOURCE,
    "speechEndpoint": "https://speech.cognitiveservices.azure.com",
    "deliverySecret": "secret",
}


def call(state: CallState) -> Call:
    return Call(
        id="c",
        provider="acs",
        account="acs",
        customer="+358401234567",
        ours="+358454900020",
        state=state,
        step=4,
        target="+358401110000",
        language="fi-FI",
        started_at=datetime.now(UTC),
    )


def told(kind: str, **data: Any) -> Any:
    """Give an event as a callback brings it."""
    event = {
        "id": "1",
        "source": "calling/callConnections/x",
        "type": f"Microsoft.Communication.{kind}",
        "data": {"callConnectionId": "x", "operationContext": "4", **data},
    }
    [found] = news(json.dumps([event]).encode())
    return found


def result(code: int, subcode: int) -> dict[str, Any]:
    return {"resultInformation": {"code": code, "subCode": subcode, "message": "?"}}


def test_a_customer_who_does_not_take_our_call() -> None:
    ours = call(CallState.RINGING).model_copy(update={"way": Way.OUTBOUND})
    gone = told("CallDisconnected", operationContext=None, **result(487, 1))
    assert meant(gone, ours) == (HungUp("no-answer"),)


TONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "pound", "asterisk")


@pytest.mark.parametrize(("tone", "key"), list(zip(TONES, "0123456789#*", strict=True)))
def test_tones_are_words(tone: str, key: str) -> None:
    found = told("RecognizeCompleted", recognitionType="dtmf", dtmfResult={"tones": [tone]})
    assert meant(found, call(CallState.MENU)) == (Keyed(key),)


MENU, CONSENT, QUEUED, GREETING = CallState.MENU, CallState.CONSENT, CallState.QUEUED, CallState.GREETING
CONNECTING, RINGING = CallState.CONNECTING, CallState.RINGING


@pytest.mark.parametrize(
    ("state", "kind", "data", "events"),
    [
        (RINGING, "CallConnected", {"operationContext": None}, (Answered(),)),
        (MENU, "CallDisconnected", {"operationContext": None}, (HungUp("the customer hung up"),)),
        (
            RINGING,
            "CallDisconnected",
            {"operationContext": None, **result(486, 1)},
            (HungUp("the customer hung up"),),
        ),
        (RINGING, "CreateCallFailed", {"operationContext": None, **result(487, 1)}, (Failed("no-answer"),)),
        (GREETING, "PlayCompleted", {}, (Played(),)),
        (GREETING, "PlayFailed", result(400, 8535), (Played(),)),
        (CONSENT, "PlayFailed", result(400, 8535), (Failed("the consent could not be spoken"),)),
        (
            MENU,
            "RecognizeCompleted",
            {"recognitionType": "choices", "choiceResult": {"label": "1", "recognizedPhrase": "laskut"}},
            (Keyed("1"),),
        ),
        (
            MENU,
            "RecognizeCompleted",
            {"recognitionType": "speech", "speechResult": {"speech": "laskut", "confidence": 0.5}},
            (Spoke("laskut", 0.5),),
        ),
        (MENU, "RecognizeFailed", result(400, 8510), (Silent(),)),
        (MENU, "RecognizeFailed", result(400, 8547), (Silent(),)),
        (QUEUED, "RecognizeFailed", result(400, 8511), ()),
        (QUEUED, "RecognizeFailed", {"operationContext": "4:bare", **result(400, 8510)}, (Silent(),)),
        (
            QUEUED,
            "RecognizeFailed",
            {"operationContext": "4:bare", **result(500, 8599)},
            (Failed("the caller could not be listened to (8599)"),),
        ),
        (CONNECTING, "AddParticipantSucceeded", {}, (Connected(),)),
        (CONNECTING, "AddParticipantFailed", result(486, 5300), (NotConnected("busy"),)),
        (CONNECTING, "AddParticipantFailed", result(480, 5300), (NotConnected("no-answer"),)),
        (CONNECTING, "AddParticipantFailed", result(603, 5300), (NotConnected("declined"),)),
        (CONNECTING, "AddParticipantFailed", result(404, 5300), (NotConnected("404/5300"),)),
        (CONNECTING, "PlayCanceled", {"operationContext": "4:ringing"}, ()),
        (CONNECTING, "PlayFailed", {"operationContext": "4:ringing", **result(400, 8535)}, ()),
        (GREETING, "PlayStarted", {}, ()),
        (GREETING, "PlayCompleted", {"operationContext": None}, ()),
        (GREETING, "PlayCompleted", {"operationContext": "somebody's"}, ()),
        (GREETING, "SomethingNew", {}, ()),
    ],
)
def test_what_news_mean(state: CallState, kind: str, data: dict[str, Any], events: tuple[Any, ...]) -> None:
    assert meant(told(kind, **data), call(state)) == events


@pytest.mark.parametrize(
    ("kind", "data", "phase"),
    [
        ("PlayCompleted", {"operationContext": "4:tone"}, Phase.MESSAGE),
        ("PlayFailed", {"operationContext": "4:tone"}, Phase.MESSAGE),
        ("PlayCompleted", {}, None),
        ("RecognizeFailed", result(400, 8511), Phase.BARE),
        ("RecognizeFailed", result(400, 8510), None),
        ("RecognizeFailed", {"operationContext": "4:message", **result(400, 8510)}, None),
    ],
)
def test_steps_of_several_requests(kind: str, data: dict[str, Any], phase: Phase | None) -> None:
    found = told(kind, **data)
    assert next_phase(found) == phase
    if phase:
        assert meant(found, call(QUEUED)) == ()


def test_who_is_missing_of_a_talk() -> None:
    agent = {"identifier": {"rawId": "8:orgid:5AC1", "kind": "microsoftTeamsUser"}}
    found = told("ParticipantsUpdated", participants=[agent], sequenceNumber=3)
    assert missing(found, frozenset({"+358401234567", "teams:5ac1"})) == {"+358401234567"}


@pytest.mark.parametrize(
    ("frame", "heard"),
    [
        ({"text": "Hei.", "participantRawID": "4:+358401234567", "resultStatus": "Final"}, Speaker.CUSTOMER),
        ({"text": "Hei.", "participantRawID": "8:orgid:5ac1", "resultStatus": "Final"}, Speaker.AGENT),
        ({"text": "He", "participantRawID": "4:+358401234567", "resultStatus": "Intermediate"}, None),
        ({"text": "", "participantRawID": "4:+358401234567", "resultStatus": "Final"}, None),
    ],
)
def test_frames_of_the_transcript(frame: dict[str, Any], heard: Speaker | None) -> None:
    body = json.dumps({"kind": "TranscriptionData", "transcriptionData": frame}).encode()
    assert line(body, "+358401234567") == (Heard("Hei.", heard) if heard else None)
    assert line(b"no json", "+358401234567") is None


def account(**settings: Any) -> Account[AcsVoiceSettings]:
    found = AcsVoiceSettings.model_validate({**SETTINGS, **settings})
    return Account("acs", "voice", "acs", "https://calls.example/api/channels/voice/acs", found)


def sdk_download(endpoint: str) -> Any:
    recorder = Recorder({})
    client = CallAutomationClient(endpoint, AzureKeyCredential(KEY), transport=recorder)
    client.download_recording(SOUND)
    return recorder.sent[0]


def test_a_recording_is_fetched_as_the_sdk_fetches_it() -> None:
    theirs = sdk_download("https://calls.communication.azure.com")
    at = parsedate_to_datetime(theirs.headers["x-ms-date"])
    secret = f"endpoint=https://calls.communication.azure.com/;accesskey={KEY}"
    ours = AcsVoice().media_call(SOUND, account(connectionString=secret), at)
    assert ours
    headers = {name.lower(): value for name, value in ours.headers.items()}
    assert {name: headers[name] for name in HMAC_HEADERS} == theirs.proof
    assert headers["x-ms-host"] == theirs.headers["x-ms-host"]
    assert (ours.method, ours.url) == (theirs.method, theirs.url)


def test_a_managed_identity_fetches_with_its_token() -> None:
    identity = "11111111-2222-4333-8444-555555555555"
    found = account(endpoint="https://calls.communication.azure.com", identity=identity)
    call = AcsVoice().media_call(SOUND, found, datetime.now(UTC))
    assert call
    assert call.tokened
    app = AcsVoice().entra_app(found)
    assert (app.client_id, app.scope) == (identity, "https://communication.azure.com//.default")
    assert AcsVoice().authorised(call, "t").headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        (SOUND, True),
        ("https://x.asyncgw.teams.microsoft.com/v1/objects/1/content/audio", True),
        ("https://x.ams.gov.teams.microsoft.us/v1/objects/1/content/audio", True),
        ("http://eus.asm.skype.com/v1/objects/1/content/audio", False),
        ("https://asm.skype.com.evil.example/v1/objects/1/content/audio", False),
        ("https://evilasm.skype.com/v1/objects/1/content/audio", False),
        ("https://user@eus.asm.skype.com:444/v1/objects/1/content/audio", False),
        ("https://169.254.169.254/metadata", False),
    ],
)
def test_recordings_lie_on_the_sdk_s_hosts_only(url: str, allowed: bool) -> None:
    secret = f"endpoint=https://calls.communication.azure.com/;accesskey={KEY}"
    hosts = AcsVoice().media_hosts(account(connectionString=secret))
    assert (reach(url, hosts) is not Reach.NONE) is allowed


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"endpoint": "https://calls.communication.azure.com"},
        {"identity": "11111111-2222-4333-8444-555555555555"},
        {"connectionString": "accesskey=eA=="},
        {"connectionString": f"endpoint=https://a.example;accesskey={KEY}", "endpoint": "https://a.example"},
        {"connectionString": f"endpoint=https://a.example;accesskey={KEY}", "resourceId": "calls"},
        {"connectionString": f"endpoint=https://a.example;accesskey={KEY}", "deliverySecret": ""},
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        account(**settings)
