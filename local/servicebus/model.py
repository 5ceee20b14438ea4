"""What the engine's rooms share: a message, its states, the ways to settle it and the ways to be refused.

All times are UTC in milliseconds since 1970, all lengths of time milliseconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Protocol
from uuid import UUID

from local.servicebus.timers import Timer

Done = Callable[[], None]
Scalar = str | int | float | bool | None


class State(IntEnum):
    """Where a message stands; the numbers are those of the annotation x-opt-message-state."""

    ACTIVE = 0
    DEFERRED = 1
    SCHEDULED = 2


class Outcome(Enum):
    """How a receiver settles a message that it holds a lock on."""

    COMPLETE = "complete"
    ABANDON = "abandon"
    DEFER = "defer"
    DEAD_LETTER = "dead-letter"
    RELEASE = "release"  # given back unseen: the delivery does not count


class Refused(Exception):
    """The broker says no, with an AMQP error condition."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(f"{condition}: {description}")
        self.condition = condition
        self.description = description


MESSAGE_LOCK_LOST = "com.microsoft:message-lock-lost"
SESSION_LOCK_LOST = "com.microsoft:session-lock-lost"
SESSION_TAKEN = "com.microsoft:session-cannot-be-locked"
MESSAGE_NOT_FOUND = "com.microsoft:message-not-found"
TIMEOUT = "com.microsoft:timeout"
NOT_FOUND = "amqp:not-found"
NOT_ALLOWED = "amqp:not-allowed"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as its sender gave it. `ttl` 0 means the queue's; `due_at` 0 means now."""

    payload: bytes
    message_id: str = ""
    session: str | None = None
    ttl: int = 0
    due_at: int = 0


@dataclass(slots=True, eq=False)
class Message:
    """A message in a queue, without its payload (which stays in the store)."""

    seq: int
    queue: str
    session: str | None
    message_id: str
    state: State
    enqueued_at: int
    due_at: int
    expires_at: int
    first_seq: int
    deliveries: int = 0
    source: str = ""  # the queue that dead-lettered it
    extra: dict[str, Scalar] = field(default_factory=dict)  # over the sender's application properties
    lock: "Lock | None" = None
    expiry: Timer | None = None


@dataclass(slots=True, eq=False)
class Lock:
    """A receiver's hold on one message; `timer` is unset where the session's lock governs."""

    token: UUID
    message: Message
    until: int
    timer: Timer | None = None


class Taker(Protocol):
    """A receiver that is handed messages."""

    @property
    def room(self) -> int:
        """How many messages it takes now."""

    @property
    def keeps(self) -> bool:
        """Whether what it is handed is its own at once (receive-and-delete)."""

    def hand(self, message: Message, payload: bytes, lock: Lock | None) -> None:
        """Take a message; called once, in order."""

    def reserve(self) -> None:
        """Hold room for a message that will be handed after the next commit."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome with what comes with it."""

    outcome: Outcome
    changes: Mapping[str, Scalar] = field(default_factory=dict)
