"""The state machine of a call, written once for all providers: pure, and a table.

    ringing ─▶ greeting ─▶ menu ⟲ ─▶ consent ─▶ queued ⟲ ─▶ connecting ─▶ talking ─▶ ended
                  │          │                    │  ▲──busy──┘  │                     ▲
                  └──────────┴────────────────────┴──────────────┘ nobody              │
                             ▼                                                         │
                  voicemail, callback, farewell ───────────────────────────────────────┘

What is not in the table changes nothing: a provider's events may come late, twice, or in any order. Every
wait has an end, so that no call goes on for ever: menus have tries, the line has `longest`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from functions.configuration.callflows import QUEUE, CallFlow
from functions.voice.commands import Answer, Say
from functions.voice.endings import (
    hang_up,
    hung_up,
    leave,
    message_taken,
    no_message,
    recorded,
    take_message,
    unrecorded,
)
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
    Spoke,
    Unrecorded,
)
from functions.voice.menus import answered, go, in_line, unanswered
from functions.voice.model import Call, CallState, Way
from functions.voice.step import Moment, Standing, Step, note
from functions.voice.transcript import heard
from functions.voice.waiting import connected, consented, enter, not_connected, wait

Rule = Callable[[Moment], Step]
__all__ = ["TABLE", "Standing", "Step", "advance"]


def advance(call: Call, event: CallEvent, plan: CallFlow, now: datetime, standing: Standing) -> Step:
    """Give the call after an event, what it is told to do, and what its conversation is told.

    `standing` is as of now; a call that is not in the line needs only its `open`.
    """
    rule = TABLE.get((call.state, type(event)))
    return rule(Moment(call, event, plan, now, standing)) if rule else Step(call)


def _rang(moment: Moment) -> Step:
    if moment.call.way is Way.OUTBOUND:
        return moment.step(notes=[note("the customer's phone rings")])
    return moment.step(Answer(), notes=[note("an incoming call")])


def _begun(moment: Moment) -> Step:
    plan, outbound = moment.plan, moment.call.way is Way.OUTBOUND
    text = moment.words(plan.outbound if outbound else plan.greeting)
    told = note("the customer answers" if outbound else "the call is taken")
    moment = moment.having(state=CallState.GREETING)
    step = moment.step(Say(text=text, language=moment.call.language)) if text else _greeted(moment)
    return step.after(told)


def _greeted(moment: Moment) -> Step:
    plan = moment.plan
    if moment.call.way is Way.OUTBOUND:
        return enter(moment)
    if not moment.standing.open:
        return leave(moment, plan.closed, moment.words(plan.closed_words)).after(note("outside the hours"))
    return go(moment, plan.menus[0].id if plan.menus else QUEUE)


_LIVE = tuple(state for state in CallState if state is not CallState.ENDED)
_ANYWHERE: Mapping[tuple[CallState, type[CallEvent]], Rule] = {
    **{(state, Heard): heard for state in CallState},
    **{(state, Recorded): recorded for state in CallState},
    **{(state, Unrecorded): unrecorded for state in CallState},
    **{(state, HungUp): hung_up for state in _LIVE},
    **{(state, Failed): hung_up for state in _LIVE},
}
TABLE: Mapping[tuple[CallState, type[CallEvent]], Rule] = MappingProxyType(
    {
        **_ANYWHERE,
        (CallState.RINGING, Rang): _rang,
        (CallState.RINGING, Answered): _begun,
        (CallState.GREETING, Played): _greeted,
        (CallState.MENU, Keyed): answered,
        (CallState.MENU, Spoke): answered,
        (CallState.MENU, Silent): unanswered,
        (CallState.CONSENT, Played): consented,
        (CallState.QUEUED, Played): wait,
        (CallState.QUEUED, Silent): wait,
        (CallState.QUEUED, Keyed): in_line,
        (CallState.CONNECTING, Connected): connected,
        (CallState.CONNECTING, NotConnected): not_connected,
        (CallState.INVITED, Played): take_message,
        (CallState.VOICEMAIL, Played): message_taken,
        (CallState.VOICEMAIL, Silent): no_message,
        (CallState.CALLBACK, Played): hang_up,
        (CallState.FAREWELL, Played): hang_up,
    }
)
