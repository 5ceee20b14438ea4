"""The server of calls at Azure Communication Services.

    ""                  Event Grid: a call comes in, a recording is ready
    calls/ID/SECRET     the news of a call: only with the service's token, and the call's own secret
    sounds/NAME         a sound to be played, for whoever asks

ACS does what our requests say; the answer to its news says nothing. So of each event
the call's row is committed first, with the step's commands, and then `Driver` makes them requests: their own
news may come before their answers, and find the step that they end. Event Grid brings a ring again that was
not answered 2xx; whatever else is cut off between row and requests is mended by a timer.
"""

import logging
import re
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

from functions.channels.contract import Account, Request, Response
from functions.channels.voice.acs import INCOMING, RECORDED, AcsVoice, AcsVoiceSettings
from functions.channels.voice.calls import BODY_LIMIT
from functions.errors import (
    Gone,
    MonikanavaError,
    NotAuthentic,
    NotDeliverable,
    NotFound,
    TooLarge,
)
from functions.message import digest
from functions.providers import eventgrid
from functions.providers.acs import spelled
from functions.providers.bearer import LEEWAY, bearer, claims, key_name
from functions.providers.eventgrid.events import Event, events
from functions.providers.payload import text
from functions.providers.signatures import same
from functions.serving import Rooms
from functions.voice.acs import news as heard
from functions.voice.acs.driving import Driver
from functions.voice.acs.sounds import sound
from functions.voice.acs.watch import Watch
from functions.voice.calls import Calls, Occurrence
from functions.voice.events import CallEvent, Rang
from functions.voice.model import Call, CallState

ISSUER = "https://acscallautomation.communication.azure.com"
LIFETIME = timedelta(minutes=5)  # of a token; those of sockets live longer, and prove nothing here
PATH = re.compile(r"calls/([0-9a-f]{32})/([A-Za-z0-9_-]{20,64})")
log = logging.getLogger("monikanava.voice")


