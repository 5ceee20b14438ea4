"""Call Automation's REST surface, as its unmodified SDK calls it, and the telephones behind it.

/calling/…                      api-version 2026-03-12 of https://learn.microsoft.com/rest/api/communication/callautomation
/calling/keys                   the keys that the news' tokens are signed with
/acs/recordings/ID/…            the files
POST /acs/calls                 {"number", "customer", "part"}: somebody calls an account, and plays a part
PUT  /acs/phones/NUMBER         the part of somebody whom we call
GET  /acs/calls/ID              what became of it: see `Call`
"""

import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import JsonValue

from functions.message import Model
from local.simulators import entra
from local.simulators.acs import ACCESS_KEY
from local.simulators.acs_call import KID, Call, Part
from local.simulators.state import Registered, State

VERSION = "2026-03-12"
SOUND = b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x64" * 300  # begins as an MP3 does
LONGEST = {"dtmf": 300, "choices": 20, "speech": 20}  # seconds that somebody is listened to
LONGEST_TEXT = 400  # characters
REPEATABLE = "Repeatability-Request-ID"
Action = Callable[["AcsCalls", Call, dict[str, Any]], Awaitable[web.Response]]


class Ring(Model):
    """Somebody calls a number of ours."""

    number: str
    customer: str
    part: Part = Part()


