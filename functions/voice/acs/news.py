"""Call Automation's news, read: https://learn.microsoft.com/azure/communication-services/concepts/call-automation/call-automation.

A callback is an array of CloudEvents. What ends a step names the step, for we gave it as the request's
`operationContext`; a step of several requests adds the phase.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from functions.message import digest
from functions.providers.acs import spelled
from functions.providers.eventgrid.events import Event, events
from functions.providers.payload import at, child, children, number, read_answer, text
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
    Recorded,
    Silent,
    Speaker,
    Spoke,
    What,
)
from functions.voice.model import Call, CallState, Way
from functions.voice.waiting import BUSY

PREFIX = "microsoft.communication."
CONNECTED, DISCONNECTED = "callconnected", "calldisconnected"
PEOPLE = "participantsupdated"
RUNG = frozenset({"addparticipantsucceeded", "addparticipantfailed"})
CUSTOMER = "the customer hung up"
SILENCE = 8510  # RecognizeFailed: nothing came before the time was over
NO_CHOICE = frozenset({SILENCE, 8532, 8534, 8547})  # or too late, a key or words that are no choice
KEYS = dict(zip((
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "pound", "asterisk",
), "0123456789#*", strict=True))  # fmt: skip
_NOT_CONNECTED = {486: BUSY, 600: BUSY, 408: "no-answer", 480: "no-answer", 487: "no-answer", 603: "declined"}


class Phase(StrEnum):
    """Which request of a step."""

    ONLY = ""
    TONE = "tone"  # before a voicemail
    MESSAGE = "message"  # the voicemail itself
    BARE = "bare"  # the same question without its prompt, which could not be played
    RINGING = "ringing"  # what the caller hears while an agent is rung


@dataclass(frozen=True, slots=True)
class News:
    """One event of a callback. `id` is the same for every delivery; `step` is None where none is named."""

    id: str
    kind: str  # lower case
    at: datetime | None
    connection: str
    step: int | None
    phase: Phase
    data: Mapping[str, JsonValue]

    @property
    def code(self) -> int:
        """The SIP-like code of the result."""
        return number(dict(self.data), "resultinformation", "code") or 0

    @property
    def subcode(self) -> int:
        """The service's own code."""
        return number(dict(self.data), "resultinformation", "subcode") or 0


def context(step: int, phase: Phase = Phase.ONLY) -> str:
    """Give the operation context of a step's request."""
    return f"{step}:{phase}" if phase else str(step)


def news(body: bytes) -> Iterator[News]:
    """Read a callback; raises Invalid when it is none."""
    for event in events(body):
        step, phase = _context(text(event.data, "operationcontext"))
        yield News(
            id=digest(text(event.raw, "source"), event.id),
            kind=event.type.removeprefix(PREFIX),
            at=event.at,
            connection=text(event.data, "callconnectionid"),
            step=step,
            phase=phase,
            data=event.data,
        )


def meant(told: News, call: Call) -> tuple[CallEvent, ...]:
    """Give what happened to the call; nothing for what ends no step, or begins the next phase of one."""
    if told.phase is Phase.RINGING:
        return ()
    read = _OF_STEPS.get(told.kind) if told.step is not None else _OF_CALLS.get(told.kind)
    return read(told, call) if read else ()


def next_phase(told: News) -> Phase | None:
    """Give the request that follows within the step; None when there is none."""
    if told.phase is Phase.TONE and told.kind in ("playcompleted", "playfailed"):
        return Phase.MESSAGE
    if told.kind == "recognizefailed" and told.subcode not in NO_CHOICE and told.phase is Phase.ONLY:
        return Phase.BARE
    return None


def missing(told: News, wanted: frozenset[str]) -> frozenset[str]:
    """Give who of those that should be in the call is not."""
    raw = [text(one, "identifier", "rawid") for one in children(dict(told.data), "participants")]
    return wanted - {spelled(one) for one in raw}


def left(gone: frozenset[str], call: Call) -> HungUp:
    """Say who ended it: the customer, who may have gone first, or the agent."""
    return HungUp(AGENT if gone == {call.target} else CUSTOMER)


