"""How a call ends: a message after the tone, a call-back, the last words, or the caller's own hand."""

import re

from functions.configuration.callflows import CALLBACK, VOICEMAIL, Callback
from functions.configuration.callflows import Voicemail as VoicemailPlan
from functions.voice.commands import Command, HangUp, Say, StartTranscription, TakeMessage
from functions.voice.events import Failed, HungUp, Recorded, What
from functions.voice.model import CallState, Note, NoteKind
from functions.voice.step import Moment, Step, note
from functions.voice.transcript import rest

AGENT = "the agent hung up"  # a HungUp of this reason: the customer is still on the line
OURS = "we hung up"
NO_MESSAGE = "no message was left"
_PHONE = re.compile(r"\+[1-9][0-9]{5,14}")


def leave(moment: Moment, name: str, words: str = "") -> Step:
    """Go to the voicemail, the call-back or the end, as `name` says; `words` are said first."""
    plan = moment.plan
    callable_back = bool(_PHONE.fullmatch(moment.call.customer))
    if name == CALLBACK and plan.callback and callable_back:
        return _callback(moment, plan.callback, words)
    if name in (VOICEMAIL, CALLBACK) and plan.voicemail:
        return _invited(moment, plan.voicemail, words)
    return farewell(moment, words)


def farewell(moment: Moment, words: str = "") -> Step:
    """Say the last words, if there are any, and hang up."""
    text = moment.words(words, moment.plan.goodbye)
    if not text:
        return hang_up(moment)
    return moment.step(Say(text=text, language=moment.call.language), state=CallState.FAREWELL)


def hang_up(moment: Moment) -> Step:
    """End the call."""
    return _over(moment, OURS, HangUp())


def hung_up(moment: Moment) -> Step:
    """Somebody ended it, or something did."""
    reason = moment.event.reason if isinstance(moment.event, HungUp | Failed) else ""
    return _over(moment, moment.call.ending or reason, *([HangUp()] if reason == AGENT else []))


def take_message(moment: Moment) -> Step:
    """Record, after the tone; where calls are transcribed, what is said too."""
    plan, call = moment.plan, moment.call
    if plan.voicemail is None:  # the configuration changed meanwhile
        return farewell(moment)
    transcribe = plan.transcribe and call.consented and not call.transcribing
    starts = [StartTranscription(language=call.language)] if transcribe else []
    return moment.step(
        *starts,
        TakeMessage(language=call.language, seconds=plan.voicemail.seconds),
        state=CallState.VOICEMAIL,
        transcribing=call.transcribing or transcribe,
    )


def message_taken(moment: Moment) -> Step:
    """A message was left: its recording will come, if it has not yet."""
    return farewell(moment.having(awaited=not moment.call.kept))


def no_message(moment: Moment) -> Step:
    """Nobody said anything after the tone."""
    return farewell(moment).after(note(NO_MESSAGE))


def recorded(moment: Moment) -> Step:
    """A recording can be fetched: a voicemail is work for an agent, a talk belongs to what there is."""
    event, call = moment.event, moment.call
    if not isinstance(event, Recorded):
        return moment.step()
    voicemail = event.what is What.VOICEMAIL
    if voicemail and not event.seconds:  # it was hung up with the tone
        return unrecorded(moment)
    told = Note(
        kind=NoteKind.WORK if voicemail else NoteKind.STEP,
        text=f"{'Voicemail' if voicemail else 'Recording'}, {event.seconds} s",
        context={**call.context, "voicemail": str(event.seconds)} if voicemail else {},
        recording=event.url,
        content_type=event.content_type,
        seconds=event.seconds,
    )
    changes = {"kept": True, "opened": True, "awaited": False} if voicemail else {}
    return moment.step(notes=[told], **changes)


def unrecorded(moment: Moment) -> Step:
    """Nothing was said after the tone: who has hung up since has left without a message."""
    call = moment.call
    if not call.awaited:
        return moment.step(silent=True)
    moment = moment.having(awaited=False, silent=True)
    if call.state is not CallState.ENDED:
        return moment.step()
    return moment.step(notes=[note(NO_MESSAGE), Note(kind=NoteKind.LEFT, text=call.reason)])


def _invited(moment: Moment, plan: VoicemailPlan, words: str) -> Step:
    """Ask for a message; what will be transcribed only after that was said."""
    call = moment.call
    if moment.plan.transcribe and not call.consented:
        say = Say(text=moment.words(words, moment.plan.consent), language=call.language)
        return moment.step(say, state=CallState.CONSENT, then=VOICEMAIL)
    text, told = moment.words(words, plan.prompt), note("voicemail")
    if not text:
        return take_message(moment).after(told)
    return moment.step(Say(text=text, language=call.language), state=CallState.INVITED, notes=[told])


def _callback(moment: Moment, plan: Callback, words: str) -> Step:
    """A call-back is a work item of its own: routed anew, for rules may send it elsewhere."""
    call = moment.call
    work = Note(
        kind=NoteKind.WORK,
        text="The caller asks to be called back.",
        context={**call.context, "callback": call.customer},
    )
    waited = [Note(kind=NoteKind.LEFT, text="left the line for a call-back")] if call.opened else []
    say = Say(text=moment.words(words, plan.words), language=call.language)
    return moment.step(say, state=CallState.CALLBACK, notes=[*waited, work], kept=True, opened=True)


def _over(moment: Moment, reason: str, *commands: Command) -> Step:
    call = moment.call
    awaited = call.awaited or (call.state is CallState.VOICEMAIL and not (call.kept or call.silent))
    last = Note(kind=NoteKind.STEP if call.kept or awaited else NoteKind.LEFT, text=reason)
    return moment.step(
        *commands,
        notes=[*rest(call), last],
        state=CallState.ENDED,
        ended_at=moment.now,
        reason=reason,
        held=(),
        awaited=awaited,
    )
