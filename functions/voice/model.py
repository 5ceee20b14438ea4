"""A call as it is kept, and what its conversation is told of it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from functions.message import Model
from functions.voice.commands import Command
from functions.voice.words import CallState, Speaker, Way

__all__ = ["Call", "CallState", "Line", "Note", "NoteKind", "Way"]


class NoteKind(StrEnum):
    """What a note becomes in the conversation: `calls` gives each its kind of message."""

    STEP = "step"  # something happened; never opens a conversation
    WORK = "work"  # there is work for an agent: opens and routes
    CUSTOMER = "customer"  # the customer said it
    AGENT = "agent"  # the agent said it
    ANSWERED = "answered"  # an agent talks with the customer
    LEFT = "left"  # the customer is gone


class Note(Model):
    """One message for the conversation; `recording` is where a sound can be fetched.

    `number` counts a call's notes from 1: it names the message, so that it is told once.
    """

    kind: NoteKind
    text: str = ""
    context: Mapping[str, str] = {}
    recording: str = ""
    content_type: str = ""
    seconds: int = 0
    number: int = 0
    at: datetime | None = None
    sent_at: datetime | None = None  # as the provider tells


class Line(Model):
    """A line of the transcript that waits for one before it."""

    text: str
    speaker: Speaker
    sequence: int


class Call(Model):
    """A call as its row keeps it. `id` is ours and names the thread; `provider_call` is the provider's.

    `step` counts the steps; `pending` are the commands of the present one. `secret` is in the callbacks'
    addresses where the provider does not sign them. `seen` are ids of events, the newest last.
    """

    SEEN: ClassVar[int] = 100

    id: str
    provider_call: str = ""
    channel: str = "voice"
    provider: str
    account: str
    way: Way = Way.INBOUND
    customer: str  # the number, or address, of who calls or is called
    ours: str  # the account's
    name: str = ""  # of the customer, as the provider tells it
    state: CallState = CallState.RINGING
    language: str
    menu: str = ""
    tries: int = 0  # of the present menu
    asked: int = 0  # questions in all
    context: Mapping[str, str] = {}
    consented: bool = False
    opened: bool = False  # there is a conversation with work for an agent
    recording: bool = False
    transcribing: bool = False
    answered: bool = False  # by an agent
    kept: bool = False  # what is left of it is work: a message, or a call-back
    then: str = ""  # where the consent leads, if not into the line
    awaited: bool = False  # the recording of a message, which may be there
    silent: bool = False  # after the tone: there is no such recording
    queued_at: datetime | None = None
    agent_queue: str = ""
    target: str = ""
    step: int = 0
    pending: tuple[Command, ...] = ()
    sequence: int = -1  # of the provider's newest status
    lines: int = 0  # of the transcript, up to which all were told
    held: tuple[Line, ...] = ()
    seen: tuple[str, ...] = ()
    secret: str = ""
    reason: str = ""  # why it ended
    ending: str = ""  # why we are ending it, whatever the provider will tell
    started_at: datetime
    ended_at: datetime | None = None
    notes: int = 0  # how many there were
    unsent: tuple[Note, ...] = ()  # those that may not be on their queue yet
    conversation: str = ""  # that it is about, where we call

    def json_text(self) -> str:
        """Give the JSON of the row, with the names of the commands, which are defaults."""
        return self.model_dump_json(by_alias=True)