def recordings(event: Event, what: What) -> tuple[Recorded, ...]:
    """Read the files of a recording that is ready."""
    chunks = children(event.data, "recordingstorageinfo", "recordingchunks")
    seconds = (number(event.data, "recordingdurationms") or 0) // 1000
    return tuple(
        Recorded(text(chunk, "documentid"), url, seconds, what)
        for chunk in chunks
        if (url := text(chunk, "contentlocation"))
    )


def line(body: bytes, caller: str) -> Heard | None:
    """Read a frame of the transcript; None for what is no line, or not yet a final one."""
    data = child(read_answer(body), "transcriptionData")
    if text(data, "resultStatus").lower() != "final" or not text(data, "text"):
        return None
    customer = spelled(text(data, "participantRawID")) == caller
    return Heard(text(data, "text"), Speaker.CUSTOMER if customer else Speaker.AGENT)


def recording_names(event: Event) -> list[str]:
    """List the names in a recording's subject: of the recording, of the call, in either published order."""
    parts = text(event.raw, "subject").split("/")
    return [part for part in reversed(parts) if len(part) > 16]


def _context(name: str) -> tuple[int | None, Phase]:
    step, _, phase = name.partition(":")
    known = step.isascii() and step.isdigit() and len(step) < 7 and phase in tuple(Phase)
    return (int(step), Phase(phase)) if known else (None, Phase.ONLY)


def _connected(told: News, call: Call) -> tuple[CallEvent, ...]:
    return (Answered(),)


def _disconnected(told: News, call: Call) -> tuple[CallEvent, ...]:
    dialled = call.state is CallState.RINGING and call.way is Way.OUTBOUND
    return (HungUp(_why(told) if dialled else CUSTOMER),)


def _failed(told: News, call: Call) -> tuple[CallEvent, ...]:
    return (Failed(_why(told)),)


def _played(told: News, call: Call) -> tuple[CallEvent, ...]:
    return () if next_phase(told) else (Played(),)


def _not_played(told: News, call: Call) -> tuple[CallEvent, ...]:
    """Go on without the words; but nobody is recorded who was not told."""
    if call.state is CallState.CONSENT:
        return (Failed("the consent could not be spoken"),)
    return _played(told, call)


def _recognised(told: News, call: Call) -> tuple[CallEvent, ...]:
    if told.phase is Phase.MESSAGE:
        return (Played(),)
    data = dict(told.data)
    match text(data, "recognitiontype").lower():
        case "dtmf":
            tones = [tone for tone in children(data, "dtmfresult", "tones") if isinstance(tone, str)]
            return (Keyed("".join(KEYS.get(tone.lower(), "") for tone in tones)),)
        case "choices":
            return (Keyed(text(data, "choiceresult", "label")),)
        case "speech":
            sure = at(child(data, "speechresult"), "confidence")
            confidence = float(sure) if isinstance(sure, int | float) else 1.0
            return (Spoke(text(data, "speechresult", "speech"), confidence),)
    return (Silent(),)


def _not_recognised(told: News, call: Call) -> tuple[CallEvent, ...]:
    if told.phase is Phase.MESSAGE:
        return (Played(),)
    if next_phase(told):
        return ()
    if told.subcode in NO_CHOICE or call.state is CallState.MENU:
        return (Silent(),)
    return (Failed(f"the caller could not be listened to ({told.subcode})"),)


def _joined(told: News, call: Call) -> tuple[CallEvent, ...]:
    return (Connected(),)


def _not_joined(told: News, call: Call) -> tuple[CallEvent, ...]:
    return (NotConnected(_why(told)),)


def _why(told: News) -> str:
    return _NOT_CONNECTED.get(told.code, f"{told.code}/{told.subcode}")


Reader = Callable[[News, Call], tuple[CallEvent, ...]]
_OF_CALLS: Mapping[str, Reader] = {
    CONNECTED: _connected,
    DISCONNECTED: _disconnected,
    "answerfailed": _failed,
    "createcallfailed": _failed,
    "connectfailed": _failed,
}
_OF_STEPS: Mapping[str, Reader] = {
    "playcompleted": _played,
    "playfailed": _not_played,
    "recognizecompleted": _recognised,
    "recognizefailed": _not_recognised,
    "addparticipantsucceeded": _joined,
    "addparticipantfailed": _not_joined,
}
