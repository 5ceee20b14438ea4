"""Commands as TwiML, by the official library: https://www.twilio.com/docs/voice/twiml.

A document does one thing that takes time. What follows it when that ends is one of our own addresses, with
the step in its query; nothing else of the query is ours to trust.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

from twilio.twiml.voice_response import (  # type: ignore[import-untyped]
    Dial,
    Gather,
    VoiceResponse,
)

from functions.voice.commands import (
    Ask,
    Command,
    Connect,
    HangUp,
    Hold,
    Option,
    Say,
    StartTranscription,
    TakeMessage,
)
from functions.voice.events import What
from functions.voice.model import Call, Way
from functions.voice.twilio.forms import number

RETRY = "#rc=2&rp=5xx,ct,rt"  # connection overrides: what we could not keep comes again
AFTER_SPEECH = "auto"  # Twilio's own judgement of when somebody has finished
AGAIN = "again"  # in a query: how often we could not answer
MOST_AGAIN = 20
PAUSE = 2  # seconds
SILENCE = 5  # seconds that end a voicemail


class Script:
    """Writes the documents of one call."""

    def __init__(self, call: Call, callback: str) -> None:
        self._call = call
        self._callback = callback

    def write(self, commands: Sequence[Command]) -> str:
        """Give the document of a step's commands."""
        response = VoiceResponse()
        for command in commands:
            self._add(response, command)
        return str(response)

    def _add(self, response: VoiceResponse, command: Command) -> None:
        match command:
            case Say():
                response.say(command.text, language=command.language)
                self._then(response, "played")
            case Ask():
                response.append(self._question(command))
                self._then(response, "silent")
            case Hold():
                self._hold(response, command)
            case TakeMessage():
                self._record(response, command)
            case StartTranscription():
                self._transcribe(response, command)
            case Connect():
                self._dial(response, command)
            case HangUp():
                response.hangup()
            case _:  # taking the call is to answer at all; recording is an attribute of Dial
                pass

    def _question(self, ask: Ask) -> Gather:
        spoken = any(option.words for option in ask.options)
        gather = self._gather(ask.options, "dtmf speech" if spoken else "dtmf", ask.language, ask.seconds)
        if ask.text:
            gather.say(ask.text, language=ask.language)
        return gather

    def _gather(self, options: Sequence[Option], by: str, language: str, seconds: int) -> Gather:
        hints = ", ".join(word for option in options for word in option.words)
        speech = {"hints": hints, "speech_timeout": AFTER_SPEECH} if "speech" in by else {}
        return Gather(
            input=by,
            num_digits=1,
            finish_on_key="",  # or # could not be a choice
            timeout=seconds,
            language=language,
            action=self._step("asked"),
            method="POST",
            **speech,
        )

    def _hold(self, response: VoiceResponse, hold: Hold) -> None:
        verbs = self._gather(hold.options, "dtmf", hold.language, 1) if hold.options else response
        if hold.text:
            verbs.say(hold.text, language=hold.language)
        if hold.music:
            verbs.play(hold.music)
        else:
            verbs.pause(length=hold.seconds)
        if hold.options:
            response.append(verbs)
        self._then(response, "played")

    def _record(self, response: VoiceResponse, take: TakeMessage) -> None:
        response.record(
            action=self._step("recorded"),
            method="POST",
            max_length=take.seconds,
            timeout=SILENCE,
            play_beep=True,
            finish_on_key="#",
            trim="trim-silence",
            recording_status_callback=self._url("recording", of=What.VOICEMAIL.value),
            recording_status_callback_method="POST",
            recording_status_callback_event="completed absent",
        )
        self._then(response, "silent")

    def _transcribe(self, response: VoiceResponse, start: StartTranscription) -> None:
        response.start().transcription(
            status_callback_url=self._url("transcription"),
            status_callback_method="POST",
            track="both_tracks",
            inbound_track_label="customer",
            outbound_track_label="agent",
            partial_results=False,
            language_code=start.language,
            enable_automatic_punctuation=True,
        )

    def _dial(self, response: VoiceResponse, connect: Connect) -> None:
        if connect.target.startswith("teams:"):  # Twilio has no way there
            self._then(response, "unreachable")
            return
        dial = Dial(action=self._step("dialled"), method="POST", timeout=connect.seconds, **self._extras())
        number = {
            "status_callback": self._step("answered", "leg"),
            "status_callback_event": "answered",
            "status_callback_method": "POST",
        }
        if connect.target.startswith("sip"):
            dial.sip(connect.target, **number)
        else:
            dial.number(connect.target, **number)
        response.append(dial)

    def _extras(self) -> dict[str, str]:
        """Whom the agent sees: the customer, as Twilio does by itself; us where we call, or they hide."""
        ours = self._call.way is Way.OUTBOUND or not self._call.customer.startswith("+")
        shown = {"caller_id": self._call.ours} if ours else {}
        if not self._call.recording:
            return shown
        return {
            **shown,
            "record": "record-from-answer-dual",
            "recording_status_callback": self._url("recording", of=What.TALK.value),
            "recording_status_callback_method": "POST",
            "recording_status_callback_event": "completed",
        }

    def _then(self, response: VoiceResponse, end: str) -> None:
        response.redirect(self._step(end), method="POST")

    def _step(self, end: str, path: str = "step") -> str:
        return self._url(path, step=str(self._call.step), end=end)

    def _url(self, path: str, **query: str) -> str:
        return address(self._callback, path, self._call.id, **query)


def address(callback: str, path: str, call: str, **query: str) -> str:
    """Give an address of ours for Twilio to call, about a call."""
    return f"{callback}/{path}?{urlencode({'call': call, **query})}{RETRY}"


def again(url: str, query: Mapping[str, str]) -> str:
    """Give the document of a moment in which we cannot say more: Twilio comes to the same address again."""
    times = number(query.get(AGAIN, "")) or 0
    response = VoiceResponse()
    if times >= MOST_AGAIN:
        response.hangup()
        return str(response)
    parts = urlsplit(url)
    rest = urlencode({**query, AGAIN: str(times + 1)})
    response.pause(length=PAUSE)
    response.redirect(urlunsplit(parts._replace(query=rest)) + RETRY, method="POST")
    return str(response)
