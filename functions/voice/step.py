"""A moment of a call, and the step that it leads to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.channels.texts import Texts
from functions.channels.texts import said as text_for
from functions.configuration.callflows import CallFlow, MenuChoice
from functions.voice.commands import Command, Option
from functions.voice.events import CallEvent
from functions.voice.model import Call, Note, NoteKind


@dataclass(frozen=True, slots=True)
class Standing:
    """What the flow must know of the world: the hours, and where the conversation was routed to.

    `agent_queue` is empty until then; `target` is where that queue's agents are rung, empty: nowhere.
    `position` is the caller's place in its line, from 1.
    """

    open: bool = True
    agent_queue: str = ""
    target: str = ""
    position: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """The call as it is now. Without commands the present ones go on; notes are in their order."""

    call: Call
    commands: tuple[Command, ...] = ()
    notes: tuple[Note, ...] = ()

    def after(self, *notes: Note) -> "Step":
        """Tell these first."""
        return replace(self, notes=(*notes, *self.notes))


@dataclass(frozen=True, slots=True)
class Moment:
    """All that a rule of the flow looks at."""

    call: Call
    event: CallEvent
    plan: CallFlow
    now: datetime
    standing: Standing

    def step(self, *commands: Command, notes: Sequence[Note] = (), **changes: Any) -> Step:
        """Give the call with these changes; with commands it is in its next step."""
        if commands:
            changes |= {"step": self.call.step + 1, "pending": commands}
        return Step(self.call.model_copy(update=changes), commands, tuple(notes))

    def having(self, **changes: Any) -> "Moment":
        """Give the moment of a call that has changed so far."""
        return replace(self, call=self.call.model_copy(update=changes))

    def words(self, *texts: Texts) -> str:
        """Give texts in the caller's language, one after the other."""
        return " ".join(filter(None, (text_for(text, self.call.language) for text in texts)))

    def options(self, choices: Sequence[MenuChoice]) -> tuple[Option, ...]:
        """Give what may be pressed or said, in the caller's language."""
        return tuple(
            Option(digit=choice.digit, words=phrases(choice, self.call.language)) for choice in choices
        )


def phrases(choice: MenuChoice, language: str) -> tuple[str, ...]:
    """Give the words of a choice in a language such as fi-FI: its own, or those of fi."""
    return choice.words.get(language) or choice.words.get(language.partition("-")[0], ())


def note(text: str, **more: Any) -> Note:
    """Make a note of something that happened."""
    return Note(kind=NoteKind.STEP, text=text, **more)