class AcsCalls:
    """Answers every call below an account, and makes calls."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._calls = Calls(rooms.table, rooms.threads, rooms.outbox, rooms.live, rooms.clock)
        self._watch = Watch(rooms.table, rooms.clock)
        self._driver = Driver(rooms, self._calls, self._watch)
        self._adapter = AcsVoice()

    async def answer(self, request: Request, account: Account[Any]) -> Response:
        """Answer one webhook; raises NotAuthentic, and Unavailable: it shall come again."""
        if request.method == "GET" and (found := sound(request.rest)):
            return found
        try:
            if not request.rest:
                return await self._grid(request, account)
            call = await self._admit(request, account)
        except MonikanavaError as error:
            await self._rooms.handshakes.failed(account.id, error.code, error.reason)
            raise
        for told in heard.news(request.body):
            await self._told(account, call, told)
        return Response(200)

    async def watch(self, account: Account[Any], call: Call) -> None:
        """Look after a call, also if it was never dialled."""
        await self._watch.begin(account.id, call.id, call.customer)

    async def dial(self, account: Account[Any], call: Call) -> str:
        """Call the customer; gives the id of the connection."""
        return await self._driver.dial(account, call)

    async def hang_up(self, account: Account[Any], call: Call) -> None:
        """End a call for everybody; one that is over is well."""
        await self._driver.hang_up(account, call)

    async def mend(self) -> None:
        """Look after the calls that stand still."""
        await self._driver.mend_all()

    async def hear(self, account: Account[Any], name: str, frame: str, body: bytes) -> None:
        """Take a line of a call's transcript; `frame` is the same whenever it comes again."""
        call = await self._calls.get(name)
        watched = await self._watch.of(name)
        if line := heard.line(body, watched.caller if watched else call.customer):
            await self._calls.take(name, Occurrence(digest("frame", frame), (line,)), account)

    async def _grid(self, request: Request, account: Account[AcsVoiceSettings]) -> Response:
        if len(request.body) > eventgrid.BODY_LIMIT:
            raise TooLarge(f"the body is over {eventgrid.BODY_LIMIT:,} bytes")
        if key := self._adapter.key_id(request, account):
            request = replace(request, key=await self._rooms.keys.key(key.url, key.kid))
        if answer := self._adapter.handshake(request, account):
            await self._rooms.handshakes.succeeded(account.id)
            return answer
        self._adapter.authenticate(request, account)
        for event in events(request.body):
            if event.type == INCOMING.lower():
                await self._rings(event, account)
            elif event.type == RECORDED.lower():
                await self._recorded(event, account)
        await self._rooms.handshakes.authentic(account.id)
        return Response(200)

    async def _admit(self, request: Request, account: Account[AcsVoiceSettings]) -> str:
        """Check that the news is the service's, and of a call of this account; give the call's id."""
        path = PATH.fullmatch(request.rest)
        if path is None or request.method != "POST":
            raise NotFound("there is nothing here")
        if len(request.body) > BODY_LIMIT:
            raise TooLarge(f"the body is over {BODY_LIMIT:,} bytes")
        settings = account.settings
        key = await self._rooms.keys.key(settings.keys_url, key_name(bearer(request.headers)))
        found = claims(replace(request, key=key), settings.resource_id, [ISSUER])
        if found["exp"] > (request.received_at + LIFETIME + LEEWAY).timestamp():
            raise NotAuthentic("the token lives longer than those of a call's news")
        call = await self._calls.get(path[1])
        if call.account != account.id or not same(path[2], call.secret):
            raise NotAuthentic("the address is not this call's")
        return call.id

    async def _rings(self, event: Event, account: Account[AcsVoiceSettings]) -> None:
        """Take a call to our own number: a subscription without its filter brings others'."""
        if spelled(text(event.data, "from", "rawid")) == account.settings.number:
            await self._refuse(event, account)
            return
        call = await self._incoming(event, account)
        if call is None:
            log.info("not ours: account=%s event=%s", account.id, event.id)
            return
        raw = text(event.data, "from", "rawid")
        watched = await self._watch.begin(
            account.id, call.id, spelled(raw), text(event.data, "incomingcallcontext")
        )
        call, new = await self._calls.begin(call)
        taken = await self._calls.take(call.id, Occurrence("incoming", (Rang(),), at=event.at), account)
        if taken.fresh:
            await self._driver.run(account, taken)
        elif not new and watched.due <= self._rooms.clock():
            await self._driver.mend(account, watched)

    async def _refuse(self, event: Event, account: Account[AcsVoiceSettings]) -> None:
        """Let a call of our own number to itself be busy: taken, it would ring again and again."""
        if text(event.data, "to", "phonenumber", "value") == account.settings.number:
            with suppress(Gone, NotDeliverable):
                incoming = text(event.data, "incomingcallcontext")
                await self._driver.control(account).refuse(incoming, f"{event.id}/refuse")

    async def _incoming(self, event: Event, account: Account[AcsVoiceSettings]) -> Call | None:
        data, ours = event.data, account.settings.number
        caller, correlation = spelled(text(data, "from", "rawid")), text(data, "correlationid")
        called = text(data, "to", "phonenumber", "value") or spelled(text(data, "to", "rawid"))
        if called != ours or not caller or not correlation:
            return None
        plan = await self._calls.plan(account)
        name = digest("acs-call", account.id, correlation)
        return Call(
            id=name,
            provider=account.provider,
            account=account.id,
            customer=f"hidden-{name}" if caller.startswith("4:") else caller,
            ours=ours,
            name=text(data, "callerdisplayname"),
            language=plan.languages[0],
            secret=token_urlsafe(24),
            started_at=self._rooms.clock(),
        )

    async def _recorded(self, event: Event, account: Account[AcsVoiceSettings]) -> None:
        for name in heard.recording_names(event):
            if named := await self._watch.named(account.id, name):
                files = heard.recordings(event, named[1])
                await self._calls.take(named[0], Occurrence(f"recording:{event.id}", files), account)
                return
        log.info("a recording of no call of ours: account=%s event=%s", account.id, event.id)

    async def _told(self, account: Account[Any], name: str, told: heard.News) -> None:
        call = await self._calls.get(name)
        if not call.provider_call:  # it comes before the answer to our request
            call = await self._calls.change(name, provider_call=told.connection)
        if told.connection != call.provider_call:
            return
        if told.kind == heard.CONNECTED and call.state is CallState.ENDED:  # we gave up before we were told
            await self._driver.hang_up(account, call)
            return
        meant = (
            await self._left(account, call, told) if told.kind == heard.PEOPLE else heard.meant(told, call)
        )
        phase = heard.next_phase(told)
        if not meant and not phase:
            return
        taken = await self._calls.take(name, Occurrence(told.id, meant, told.step, at=told.at), account)
        if not taken.fresh:
            await self._driver.hush(account, taken.call, told)
            return
        if phase:
            await self._driver.go_on(account, taken, phase)
        else:
            await self._driver.run(account, taken, told)

    async def _left(self, account: Account[Any], call: Call, told: heard.News) -> tuple[CallEvent, ...]:
        """Tell who left a talk. The list may be older than the one before it: ACS is asked for its newest."""
        if call.state is not CallState.TALKING:
            return ()
        wanted = await self._driver.talkers(call)
        if not heard.missing(told, wanted):
            return ()
        try:
            gone = wanted - await self._driver.control(account).people(call.provider_call)
        except Gone:
            gone = wanted
        return (heard.left(gone, call),) if gone else ()
