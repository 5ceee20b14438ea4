"""The transcript's lines in their order: one that comes early waits for those before it."""

from functions.voice.events import Heard, Speaker
from functions.voice.model import Call, CallState, Line, Note, NoteKind
from functions.voice.step import Moment, Step, note

WITH_AGENTS = frozenset({CallState.QUEUED, CallState.CONNECTING, CallState.TALKING})
MOST_HELD = 8  # lines; a line that is lost must not hold up the rest for long
KINDS = {Speaker.CUSTOMER: NoteKind.CUSTOMER, Speaker.AGENT: NoteKind.AGENT}


def heard(moment: Moment) -> Step:
    """Tell a line when it is its turn, and those that waited for it.

    A line without words, or one that is not final, is a turn too, in which nothing is told.
    """
    event, call = moment.event, moment.call
    if not isinstance(event, Heard):
        return moment.step()
    words = event.line.strip() if event.final else ""
    line = Line(text=words, speaker=event.speaker, sequence=event.sequence)
    if not event.sequence or event.sequence <= call.lines:
        return moment.step(notes=_told(call, [line]))
    held = sorted((*call.held, line), key=lambda one: one.sequence)
    ready, lines = [], call.lines
    while held and (held[0].sequence <= lines + 1 or len(held) > MOST_HELD or _over(call)):
        lines = max(lines, held[0].sequence)
        ready.append(held.pop(0))
    return moment.step(notes=_told(call, ready), lines=lines, held=tuple(held))


def rest(call: Call) -> list[Note]:
    """Tell what still waits, at the end of a call."""
    return _told(call, list(call.held))


def _over(call: Call) -> bool:
    return call.state is CallState.ENDED


def _told(call: Call, lines: list[Line]) -> list[Note]:
    """A late line, or one of a voicemail, must not open a conversation, as the words of a customer do.

    Before an agent is rung, the other side that is heard is our own voice.
    """
    if not call.answered and call.state is not CallState.CONNECTING:
        lines = [line for line in lines if line.speaker is Speaker.CUSTOMER]
    if call.state not in WITH_AGENTS:
        return [note(f"{line.speaker}: {line.text}") for line in lines if line.text]
    return [Note(kind=KINDS[line.speaker], text=line.text) for line in lines if line.text]
