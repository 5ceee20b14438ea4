"""What a call is told to do: a server turns these into its provider's own requests.

A step of a call has any number of commands that take no time, and at last one that takes time or ends the
call. They are kept with the call, so that a repeated webhook gets the same answer.
"""

from typing import Annotated, Literal

from pydantic import Field

from functions.message import Model


class Answer(Model):
    """Take the call."""

    do: Literal["answer"] = "answer"


class StartRecording(Model):
    """Record from here to the end."""

    do: Literal["start-recording"] = "start-recording"


class StartTranscription(Model):
    """Transcribe from here to the end."""

    do: Literal["start-transcription"] = "start-transcription"
    language: str


class Say(Model):
    """Say it; ends with Played."""

    do: Literal["say"] = "say"
    text: str
    language: str


class Option(Model):
    """What may be pressed, or said in the language of the question."""

    digit: str
    words: tuple[str, ...] = ()


class Ask(Model):
    """Ask, and wait so many seconds for an answer; ends with Keyed, Spoke, or Silent."""

    do: Literal["ask"] = "ask"
    text: str
    language: str
    options: tuple[Option, ...]
    seconds: int


class Hold(Model):
    """Say it and play music, so many seconds in all; ends with Played, or (with options) with Keyed."""

    do: Literal["hold"] = "hold"
    text: str
    language: str
    music: str = ""
    seconds: int
    options: tuple[Option, ...] = ()


class TakeMessage(Model):
    """Record after a tone; ends with Played, Silent, or HungUp. Recorded or Unrecorded comes at any time."""

    do: Literal["take-message"] = "take-message"
    language: str
    seconds: int


class Connect(Model):
    """Ring a target (E.164, `sip:…`, `teams:…`); ends with Connected, or NotConnected."""

    do: Literal["connect"] = "connect"
    target: str
    seconds: int


class HangUp(Model):
    """End the call."""

    do: Literal["hang-up"] = "hang-up"


Command = Annotated[
    Answer | StartRecording | StartTranscription | Say | Ask | Hold | TakeMessage | Connect | HangUp,
    Field(discriminator="do"),
]
