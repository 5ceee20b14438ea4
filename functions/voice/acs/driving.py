"""Calls at ACS, driven: the requests that their steps are made of, and what mends a call that stands still.

    news ─▶ the row, with the step's commands ─▶ watched: begun ─▶ requests ─▶ watched: made, until when

When we are cut off after the row, the requests are made again by `mend`, every minute. Those that ACS can
tell from their repetition have the same name again; a sound may be heard twice. Of a call of which nothing
was heard for longer than its step can last, ACS is asked whether it is there.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

from functions.channels.contract import Account
from functions.channels.voice.acs import AcsVoiceSettings
from functions.errors import Gone, MonikanavaError, NotFound, Unavailable
from functions.ports import CallControl, CallResource, Hearing
from functions.serving import Rooms
from functions.voice.acs.news import DISCONNECTED, RUNG, News, Phase, left
from functions.voice.acs.requests import Requests
from functions.voice.acs.watch import Watch, Watched
from functions.voice.calls import Calls, Occurrence, Taken
from functions.voice.commands import Answer, Command, StartTranscription
from functions.voice.events import Answered, CallEvent, Failed, HungUp, Unrecorded, What
from functions.voice.model import Call, CallState, Way

TRANSCRIPT = 300  # minutes in which a call's transcript may begin
RING = timedelta(minutes=2)
TALK = timedelta(minutes=10)  # between two looks whether a talk is still going on
RECORDING = timedelta(hours=2)  # in which a message's recording is told: Event Grid repeats for longer
UNHEARD = Occurrence("unrecorded", (Unrecorded(),))
REFUSALS = 8  # of one event: each leads the call nearer to its end
log = logging.getLogger("monikanava.voice")


class Driver:
    """Makes what the flow commands happen. Every method raises Unavailable."""

    def __init__(self, rooms: Rooms, calls: Calls, watch: Watch) -> None:
        self._rooms = rooms
        self._calls = calls
        self._watch = watch

    async def dial(self, account: Account[Any], call: Call) -> str:
        """Call the customer; gives the id of the connection."""
        if not call.secret:
            call = await self._calls.change(call.id, secret=token_urlsafe(24))
        watched = await self._watch.begin(account.id, call.id, call.customer)
        hearing = await self._hearing(account, call, (Answer(),))
        made = await self.control(account).dial(call.customer, call.ours, hearing, f"{call.id}/dial")
        await self._watch.done(watched, RING)
        return made

    async def hang_up(self, account: Account[Any], call: Call) -> None:
        """End a call for everybody; one that is over is well."""
        if call.provider_call:
            await self.control(account).hang_up(call.provider_call, f"{call.id}/hang-up")

    async def run(self, account: Account[Any], taken: Taken, told: News | None = None) -> None:
        """Make a step's requests, and those of what comes of their refusal."""
        watched = await self._watch.of(taken.call.id)
        if watched and told:
            await _cleared(self._requests(account, taken.call, watched, _bare(account)), told)
        for _ in range(REFUSALS):
            if not (watched and taken.commands):
                break
            hearing = await self._hearing(account, taken.call, taken.commands)
            refused = await self._requests(account, taken.call, watched, hearing).make(taken.commands)
            if refused is None:
                break
            taken = await self._happened(account, taken.call, refused)
        if taken.call.state is CallState.ENDED:
            await self._finish(account, taken.call, bool(told and told.kind == DISCONNECTED))

    async def hush(self, account: Account[Any], call: Call, told: News) -> None:
        """End the ringing of a talk that has begun, should we have been cut off before."""
        watched = await self._watch.of(call.id)
        if watched and told.kind in RUNG and call.state is CallState.TALKING:
            await self._requests(account, call, watched, _bare(account)).hush()

    async def go_on(self, account: Account[Any], taken: Taken, phase: Phase) -> None:
        """Make the next request of a step."""
        watched = await self._watch.of(taken.call.id)
        if not watched or not taken.call.pending:
            return
        requests = self._requests(account, taken.call, watched, _bare(account))
        if refused := await requests.go_on(taken.call.pending[-1], phase):
            await self.run(account, await self._happened(account, taken.call, refused))

    async def mend_all(self) -> None:
        """Look after the calls that stand still; one that cannot be helped now is left for the next time."""
        for watched in await self._watch.overdue():
            try:
                account = await (await self._rooms.live()).account("voice", watched.account)
                await self.mend(account, watched)
            except NotFound:
                await self._watch.forget(watched.call)
            except MonikanavaError as error:
                log.warning("not mended: call=%s code=%s", watched.call, error.code)

    async def mend(self, account: Account[Any], watched: Watched) -> None:
        """Tell and request what was not, or ask after a call; raises NotFound when there is none."""
        call = await self._calls.retell(watched.call)
        if call.state is CallState.ENDED:
            await self._finish(account, call, over=False)
            return
        made = watched.done and watched.step == call.step
        if made and (missed := await self._missed(account, call)):
            await self.run(account, await self._happened(account, call, missed))
        elif made and call.state in (CallState.TALKING, CallState.RINGING):
            if call.state is CallState.TALKING:
                await self._requests(account, call, watched, _bare(account)).hush()
            await self._watch.done(watched, TALK)
        else:
            log.warning("mended: call=%s step=%d", call.id, call.step)
            await self.run(account, Taken(call, call.pending, fresh=False))

    async def talkers(self, call: Call) -> frozenset[str]:
        """Give who must be in a talk, as the provider spells them."""
        watched = await self._watch.of(call.id)
        return frozenset({watched.caller if watched else call.customer, call.target})

    def control(self, account: Account[AcsVoiceSettings]) -> CallControl:
        """Give the control of the account's calls."""
        if self._rooms.calling is None:
            raise Unavailable("calls are not controlled here")
        endpoint, key = account.settings.resource
        return self._rooms.calling(CallResource(endpoint, key, account.settings.identity))

    async def _missed(self, account: Account[Any], call: Call) -> CallEvent | None:
        """Find out what was not told of a call: that it or a talk is over, or that it was never connected."""
        if not call.provider_call:
            return Failed("it was not connected")
        try:
            people = await self.control(account).people(call.provider_call)
        except Gone:
            return HungUp("its end was not told")
        if call.state is CallState.TALKING and (gone := await self.talkers(call) - people):
            return left(gone, call)
        taken = call.state is CallState.RINGING and call.way is Way.INBOUND
        return Answered() if taken else None

    async def _happened(self, account: Account[Any], call: Call, event: CallEvent) -> Taken:
        name = f"found:{call.step}:{type(event).__name__}"
        return await self._calls.take(call.id, Occurrence(name, (event,), call.step), account)

    async def _finish(self, account: Account[Any], call: Call, over: bool) -> None:
        if not over:
            await self.hang_up(account, call)
        if call.awaited:
            watched = await self._watch.of(call.id)
            if watched and (rest := await self._awaiting(call)) > timedelta():
                await self._watch.done(watched, rest)
                return
            await self._calls.take(call.id, UNHEARD, account)
        await self._watch.forget(call.id)

    async def _awaiting(self, call: Call) -> timedelta:
        """Give how long the recording of a message may still be told: not at all when none was begun."""
        if await self._watch.recording_of(call.account, call.id) is not What.VOICEMAIL:
            return timedelta()
        now = self._rooms.clock()
        return (call.ended_at or now) + RECORDING - now

    def _requests(self, account: Account[Any], call: Call, watched: Watched, hearing: Hearing) -> Requests:
        async def connected(connection: str) -> None:
            await self._calls.change(call.id, provider_call=connection)

        control = self.control(account)
        return Requests(control, self._watch, watched, hearing, call, connected, account.callback)

    async def _hearing(self, account: Account[Any], call: Call, commands: Sequence[Command]) -> Hearing:
        plan, push, transcript = await self._calls.plan(account), self._rooms.push, ""
        needed = any(isinstance(command, Answer | StartTranscription) for command in commands)
        if plan.transcribe and push and needed:
            transcript = await push.uplink(f"call.{account.id}.{call.id}", TRANSCRIPT)
        callback = f"{account.callback}/calls/{call.id}/{call.secret}"
        return Hearing(callback, account.settings.speech_endpoint, call.language, transcript)


async def _cleared(requests: Requests, told: News) -> None:
    """End what went on beside a step that is over."""
    if told.phase is Phase.MESSAGE:
        await requests.stop_recording()
    if told.kind in RUNG:
        await requests.hush()


def _bare(account: Account[AcsVoiceSettings]) -> Hearing:
    """What requests need that begin no call."""
    return Hearing("", account.settings.speech_endpoint, "")