class AcsCalls:
    """All calls of the resource."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._calls: list[Call] = []
        self._parts: dict[str, Part] = {}
        self._answers: dict[str, tuple[int, JsonValue]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._http: aiohttp.ClientSession | None = None

    def routes(self) -> list[web.RouteDef]:
        """Give what the server adds to its own."""
        one = "/calling/callConnections/{id}"
        return [
            web.get("/calling/keys", _keys),
            web.post("/calling/callConnections:answer", self._guarded(self._answer)),
            web.post("/calling/callConnections:reject", self._guarded(self._reject)),
            web.post("/calling/callConnections", self._guarded(self._create)),
            web.get(f"{one}/participants", self._guarded(self._people)),
            web.post(f"{one}/participants:add", self._guarded(self._add)),
            web.post(f"{one}:{{action:play|recognize|startTranscription}}", self._guarded(self._media)),
            web.post(f"{one}:cancelAllMediaOperations", self._guarded(self._cancel)),
            web.post(f"{one}:terminate", self._guarded(self._terminate)),
            web.post("/calling/recordings", self._guarded(self._record)),
            web.delete("/calling/recordings/{id}", self._guarded(self._stop_recording)),
            web.get("/acs/recordings/{id}/content/audio", self._guarded(_sound, versioned=False)),
            web.post("/acs/calls", self._ring),
            web.put("/acs/phones/{number}", self._phone),
            web.get("/acs/calls/{id}", self._show),
        ]

    async def stop(self, app: web.Application) -> None:
        """Forget the calls."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http:
            await self._http.close()

    def _guarded(
        self,
        handler: Callable[[web.Request, dict[str, Any]], Awaitable[tuple[int, JsonValue] | web.Response]],
        versioned: bool = True,
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Check the signature and the version; what is repeated under its name is answered as before."""

        async def guarded(request: web.Request) -> web.Response:
            body = await request.read()
            if not _signed(request, body) or (versioned and request.query.get("api-version") != VERSION):
                return _said(401, _error("Denied"))
            name = request.headers.get(REPEATABLE, "")
            if name in self._answers:
                return _said(*self._answers[name])
            answer = await handler(request, json.loads(body) if body else {})
            if isinstance(answer, web.Response):
                return answer
            if name and answer[0] < 300:
                self._answers[name] = answer
            return _said(*answer)

        return guarded

    async def _answer(self, request: web.Request, content: dict[str, Any]) -> tuple[int, JsonValue]:
        name = content["incomingCallContext"].removeprefix("context-")
        call = next((one for one in self._calls if one.id == name), None)
        if call is None or call.state == "over":
            return 404, _error("8522")
        if call.state != "ringing":
            return 400, _error("8501")
        self._noted(call, request, "answer", content)
        _follow(call, content)
        if call.part.early:
            await call.connected()
        else:
            self._later(call.connected())
        return 200, _properties(call)

    async def _reject(self, request: web.Request, content: dict[str, Any]) -> tuple[int, JsonValue]:
        name = content["incomingCallContext"].removeprefix("context-")
        call = next((one for one in self._calls if one.id == name), None)
        if call is None:
            return 404, _error("8522")
        call.state = "over"
        self._noted(call, request, "reject", content)
        return 204, None

    async def _create(self, request: web.Request, content: dict[str, Any]) -> tuple[int, JsonValue]:
        number = content["targets"][0]["phoneNumber"]["value"]
        ours = content["sourceCallerIdNumber"]["value"]
        call = Call(self._client(), self._account(ours), number, self._parts.get(number, Part()))
        self._calls.append(call)
        self._noted(call, request, "create", content)
        _follow(call, content)
        if call.part.takes:
            self._later(call.connected())
        else:
            failed = {"resultInformation": {"code": 486, "subCode": 10486, "message": "local"}}
            self._later(call.tell(("CreateCallFailed", failed)))
        return 201, _properties(call)

    async def _people(self, request: web.Request, content: dict[str, Any]) -> tuple[int, JsonValue]:
        call = self._there(request)
        if call is None:
            return 404, _error("8522")
        return 200, {"value": [{"identifier": one, "isMuted": False} for one in call.people]}

    async def _add(self, request: web.Request, content: dict[str, Any]) -> tuple[int, JsonValue]:
        call = self._there(request)
        if call is None:
            return 404, _error("8522")
        self._noted(call, request, "add", content)
        await self._begin(call, call.add(content))
        about: dict[str, JsonValue] = {
            "participant": {"identifier": content["participantToAdd"]},
            "invitationId": str(uuid.uuid4()),
        }
        return 202, {**about, "operationContext": content.get("operationContext")}

    async def _media(self, request: web.Request, content: dict[str, Any]) -> tuple[int, JsonValue]:
        call, action = self._there(request), request.match_info["action"]
        if call is None:
            return 404, _error("8522")
        if _too_patient(content) or _too_long(content):
            return 400, _error("8500")
        self._noted(call, request, action, content)
        if content.get("playOptions", {}).get("loop"):
            call.quiet.clear()
        work = {
            "play": call.play,
            "recognize": call.recognize,
            "startTranscription": call.start_transcription,
        }[action]
        await self._begin(call, work(content))
        return 202, None

    async def _cancel(self, request: web.Request, content: dict[str, Any]) -> tuple[int, JsonValue]:
        call = self._there(request)
        if call is None:
            return 404, _error("8522")
        self._noted(call, request, "cancel", content)
        call.quiet.set()
        return 202, None

    async def _terminate(self, request: web.Request, content: dict[str, Any]) -> tuple[int, JsonValue]:
        call = self._there(request)
        if call is None:
            return 404, _error("8522")
        self._noted(call, request, "terminate", content)
        self._later(call.over())
        return 204, None

    async def _record(self, request: web.Request, content: dict[str, Any]) -> tuple[int, JsonValue]:
        call = next((one for one in self._calls if one.connection == content["callConnectionId"]), None)
        if call is None or call.state != "connected":
            return 404, _error("8522")
        if call.recordings:
            return 409, _error("8553")
        self._noted(call, request, "record", content)
        name = uuid.uuid4().hex
        call.recordings[name] = datetime.now(UTC)
        return 200, {"recordingId": name, "recordingState": "active"}

    async def _stop_recording(self, request: web.Request, content: dict[str, Any]) -> tuple[int, JsonValue]:
        name = request.match_info["id"]
        call = next((one for one in self._calls if name in one.recordings), None)
        if call is None:
            return 404, _error("8522")
        self._noted(call, request, "stopRecording", content)
        self._later(call.stop_recording(name))
        return 204, None

    async def _ring(self, request: web.Request) -> web.Response:
        ring = Ring.model_validate_json(await request.read())
        call = Call(self._client(), self._account(ring.number), ring.customer, ring.part)
        self._calls.append(call)
        status = await call.ring()
        if ring.part.twice:
            status = await call.ring()
        return web.json_response({"id": call.id, "status": status})

    async def _phone(self, request: web.Request) -> web.Response:
        self._parts[request.match_info["number"]] = Part.model_validate_json(await request.read())
        return web.Response(status=204)

    async def _show(self, request: web.Request) -> web.Response:
        names = (request.match_info["id"],)
        call = next((one for one in self._calls if {one.id, one.connection, one.customer} & {*names}), None)
        if call is None:
            raise web.HTTPNotFound
        shown = ("id", "connection", "state", "callback", "asked", "said", "statuses", "people")
        return web.json_response({name: getattr(call, name) for name in shown})

    async def _begin(self, call: Call, work: Coroutine[Any, Any, None]) -> None:
        """Let it happen; with `early`, so far ahead that its first news outrun the answer."""
        task = self._later(work)
        if call.part.early:
            await asyncio.wait([task], timeout=0.2)

    def _there(self, request: web.Request) -> Call | None:
        name = request.match_info["id"]
        return next((one for one in self._calls if one.connection == name and one.state != "over"), None)

    def _noted(self, call: Call, request: web.Request, action: str, content: dict[str, Any]) -> None:
        named = request.headers.get(REPEATABLE, "")
        origin = str(request.url.origin())
        call.asked.append({"action": action, "content": content, "name": named, "origin": origin})

    def _account(self, number: str) -> Registered:
        return self._state.account("acs", number)

    def _client(self) -> aiohttp.ClientSession:
        self._http = self._http or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        return self._http

    def _later(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _keys(_: web.Request) -> web.Response:
    return web.json_response({"keys": [entra.jwk(KID)]})


async def _sound(request: web.Request, content: dict[str, Any]) -> web.Response:
    if not request.headers.get("x-ms-host"):
        raise web.HTTPUnauthorized
    return web.Response(body=SOUND, content_type="audio/mpeg")


def _signed(request: web.Request, body: bytes) -> bool:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    date = request.headers.get("x-ms-date", "")
    signed = f"{request.method}\n{request.raw_path}\n{date};{request.host};{digest}"
    mac = base64.b64encode(hmac.digest(base64.b64decode(ACCESS_KEY), signed.encode(), "sha256")).decode()
    wanted = f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={mac}"
    return request.headers.get("Authorization") == wanted


def _follow(call: Call, content: dict[str, Any]) -> None:
    """Note where its news and its transcript go."""
    call.callback = content["callbackUri"]
    call.transport = (content.get("transcriptionOptions") or {}).get("transportUrl", "")


def _properties(call: Call) -> JsonValue:
    return {
        "callConnectionId": call.connection,
        "serverCallId": call.server,
        "callConnectionState": "connecting",
        "callbackUri": call.callback,
        "correlationId": call.id,
    }


def _too_patient(content: dict[str, Any]) -> bool:
    """Tell whether somebody shall be listened to for longer than the service does."""
    seconds = content.get("recognizeOptions", {}).get("initialSilenceTimeoutInSeconds", 0)
    return bool(seconds > LONGEST[content.get("recognizeInputType", "dtmf")])


def _too_long(content: dict[str, Any]) -> bool:
    """Tell whether more shall be said at once than the service says."""
    sources = [*content.get("playSources", []), *(content.get("playPrompts") or [])]
    return any(len(one["text"]["text"]) > LONGEST_TEXT for one in sources if one["kind"] == "text")


def _error(code: str) -> JsonValue:
    return {"error": {"code": code, "message": "local"}}


def _said(status: int, content: JsonValue) -> web.Response:
    return web.Response(status=status) if content is None else web.json_response(content, status=status)
