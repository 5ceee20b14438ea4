"""The line: consent, waiting with one's place told, and being put through to the agent queue's target."""

from functions.voice.commands import Command, Connect, Hold, Say, StartRecording, StartTranscription
from functions.voice.endings import leave
from functions.voice.events import Failed, NotConnected
from functions.voice.model import CallState, Note, NoteKind, Way
from functions.voice.step import Moment, Step, note

SETTLING = 2  # seconds of silence in which the conversation is routed
BUSY = "busy"


def enter(moment: Moment) -> Step:
    """Go into the line; where calls are recorded or transcribed, only after that was said."""
    plan = moment.plan
    if (plan.record or plan.transcribe) and not moment.call.consented:
        say = Say(text=moment.words(plan.consent), language=moment.call.language)
        return moment.step(say, state=CallState.CONSENT)
    work = Note(kind=NoteKind.WORK, text=_work(moment), context=moment.call.context)
    return moment.step(
        _settle(moment),
        state=CallState.QUEUED,
        notes=[work],
        queued_at=moment.now,
        opened=True,
    )


def consented(moment: Moment) -> Step:
    """The consent was spoken to its end."""
    then, moment = moment.call.then, moment.having(consented=True, then="")
    step = leave(moment, then) if then else enter(moment)
    return step.after(note("told that the call is recorded or transcribed"))


def wait(moment: Moment) -> Step:
    """Put the caller through when it is their turn, let them wait, or give up."""
    plan, standing, call = moment.plan, moment.standing, moment.call
    asked = call.agent_queue or call.way is Way.OUTBOUND  # once: who waits may stay
    if standing.agent_queue and not (standing.open or asked):
        return leave(moment, plan.closed, moment.words(plan.closed_words)).after(note("outside the hours"))
    if call.queued_at is None or moment.now - call.queued_at >= plan.queue.longest:
        return leave(moment, plan.no_answer).after(note("waited too long"))
    if not standing.agent_queue:
        return moment.step(_settle(moment))
    if not standing.target:
        reason = f"the agent queue {standing.agent_queue} has no target"
        return leave(moment, plan.no_answer).after(note(reason))
    if standing.position <= 1 or call.way is Way.OUTBOUND:
        return _connect(moment)
    return _hold_on(moment)


def not_connected(moment: Moment) -> Step:
    """Nobody took it: a busy target is tried again as long as the line may last."""
    event = moment.event
    reason = event.reason if isinstance(event, NotConnected | Failed) else ""
    told = note(f"not connected: {reason}")
    if reason == BUSY:
        return _hold_on(moment).after(told)
    return leave(moment, moment.plan.no_answer).after(told)


def connected(moment: Moment) -> Step:
    """An agent has it."""
    answered = Note(kind=NoteKind.ANSWERED, text=f"answered by the agent queue {moment.call.agent_queue}")
    return moment.step(notes=[answered], state=CallState.TALKING, answered=True)


def _connect(moment: Moment) -> Step:
    plan, standing, call = moment.plan, moment.standing, moment.call
    record = plan.record and call.consented and not call.recording
    transcribe = plan.transcribe and call.consented and not call.transcribing
    starts: list[Command] = [StartRecording()] if record else []
    starts += [StartTranscription(language=call.language)] if transcribe else []
    return moment.step(
        *starts,
        Connect(target=standing.target, seconds=plan.no_answer_seconds),
        state=CallState.CONNECTING,
        notes=[note(f"rings the agent queue {standing.agent_queue}")],
        agent_queue=standing.agent_queue,
        target=standing.target,
        recording=call.recording or record,
        transcribing=call.transcribing or transcribe,
    )


def _hold_on(moment: Moment) -> Step:
    line, standing = moment.plan.queue, moment.standing
    text = moment.words(line.words).replace("{position}", str(standing.position))
    hold = Hold(
        text=text,
        language=moment.call.language,
        music=line.music,
        seconds=line.seconds,
        options=moment.options(line.choices),
    )
    agent_queue = standing.agent_queue or moment.call.agent_queue
    return moment.step(hold, state=CallState.QUEUED, agent_queue=agent_queue)


def _settle(moment: Moment) -> Hold:
    return Hold(text="", language=moment.call.language, seconds=SETTLING)


def _work(moment: Moment) -> str:
    if moment.call.way is Way.OUTBOUND:
        return "The customer answered our call."
    return "A caller waits for an agent."
