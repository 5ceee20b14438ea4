"""Twilio's voice webhooks, read: which call it is, and what happened to it.

Follows https://www.twilio.com/docs/voice/twiml#request-parameters, …/voice/api/call-resource (status
callbacks), …/voice/api/recording and …/voice/twiml/transcription.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from functions.channels.contract import Account, Request
from functions.channels.voice.calls import CallSettings
from functions.errors import Invalid
from functions.providers.payload import read_answer, text
from functions.voice.calls import Occurrence
from functions.voice.endings import AGENT
from functions.voice.events import (
    Answered,
    CallEvent,
    Connected,
    Failed,
    Heard,
    HungUp,
    Keyed,
    NotConnected,
    Played,
    Rang,
    Recorded,
    Silent,
    Speaker,
    Spoke,
    Unrecorded,
    What,
)
from functions.voice.model import Call

CUSTOMER = "the customer hung up"
HIDDEN = frozenset({"", "anonymous", "restricted", "unavailable", "unknown", "blocked", "private"})
KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
SPELLED = frozenset(f"+{word.translate(KEYS)}" for word in HIDDEN if word)  # as numbers, by older carriers
READY = "completed"
OVER = frozenset({"completed", "canceled"})
CONTEXT: Mapping[str, str] = {
    "ForwardedFrom": "forwardedFrom",
    "FromCountry": "country",
    "FromCity": "city",
    "StirVerstat": "verstat",
}
Form = Mapping[str, str]


def incoming(form: Form, request: Request, account: Account[CallSettings], language: str) -> Call:
    """Give the call that came in. A caller who hides is somebody else with each call."""
    sid, caller = _sid(form), form.get("From", "")
    hidden = caller.lower() in HIDDEN | SPELLED
    return Call(
        id=sid,
        provider_call=sid,
        provider=account.provider,
        account=account.id,
        customer=f"hidden-{sid}" if hidden else caller,
        ours=account.settings.number,
        name=form.get("CallerName", ""),
        language=language,
        context={name: form[field] for field, name in CONTEXT.items() if form.get(field)},
        started_at=request.received_at,
    )


def call_of(form: Form, query: Mapping[str, str]) -> str:
    """Give our id of the call: in the address, where it is one that we gave, or Twilio's own."""
    return query.get("call") or _sid(form)


def step(form: Form, query: Mapping[str, str]) -> Occurrence:
    """Read what ended a step; raises Invalid for an address that we never gave."""
    place, end = number(query.get("step", "")), query.get("end", "")
    if end not in _ENDS or place is None:
        raise Invalid("not an address of ours")
    return Occurrence(f"step:{place}", _ENDS[end](form), step=place)


def leg(form: Form, query: Mapping[str, str]) -> Occurrence:
    """Read that the agent's phone was answered."""
    place = step(form, {**query, "end": "answered"}).step
    found = form.get("CallStatus", "")
    return Occurrence(
        id=f"leg:{_sid(form)}:{found}", events=(Connected(),) if found == "in-progress" else (), step=place
    )


def status(form: Form) -> Occurrence:
    """Read the call's own status."""
    found, place = form.get("CallStatus", ""), form.get("SequenceNumber", "")
    return Occurrence(
        id=f"status:{found}:{place}",
        events=_status(found),
        sequence=number(place),
        at=_time(form.get("Timestamp", "")),
    )


def recording(form: Form, query: Mapping[str, str]) -> Occurrence:
    """Read that a recording is ready, or that there is none."""
    sid, found = form.get("RecordingSid", ""), form.get("RecordingStatus", "")
    url = form.get("RecordingUrl", "")
    what = What.VOICEMAIL if query.get("of") == What.VOICEMAIL else What.TALK
    if url and found == READY:
        return ready(sid, url, form.get("RecordingDuration", ""), what)
    absent = found == "absent" and what is What.VOICEMAIL
    return Occurrence(f"recording:{sid}:{found}", (Unrecorded(),) if absent else ())


def ready(sid: str, url: str, seconds: str, what: What) -> Occurrence:
    """Tell of a recording, in the same way however it is learnt of."""
    event = Recorded(sid, f"{url}.mp3", number(seconds) or 0, what)
    return Occurrence(f"recording:{sid}:{READY}", (event,))


def transcription(form: Form) -> Occurrence:
    """Read a line of the transcript; the beginning and the end of it count, but say nothing."""
    sid, place = form.get("TranscriptionSid", ""), form.get("SequenceId", "")
    said = form.get("TranscriptionEvent") == "transcription-content"
    line = text(read_answer(form.get("TranscriptionData", "").encode()), "transcript") if said else ""
    speaker = Speaker.AGENT if form.get("Track") == "outbound_track" else Speaker.CUSTOMER
    final = not said or form.get("Final") == "true"
    event = Heard(line, speaker, number(place) or 0, final)
    return Occurrence(f"transcription:{sid}:{place}", (event,), at=_time(form.get("Timestamp", "")))


def number(digits: str) -> int | None:
    """Read a count; None for anything else, and for one beyond all counting."""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def _asked(form: Form) -> tuple[CallEvent, ...]:
    if digits := form.get("Digits", ""):
        return (Keyed(digits),)
    said = form.get("SpeechResult", "")
    return (Spoke(said, _share(form.get("Confidence", ""))),) if said else (Silent(),)


def _dialled(form: Form) -> tuple[CallEvent, ...]:
    """An agent was rung. When the caller is gone as well, it was the caller who went."""
    found = form.get("DialCallStatus", "failed")
    over = form.get("CallStatus") in OVER
    if found in ("completed", "answered"):
        return (Connected(), HungUp(CUSTOMER if over else AGENT))
    if found == "canceled" or over:
        return (HungUp(CUSTOMER),)
    return (NotConnected(found),)


def _status(found: str) -> tuple[CallEvent, ...]:
    if found == "ringing":
        return (Rang(),)
    if found in OVER:
        return (HungUp(CUSTOMER),)
    return (Failed(found),) if found in ("busy", "no-answer", "failed") else ()


_ENDS: Mapping[str, Callable[[Form], tuple[CallEvent, ...]]] = {
    "taken": lambda form: (Answered(),),  # by the customer whom we call
    "played": lambda form: (Played(),),
    "silent": lambda form: (Silent(),),
    "recorded": lambda form: (Played(), HungUp(CUSTOMER)) if form.get("CallStatus") in OVER else (Played(),),
    "unreachable": lambda form: (NotConnected("this provider cannot ring a Teams user"),),
    "answered": lambda form: (),
    "asked": _asked,
    "dialled": _dialled,
}


def _sid(form: Form) -> str:
    sid = form.get("CallSid", "")
    if not (sid.startswith("CA") and sid.isalnum() and sid.isascii() and len(sid) == 34):
        raise Invalid("the form names no call")
    return sid


def _share(part: str) -> float:
    try:
        return min(max(float(part), 0.0), 1.0)
    except ValueError:
        return 0.0


def _time(value: str) -> datetime | None:
    """Read a time as either kind of callback writes it."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(value)
        except (ValueError, TypeError):
            continue
        return found if found.tzinfo else None
    return None
