"""The server of calls at Twilio: its webhooks below an account's address.

    ""             a call comes in                        status         the call's statuses
    step           what ended a step; the next is asked   leg            the agent's phone was answered
    recording      a recording is ready                   transcription  a line of the transcript

The first two of a column are answered with TwiML, within DEADLINE of the 15 seconds that Twilio waits: when a
part of ours is down, with a pause and the same address again, so that the caller is not cut off.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions.channels.contract import Account, Request, Response
from functions.channels.voice.calls import BODY_LIMIT
from functions.channels.voice.twilio import TwilioVoiceSettings
from functions.errors import MonikanavaError, NotAuthentic, NotFound, TooLarge, Unavailable
from functions.providers import twilio
from functions.serving import Rooms
from functions.voice.calls import Calls, Occurrence
from functions.voice.events import Answered, HungUp, Rang
from functions.voice.model import Call, CallState
from functions.voice.twilio import forms
from functions.voice.twilio.api import CallsApi
from functions.voice.twilio.twiml import RETRY, Script, again
from functions.voice.twilio.watch import SOON, Watch

DEADLINE = 10.0  # seconds
TWIML = "text/xml"
OF_CALL = frozenset({"step", "status"})  # their CallSid is the call's own, not an agent's
UNTOLD = "its end was not told"
log = logging.getLogger("monikanava.voice")


class NotPost(MonikanavaError):
    """Another method than Twilio was told to use."""

    status, code = 405, "method"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One call of ours by Twilio, authentic."""

    request: Request
    account: Account[TwilioVoiceSettings]
    form: Mapping[str, str]
    query: Mapping[str, str]


Handler = Callable[[Webhook], Awaitable[Response]]


class TwilioCalls:
    """Answers every call below an account, and makes calls."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._calls = Calls(rooms.table, rooms.threads, rooms.outbox, rooms.live, rooms.clock)
        self._api = CallsApi(rooms.caller)
        self._watch = Watch(rooms.table, rooms.clock)
        self._spoken: dict[str, Handler] = {"": self._incoming, "step": self._step}
        self._noted: dict[str, Callable[[Webhook], Occurrence]] = {
            "status": lambda hook: forms.status(hook.form),
            "leg": lambda hook: forms.leg(hook.form, hook.query),
            "recording": lambda hook: forms.recording(hook.form, hook.query),
            "transcription": lambda hook: forms.transcription(hook.form),
        }

    async def answer(self, request: Request, account: Account[Any]) -> Response:
        """Answer one webhook; raises NotAuthentic, and Unavailable where no caller listens."""
        try:
            hook = _admit(request, account)
        except MonikanavaError as error:
            await self._rooms.handshakes.failed(account.id, error.code, error.reason)
            raise
        return await self._answered(hook)

    async def watch(self, account: Account[Any], call: Call) -> None:
        """Ask after a call in a while, also if it was never dialled."""
        await self._watch.later(account.id, call.id)

    async def dial(self, account: Account[Any], call: Call) -> str:
        """Call the customer; gives the call's SID."""
        return await self._api.create(account, call)

    async def hang_up(self, account: Account[Any], call: Call) -> None:
        """End a call, or give it up while it rings; one that is over is well."""
        await self._api.end(account, call)

    async def mend(self) -> None:
        """Ask after calls that we have not heard of for long; those that cannot be helped wait."""
        for name, call in await self._watch.overdue():
            try:
                account = await (await self._rooms.live()).account("voice", name)
                await self._mend(account, await self._calls.retell(call))
            except NotFound:
                await self._watch.done(call)
            except MonikanavaError as error:
                log.warning("not mended: call=%s code=%s", call, error.code)

    async def _mend(self, account: Account[Any], call: Call) -> None:
        if call.state is not CallState.ENDED:
            if await self._api.lives(account, call):
                await self._watch.later(account.id, call.id)
                return
            log.warning("mended: call=%s state=%s", call.id, call.state)
            call = (await self._calls.take(call.id, Occurrence("mended", (HungUp(UNTOLD),)), account)).call
        if call.awaited:
            if (found := await self._api.message(account, call)) is None:
                await self._watch.later(account.id, call.id)
                return
            await self._calls.take(call.id, found, account)
        await self._watch.done(call.id)

    async def _answered(self, hook: Webhook) -> Response:
        path = hook.request.rest
        if spoken := self._spoken.get(path):
            try:
                async with asyncio.timeout(DEADLINE):
                    answer = await spoken(hook)
                    await self._rooms.handshakes.authentic(hook.account.id)
                    return answer
            except (Unavailable, TimeoutError):
                return Response(200, again(_url(hook.request), hook.query), TWIML)
        if path not in self._noted:
            raise NotFound("there is nothing here")
        await self._take(hook, self._noted[path](hook))
        await self._rooms.handshakes.authentic(hook.account.id)
        return Response(204)

    async def _incoming(self, hook: Webhook) -> Response:
        plan = await self._calls.plan(hook.account)
        call = forms.incoming(hook.form, hook.request, hook.account, plan.languages[0])
        await self._watch.later(hook.account.id, call.id)
        await self._calls.begin(call)
        taken = await self._calls.take(call.id, Occurrence("incoming", (Rang(), Answered())), hook.account)
        return _twiml(hook, taken.call)

    async def _step(self, hook: Webhook) -> Response:
        return _twiml(hook, await self._take(hook, forms.step(hook.form, hook.query)))

    async def _take(self, hook: Webhook, occurrence: Occurrence) -> Call:
        name = forms.call_of(hook.form, hook.query)
        call = (await self._calls.take(name, occurrence, hook.account)).call
        if not call.provider_call and hook.request.rest in OF_CALL:  # it is told before our own request is
            call = await self._calls.change(call.id, provider_call=hook.form.get("CallSid", ""))
        if call.state is CallState.ENDED and call.awaited:
            await self._watch.later(hook.account.id, call.id, SOON)
        return call


def _admit(request: Request, account: Account[Any]) -> Webhook:
    if request.method != "POST":
        raise NotPost("Twilio calls this address by POST")
    if len(request.body) > BODY_LIMIT:
        raise TooLarge(f"the body is over {BODY_LIMIT:,} bytes")
    url = f"{account.callback}/{request.rest}" if request.rest else account.callback
    request = replace(request, url=url)
    try:
        twilio.authenticate(request, account.settings)
    except NotAuthentic:
        if not request.query:  # not an address that we gave
            raise
        # The overrides are not sent to us; whether they are signed, Twilio does not say.
        twilio.authenticate(replace(request, query=request.query + RETRY), account.settings)
    return Webhook(request, account, dict(twilio.read_form(request.body)), request.parameters())


def _twiml(hook: Webhook, call: Call) -> Response:
    return Response(200, Script(call, hook.account.callback).write(call.pending), TWIML)


def _url(request: Request) -> str:
    return f"{request.url}?{request.query}" if request.query else request.url
