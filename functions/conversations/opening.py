"""What a conversation opens with, and what became of a batch: the values between routing and threads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.conversations.model import Conversation, Customer, Decision, Link, StoredMessage


@dataclass(frozen=True, slots=True)
class Opening:
    """Who the customer is, where the work goes and why, for a conversation that is about to open."""

    customer: Customer
    workstream: str
    agent_queue: str
    decision: Decision
    links: tuple[Link, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    renews_customer: bool = False  # of a record's conversation that is open already


@dataclass(frozen=True, slots=True)
class Received:
    """`stored` are the new messages; `conversation` is the thread's newest, None when it has none.

    `changed` are the messages that were there before, as they were and as they are. `repeated` leads from the
    Inbound.id of each duplicate to the message that it had become, or had changed.
    """

    stored: tuple[StoredMessage, ...]
    changed: tuple[tuple[StoredMessage, StoredMessage], ...]
    repeated: Mapping[str, str]
    duplicates: int
    opened: tuple[Conversation, ...]
    conversation: Conversation | None
