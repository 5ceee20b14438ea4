"""What happens to a call, free of its provider: a server turns webhooks into these.

What ends a step (`Played`, `Keyed` …) comes with the step's number, so that a late or repeated end is told
from a new one; see `calls.Occurrence`.
"""

from dataclasses import dataclass

from functions.voice.words import Speaker, What

__all__ = [
    "Answered",
    "CallEvent",
    "Connected",
    "Failed",
    "Heard",
    "HungUp",
    "Keyed",
    "NotConnected",
    "Played",
    "Rang",
    "Recorded",
    "Silent",
    "Speaker",
    "Spoke",
    "Unrecorded",
    "What",
]


@dataclass(frozen=True, slots=True)
class Rang:
    """It rings: at us, or at the customer whom we call."""


@dataclass(frozen=True, slots=True)
class Answered:
    """We, or the customer whom we call, took it."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """The caller pressed keys."""

    digits: str


@dataclass(frozen=True, slots=True)
class Spoke:
    """The caller said something to a question; `confidence` is from 0 to 1."""

    text: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Silent:
    """A question had no answer in time."""


@dataclass(frozen=True, slots=True)
class Played:
    """What was to be said, or played, is over."""


@dataclass(frozen=True, slots=True)
class Connected:
    """An agent took it."""


@dataclass(frozen=True, slots=True)
class NotConnected:
    """No agent took it; `reason` is `busy`, `no-answer`, or what failed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording can be fetched from `url`; `id` is the provider's."""

    id: str
    url: str
    seconds: int
    what: What
    content_type: str = "audio/mpeg"


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """There is no recording of a voicemail, and none will come: nobody said anything."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A line of the transcript. `sequence` counts from 1 within the call; 0: the provider does not count."""

    line: str
    speaker: Speaker
    sequence: int = 0
    final: bool = True


@dataclass(frozen=True, slots=True)
class HungUp:
    """It is over; `reason` is who or what ended it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A step, or the call as a whole, went wrong."""

    reason: str


CallEvent = (
    Rang
    | Answered
    | Keyed
    | Spoke
    | Silent
    | Played
    | Connected
    | NotConnected
    | Recorded
    | Unrecorded
    | Heard
    | HungUp
    | Failed
)
