"""A phone call through Twilio, from the first ring to the last status: it does what our TwiML says.

https://www.twilio.com/docs/voice/twiml. Every request is signed, and carries the call's parameters; time
passes `pace` times as fast as it would.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urldefrag
from xml.etree.ElementTree import Element, fromstring

import aiohttp

from local.simulators.signed import setting
from local.simulators.twilio import signed

LONGEST = 60.0  # seconds that a simulated call may last
MOST_DOCUMENTS = 400


class Gone(Exception):
    """The caller hung up."""


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody says while the two talk: `track` is inbound (the customer) or outbound (the agent)."""

    track: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """What the people on the phone do.

    `answers` are given to one question after the other: a key, a sentence, or nothing (""). `leaves` says
    where the caller hangs up: at `menu`, `message` (after leaving one), in the words that contain it, or not
    before the talk is over. In a message the customer's lines of `talk` are said. `agent` is how the agent's
    phone ends: completed, busy, no-answer or failed.
    """

    answers: Sequence[str] = ()
    agent: str = "completed"
    talk: Sequence[Line] = ()
    message: int = 0  # seconds of a voicemail
    leaves: str = ""
    last: str = "customer"  # who ends the talk
    hidden: bool = False  # the number is not shown
    told: bool = True  # that the agent answers; else the callback is lost
    lasts: float = 0.0  # seconds of talk after the last line


