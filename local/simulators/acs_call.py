"""One call at Azure Communication Services, and the people in it: what they do, and what is told of it.

Time passes `pace` times as fast as it would. The news are CloudEvents in arrays, each with its own token:
https://learn.microsoft.com/azure/communication-services/how-tos/call-automation/secure-webhook-endpoint.
"""

import asyncio
import io
import json
import logging
import uuid
import wave
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import aiohttp
import jwt

from functions.message import Model
from local.simulators import entra
from local.simulators.acs import deliver, event
from local.simulators.state import Registered

ISSUER = "https://acscallautomation.communication.azure.com"
RESOURCE = "0bd9a2f4-7c1e-4f53-9a0e-5d1c2b3a4f50"  # the one that is simulated here
KID = "local-call-automation"
PLAYED = (1, 2, 16_000)  # channels, bytes of a sample, samples a second
LETTERS = 8.0  # spoken in a second
TONES = dict(zip((
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "pound", "asterisk",
), "0123456789#*", strict=True))  # fmt: skip
ENDS = {"busy": 486, "no-answer": 487, "declined": 603}
log = logging.getLogger("monikanava.simulators")


class Part(Model):
    """What the people on the phone do, and how the news of it come.

    `answers` are given to one spoken question after the other: a key, a sentence, or nothing. `leaves` says
    where the customer hangs up: at the `menu`, in the `line`, in the `message`, or in what is said or played
    that contains it; else when the talk is over, unless the agent is the `last` to speak. In a `message` the
    customer's lines of `talk` are said. `early`: news come before our requests' answers; `twice`: each one
    again; `shuffled`: those that belong together in the wrong order.
    """

    answers: tuple[str, ...] = ()
    agent: Literal["completed", "busy", "no-answer", "declined"] = "completed"
    talk: tuple[tuple[Literal["customer", "agent"], str], ...] = ()
    message: int = 10  # seconds of a voicemail
    leaves: str = ""
    last: Literal["customer", "agent"] = "customer"
    hidden: bool = False
    takes: bool = True  # our call to them
    mute: bool = False  # no prompt of a question can be played
    early: bool = False
    twice: bool = False
    shuffled: bool = False
    pace: float = 20.0


