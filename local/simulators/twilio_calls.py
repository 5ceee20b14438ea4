"""Twilio's side of calls that we ask for, and its recordings.

https://www.twilio.com/docs/voice/api/call-resource and …/voice/api/recording.

Everybody who is called answers, except where the number ends in 9999. Where it ends in 7777 the talk goes on
until somebody ends it.
"""

import asyncio
from base64 import b64decode
from typing import Any

import aiohttp
from aiohttp import web

from local.simulators.twilio_voice import LONGEST, Line, Part, Phone

NOBODY, TALKER = "9999", "7777"
TALK = (Line("outbound", "Soitan takaisin, kuten pyysitte."), Line("inbound", "Kiitos."))
# An MP3: an ID3v2.3 header of no tags, and one silent frame of MPEG-1 Layer III, 128 kbit/s, 44.1 kHz.
SOUND = b"ID3\x03\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(413)
NOT_FOUND = {"code": 20404, "message": "The requested resource was not found", "status": 404}
UNAUTHENTIC = {"code": 20003, "message": "Authenticate", "status": 401}


class TwilioCalls:
    """Makes calls, ends them, and gives out recordings."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def routes(self) -> list[web.RouteDef]:
        """Give what the server adds to its own."""
        account = "/twilio/2010-04-01/Accounts/{account}"
        return [
            web.post(f"{account}/Calls.json", self._create),
            web.post(f"{account}/Calls/{{sid}}.json", self._update),
            web.get(f"{account}/Calls/{{sid}}.json", self._fetch),
            web.get(f"{account}/Recordings/{{sid}}.mp3", _recording),
        ]

    async def stop(self, app: web.Application) -> None:
        """End all calls."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _create(self, request: web.Request) -> web.Response:
        user, token = _credentials(request)
        if user != request.match_info["account"]:
            return web.json_response(UNAUTHENTIC, status=401)
        form = await request.post()
        for name, code in (("To", 21201), ("From", 21213), ("Url", 21205)):
            if not form.get(name):
                fault = {"code": code, "message": f"No '{name}' is specified", "status": 400}
                return web.json_response(fault, status=400)
        settings = {"account_sid": user, "auth_token": token, "number": str(form["From"])}
        settings["api_base"] = f"{request.url.origin()}/twilio"
        phone = await self._start(settings, {name: str(form[name]) for name in form})
        found = {"sid": phone, "status": "queued", "direction": "outbound-api", "to": form["To"]}
        return web.json_response(found, status=201)

    async def _start(self, settings: dict[str, Any], form: dict[str, str]) -> str:
        http = aiohttp.ClientSession()
        part = Part(talk=TALK, lasts=LONGEST if form["To"].endswith(TALKER) else 0)
        phone = Phone(http, settings, "", form["To"], part)
        self._tasks[phone.sid] = asyncio.create_task(_play(phone, form))
        return phone.sid

    async def _fetch(self, request: web.Request) -> web.Response:
        task = self._tasks.get(request.match_info["sid"])
        if task is None:
            return web.json_response(NOT_FOUND, status=404)
        status = "completed" if task.done() else "in-progress"
        return web.json_response({"sid": request.match_info["sid"], "status": status})

    async def _update(self, request: web.Request) -> web.Response:
        task = self._tasks.get(request.match_info["sid"])
        if task is None:
            return web.json_response(NOT_FOUND, status=404)
        if task.done():
            over = {"code": 21220, "message": "Call is not in-progress. Cannot redirect.", "status": 400}
            return web.json_response(over, status=400)
        task.cancel()
        return web.json_response({"sid": request.match_info["sid"], "status": "completed"})


async def _play(phone: Phone, form: dict[str, str]) -> None:
    async with phone.http:
        if form["To"].endswith(NOBODY):
            phone.direction, phone.status_url = "outbound-api", form["StatusCallback"]
            for status in ("initiated", "ringing", "no-answer"):
                await phone.status(status)
            return
        try:
            await phone.taken(form["Url"], form["StatusCallback"])
        except asyncio.CancelledError:
            await asyncio.shield(phone.over())
            raise


async def _recording(request: web.Request) -> web.Response:
    if _credentials(request)[0] != request.match_info["account"]:
        return web.json_response(UNAUTHENTIC, status=401)
    return web.Response(body=SOUND, content_type="audio/mpeg")


def _credentials(request: web.Request) -> tuple[str, str]:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    user, _, password = b64decode(given).decode().partition(":") if scheme == "Basic" else ("", "", "")
    return user, password