@dataclass(slots=True)
class Phone:
    """One call. `documents` are the TwiML that it was told, `said` what the customer heard of it."""

    http: aiohttp.ClientSession
    settings: Mapping[str, Any]
    callback: str
    customer: str
    part: Part
    sid: str = field(default_factory=lambda: "CA" + secrets.token_hex(16))
    pace: float = 20.0
    direction: str = "inbound"
    documents: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    posted: list[tuple[str, dict[str, str], int]] = field(default_factory=list)
    statuses: int = 0
    lines: int = 0
    transcript: str = ""
    status_url: str = ""
    left: deque[str] = field(default_factory=deque)
    background: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def ring(self) -> "Phone":
        """Call the number, and play the call to its end."""
        self.status_url = self.status_url or f"{self.callback}/status"
        self.left.extend(self.part.answers)
        async with asyncio.timeout(LONGEST):
            with suppress(Gone):
                await self._follow(await self.post(self.callback, CallStatus="ringing"))
            await self.over()
        return self

    async def taken(self, url: str, status_url: str) -> "Phone":
        """Be called: the customer answers, and the document is at `url`."""
        self.direction, self.status_url = "outbound-api", status_url
        self.left.extend(self.part.answers)
        async with asyncio.timeout(LONGEST):
            for status in ("initiated", "ringing", "in-progress"):
                await self.status(status)
            with suppress(Gone):
                await self._follow(await self.post(url, CallStatus="in-progress"))
            await self.over()
        return self

    async def over(self, status: str = "completed") -> None:
        """Tell that the call has ended, and what is ready only then."""
        if self.transcript:
            await self._event("transcription-stopped")
        await self.status(status, CallDuration="42")
        for url, form in self.background:
            await self.post(url, **form)
        self.background.clear()

    async def status(self, status: str, sequence: int | None = None, **more: str) -> int:
        """Post a status callback; gives our answer's status."""
        number = self.statuses if sequence is None else sequence
        self.statuses = max(self.statuses, number + 1)
        form = {"SequenceNumber": str(number), "CallbackSource": "call-progress-events", **more}
        await self.post(self.status_url, CallStatus=status, Timestamp=format_datetime(_now()), **form)
        return self.posted[-1][2]

    async def post(self, url: str, **form: str) -> str:
        """Post a form about this call, signed; gives the answer's body."""
        url = urldefrag(url).url
        ends = (self.customer, setting(self.settings, "number"))
        caller, called = ends if self.direction == "inbound" else ends[::-1]
        whole = {
            "CallSid": self.sid,
            "AccountSid": setting(self.settings, "account_sid"),
            "From": "+266696687" if self.part.hidden else caller,
            "To": called,
            "Caller": "+266696687" if self.part.hidden else caller,
            "Called": called,
            "CallStatus": "in-progress",
            "Direction": self.direction,
            "ApiVersion": "2010-04-01",
            "FromCountry": "FI",
            "FromCity": "",
            **form,
        }
        request = signed(url, setting(self.settings, "auth_token"), whole)
        async with self.http.post(request.url, data=request.body, headers=request.headers) as answer:
            body = await answer.text()
            self.posted.append((url, whole, answer.status))
            return body if answer.status == 200 else ""

    async def _follow(self, document: str) -> None:
        """Do what the documents say, until one says no more."""
        for _ in range(MOST_DOCUMENTS):
            if not document:
                return
            self.documents.append(document)
            document = await self.step(document)
        raise RecursionError("the documents lead to no end")

    async def step(self, document: str) -> str:
        """Do the verbs of a document; gives the next one, empty when there is none. Raises Gone."""
        for verb in fromstring(document):  # noqa: S314 - our own
            match verb.tag:
                case "Redirect":
                    return await self.post(verb.text or "")
                case "Hangup" | "Reject":
                    return ""
                case "Gather":
                    if (answer := await self._gathered(verb)) is not None:
                        return await self.post(verb.attrib["action"], **answer)
                case "Record":
                    if form := await self._recorded(verb):
                        return await self.post(verb.attrib["action"], **form)
                case "Dial":
                    return await self._dialled(verb)
                case "Start":
                    await self._started(verb)
                case _:
                    await self._heard(verb)
        return ""

    async def answer(self, document: str) -> None:
        """Have the agent answer, as a document says; the talk goes on."""
        for verb in fromstring(document):  # noqa: S314 - our own
            if verb.tag == "Start":
                await self._started(verb)
            elif verb.tag == "Dial":
                await self._answered(verb)

    async def _heard(self, verb: Element) -> None:
        if verb.tag == "Say":
            self.said.append(verb.text or "")
            if self.part.leaves and self.part.leaves in self.said[-1]:
                raise Gone
            return
        await asyncio.sleep(float(verb.get("length", "3")) / self.pace)

    async def _gathered(self, gather: Element) -> dict[str, str] | None:
        if self.part.leaves == "menu":
            raise Gone
        for verb in gather:
            await self._heard(verb)
        answer = self.left.popleft() if self.left else ""
        if not answer:
            return None
        if len(answer) == 1:
            return {"Digits": answer, "FinishedOnKey": ""}
        if "speech" not in gather.get("input", ""):
            return None
        return {"SpeechResult": answer, "Confidence": "0.92", "Language": gather.get("language", "")}

    async def _recorded(self, record: Element) -> dict[str, str]:
        seconds = min(self.part.message, int(record.get("maxLength", "3600")))
        if not seconds:
            return self._unheard(record)
        for line in self.part.talk:
            if line.track == "inbound":
                await self.say(line)
        form = self._recording(seconds)
        self.background.append((record.attrib["recordingStatusCallback"], form))
        if self.part.leaves == "message":
            await self.post(record.attrib["action"], CallStatus="completed", Digits="hangup", **form)
            raise Gone
        return {**form, "Digits": "#"}

    def _unheard(self, record: Element) -> dict[str, str]:
        """Nothing was said: no document is asked for, but it is told that there is no recording."""
        if "absent" in record.get("recordingStatusCallbackEvent", "").split():
            form = {**self._recording(0), "RecordingStatus": "absent"}
            self.background.append((record.attrib["recordingStatusCallback"], form))
        if self.part.leaves == "message":
            raise Gone
        return {}

    def _recording(self, seconds: int) -> dict[str, str]:
        sid, account = "RE" + secrets.token_hex(16), setting(self.settings, "account_sid")
        base = setting(self.settings, "api_base")
        return {
            "RecordingSid": sid,
            "RecordingUrl": f"{base}/2010-04-01/Accounts/{account}/Recordings/{sid}",
            "RecordingStatus": "completed",
            "RecordingDuration": str(seconds),
            "RecordingChannels": "1",
        }

    async def _started(self, start: Element) -> None:
        for noun in start.iter("Transcription"):
            self.transcript = noun.attrib["statusCallbackUrl"]
            await self._event("transcription-started", LanguageCode=noun.get("languageCode", ""))

    async def _dialled(self, dial: Element) -> str:
        action, outcome = dial.attrib["action"], self.part.agent
        if outcome != "completed":
            return await self.post(action, DialCallStatus=outcome)
        leg = await self._answered(dial) if self.part.told else "CA" + secrets.token_hex(16)
        for line in self.part.talk:
            await self.say(line)
        await asyncio.sleep(self.part.lasts)
        if ready := dial.get("recordingStatusCallback"):
            self.background.append((ready, self._recording(31)))
        ended = {"DialCallStatus": "completed", "DialCallSid": leg, "DialCallDuration": "31"}
        if self.part.last == "customer":
            await self.post(action, **ended, CallStatus="completed")
            raise Gone
        return await self.post(action, **ended)

    async def _answered(self, dial: Element) -> str:
        leg = "CA" + secrets.token_hex(16)
        form = {
            "CallSid": leg,
            "ParentCallSid": self.sid,
            "Direction": "outbound-dial",
            "SequenceNumber": "2",
        }
        await self.post(dial[0].attrib["statusCallback"], CallStatus="in-progress", **form)
        return leg

    async def say(self, line: Line, sequence: int | None = None) -> None:
        """Have a line of the talk transcribed, where it is."""
        data = f'{{"transcript": "{line.text}", "confidence": 0.96}}'
        if self.transcript:
            await self._event(
                "transcription-content",
                sequence,
                TranscriptionData=data,
                Track=f"{line.track}_track",
                Final="true",
            )

    async def _event(self, name: str, sequence: int | None = None, **more: str) -> None:
        if sequence is None:
            self.lines += 1
        form = {
            "TranscriptionEvent": name,
            "TranscriptionSid": "GT" + self.sid[2:],
            "SequenceId": str(sequence or self.lines),
            "Timestamp": _now().isoformat().replace("+00:00", "Z"),
        }
        await self.post(self.transcript, **form, **more)


def _now() -> datetime:
    return datetime.now(UTC)