@dataclass(eq=False)
class Call:
    """A call. `asked` are our requests, `said` is what the customer heard, `statuses` are our answers."""

    http: aiohttp.ClientSession
    account: Registered
    customer: str
    part: Part
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    connection: str = field(default_factory=lambda: str(uuid.uuid4()))
    server: str = field(default_factory=lambda: "aHR0cHM6Ly9" + uuid.uuid4().hex)
    state: str = "ringing"
    callback: str = ""
    transport: str = ""
    agent: dict[str, Any] = field(default_factory=dict)
    people: list[dict[str, Any]] = field(default_factory=list)
    recordings: dict[str, datetime] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    sequence: int = 0
    left: deque[str] = field(default_factory=deque)
    quiet: asyncio.Event = field(default_factory=asyncio.Event)  # nothing is played again and again
    socket: aiohttp.ClientWebSocketResponse | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """Give the customer as a participant."""
        number = "anonymous" if self.part.hidden else self.customer
        return {"kind": "phoneNumber", "rawId": f"4:{number}", "phoneNumber": {"value": number}}

    async def ring(self) -> int:
        """Tell that it rings; gives our answer's status."""
        called = self.account.account
        data = {
            "to": {"kind": "phoneNumber", "rawId": f"4:{called}", "phoneNumber": {"value": called}},
            "from": self.identity,
            "serverCallId": self.server,
            "callerDisplayName": "",
            "incomingCallContext": f"context-{self.id}",
            "correlationId": self.id,
        }
        return await self._grid(
            event("IncomingCall", data, f"/caller/4:{self.customer}/recipient/4:{called}")
        )

    async def connected(self) -> None:
        """Tell that somebody took it."""
        self.state, self.people = "connected", [self.identity]
        self.quiet.set()
        self.left = deque(self.part.answers)
        await self.tell(("CallConnected", {}), self._participants())

    async def play(self, content: dict[str, Any]) -> None:
        """Say it."""
        context = content.get("operationContext")
        try:
            seconds = await self._hear(content.get("playSources", []))
        except (aiohttp.ClientError, wave.Error, EOFError):
            await self.tell(("PlayFailed", {"operationContext": context, **_result(400, 8535)}))
            return
        await self.tell(("PlayStarted", {"operationContext": context}))
        if content.get("playOptions", {}).get("loop"):
            await self.quiet.wait()
            await self.tell(("PlayCanceled", {"operationContext": context}))
            return
        await self.quiet.wait()
        await self._pass(seconds)
        if self.part.leaves and self.part.leaves in self.said[-1]:
            await self.over()
            return
        await self.tell(("PlayCompleted", {"operationContext": context}))

    async def recognize(self, content: dict[str, Any]) -> None:
        """Ask, and give the customer's answer."""
        options, context = content["recognizeOptions"], {"operationContext": content.get("operationContext")}
        prompts = content.get("playPrompts") or []
        if prompts and self.part.mute:
            await self.tell(("RecognizeFailed", {**context, **_result(500, 8511)}))
            return
        await self.quiet.wait()  # one medium after the other
        await self._pass(await self._hear(prompts))
        place = "message" if self.recordings and not self.agent else "menu" if prompts else "line"
        if place == "message":
            await self._speak([line for line in self.part.talk if line[0] == "customer"])
        if place == self.part.leaves:
            await self._pass(self.part.message if place == "message" else 1)
            await self.over()
        elif place == "message":
            await self._pass(self.part.message)
            await self.tell(("RecognizeCompleted", {**context, **_tones("pound")}))
        elif place == "menu" and self.left and (answer := self.left.popleft()):
            await self.tell(_answered(options, answer, context))
        else:
            await self._pass(options["initialSilenceTimeoutInSeconds"])
            await self.tell(("RecognizeFailed", {**context, **_result(400, 8510)}))

    async def add(self, content: dict[str, Any]) -> None:
        """Ring an agent, and let the two talk."""
        self.agent = content["participantToAdd"]
        about = {"operationContext": content.get("operationContext"), "participant": self.agent}
        if self.part.agent != "completed":
            rung = content["invitationTimeoutInSeconds"] if self.part.agent == "no-answer" else 2
            await self._pass(rung)
            self.agent = {}
            await self.tell(("AddParticipantFailed", {**about, **_result(ENDS[self.part.agent], 5300)}))
            return
        await self._pass(2)
        before = self._participants()
        self.people.append(self.agent)
        await self.tell(before, ("AddParticipantSucceeded", about), self._participants())
        await self._talk()

    async def start_transcription(self, content: dict[str, Any]) -> None:
        """Open the socket, and tell what will come."""
        self.socket = await self.http.ws_connect(self.transport)
        about = {"subscriptionId": str(uuid.uuid4()), "locale": content["locale"]}
        ids = {"callConnectionId": self.connection, "correlationId": self.id}
        frame = {"kind": "TranscriptionMetadata", "transcriptionMetadata": {**about, **ids}}
        await self.socket.send_json(frame)
        await self.tell(("TranscriptionStarted", {"operationContext": content.get("operationContext")}))

    async def stop_recording(self, recording: str) -> None:
        """Tell, after a while, where the file is."""
        started = self.recordings.pop(recording)
        await self._pass(2)
        base = self.asked[0]["origin"]
        chunk = {
            "documentId": f"0-eus-{recording}",
            "index": 0,
            "endReason": "SessionEnded",
            "contentLocation": f"{base}/acs/recordings/{recording}/content/audio",
            "metadataLocation": f"{base}/acs/recordings/{recording}/content/acsmetadata",
            "deleteLocation": f"{base}/acs/recordings/{recording}",
        }
        data = {
            "recordingStorageInfo": {"recordingChunks": [chunk]},
            "recordingStartTime": started.isoformat(),
            "recordingDurationMs": 12_000 if self.part.message else 400,
            "sessionEndReason": "CallEnded",
        }
        subject = f"/recording/call/{self.server}/recordingId/{recording}"
        await self._grid(event("RecordingFileStatusUpdated", data, subject))

    async def over(self) -> None:
        """End it for everybody."""
        if self.state == "over":
            return
        self.state = "over"
        if self.socket:
            await self.socket.close()
        await self.tell(("CallDisconnected", _result(200, 7000)))
        await asyncio.gather(*(self.stop_recording(one) for one in list(self.recordings)))

    async def tell(self, *news: tuple[str, dict[str, Any]]) -> None:
        """Post news to the call's address, in their order or against it."""
        for kind, data in reversed(news) if self.part.shuffled else news:
            await self.post(self.callback, self.cloud_event(kind, data), times=2 if self.part.twice else 1)

    async def post(self, url: str, told: dict[str, Any], times: int = 1, **claims: Any) -> int:
        """Post one event with a token; gives the last answer's status."""
        for _ in range(times):
            headers = {"Authorization": f"Bearer {token(**claims)}", "Content-Type": "application/json"}
            async with self.http.post(url, data=json.dumps([told]), headers=headers) as answer:
                self.statuses.append(answer.status)
        return self.statuses[-1]

    def cloud_event(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        """Give one event as it is told."""
        ids = {"callConnectionId": self.connection, "serverCallId": self.server, "correlationId": self.id}
        whole = {"version": "2026-03-12", **_result(200, 0), **data, **ids}
        return {
            "id": str(uuid.uuid4()),
            "source": f"calling/callConnections/{self.connection}",
            "type": f"Microsoft.Communication.{kind}",
            "data": {name: value for name, value in whole.items() if value is not None},
            "time": datetime.now(UTC).isoformat(),
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "subject": f"calling/callConnections/{self.connection}",
        }

    async def _talk(self) -> None:
        await self._speak(self.part.talk)
        await self._pass(20 if self.part.talk else 2)  # a transcript comes some seconds after the words
        gone = self.agent if self.part.last == "agent" else self.identity
        self.people = [one for one in self.people if one["rawId"] != gone["rawId"]]
        await self.tell(self._participants())

    async def _speak(self, lines: Sequence[tuple[str, str]]) -> None:
        for speaker, words in lines:
            await self._pass(len(words) / LETTERS)
            if self.socket:
                who = self.identity if speaker == "customer" else self.agent
                await self.socket.send_json(_frame(words, who["rawId"]))

    def _participants(self) -> tuple[str, dict[str, Any]]:
        self.sequence += 1
        people = [{"identifier": one, "isMuted": False, "isOnHold": False} for one in self.people]
        return "ParticipantsUpdated", {"participants": people, "sequenceNumber": self.sequence}

    async def _hear(self, sources: list[dict[str, Any]]) -> float:
        """Give how long it takes; files are fetched, as the service does."""
        seconds = 0.0
        for one in sources:
            if one["kind"] == "text":
                self.said.append(one["text"]["text"])
                seconds += len(self.said[-1]) / LETTERS
            else:
                self.said.append(one["file"]["uri"].rpartition("/")[2])
                seconds += await self._length(one["file"]["uri"])
        return seconds

    async def _length(self, url: str) -> float:
        """Fetch a sound, and give its seconds; raises Error for one that the service does not play."""
        async with self.http.get(url) as answer:
            answer.raise_for_status()
            with wave.open(io.BytesIO(await answer.read())) as sound:
                if sound.getparams()[:3] != PLAYED:
                    raise wave.Error(f"not 16 bits, mono, 16 kHz: {sound.getparams()}")
                frames: int = sound.getnframes()
            return frames / PLAYED[2]

    async def _pass(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.part.pace)

    async def _grid(self, told: dict[str, Any]) -> int:
        request = deliver(self.account.callback, self.account.secret, [told])
        async with self.http.post(request.url, data=request.body, headers=request.headers) as answer:
            self.statuses.append(answer.status)
            return answer.status


def token(lifetime: timedelta = timedelta(minutes=5), **claims: Any) -> str:
    """Sign a token as the service does, with other claims where they are given."""
    now = datetime.now(UTC)
    usual = {"iss": ISSUER, "aud": RESOURCE, "iat": now, "nbf": now, "exp": now + lifetime}
    return jwt.encode({**usual, **claims}, entra.KEY, "RS256", {"kid": KID})


def _answered(options: dict[str, Any], answer: str, context: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    tone = next((name for name, key in TONES.items() if key == answer), "")
    if not options.get("choices"):
        return "RecognizeCompleted", {**context, **_tones(tone)}
    for choice in options["choices"]:
        phrase = next((phrase for phrase in choice["phrases"] if phrase in answer.casefold()), "")
        if phrase or choice["tone"] == tone:
            result = {"label": choice["label"], **({"recognizedPhrase": phrase} if phrase else {})}
            return "RecognizeCompleted", {**context, "recognitionType": "choices", "choiceResult": result}
    return "RecognizeFailed", {**context, **_result(400, 8547)}


def _tones(*tones: str) -> dict[str, Any]:
    return {"recognitionType": "dtmf", "dtmfResult": {"tones": list(tones)}, **_result(200, 8531)}


def _result(code: int, subcode: int) -> dict[str, Any]:
    return {"resultInformation": {"code": code, "subCode": subcode, "message": "local"}}


def _frame(words: str, raw_id: str) -> dict[str, Any]:
    data = {
        "text": words,
        "format": "display",
        "confidence": 0.95,
        "offset": 2516998782481234400,
        "duration": 9000000,
        "words": [],
        "participantRawID": raw_id,
        "resultStatus": "Final",
    }
    return {"kind": "TranscriptionData", "transcriptionData": data}
