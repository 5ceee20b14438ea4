"""The shapes of a conversation and its messages, as the table keeps them and the API shows them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import ConfigDict, JsonValue

from functions.message import Attachment, Choice, Delivery, EntityRef, Model, Tag, Template

# Kinds of system messages, beside those that customers' items have.
STATE = "state"  # the conversation came into the state that `payload` names
NOTE = "note"  # an agent's private message: never delivered, never in a customer's view


class State(StrEnum):
    """A closed conversation never reopens: the next message starts a new one."""

    OPEN = "open"  # waits for an agent
    ACTIVE = "active"  # an agent has it
    WAITING = "waiting"  # the agent left it until the customer writes again
    WRAP_UP = "wrapUp"  # the talk is over, the agent's notes are not
    CLOSED = "closed"


class Direction(StrEnum):
    """Who spoke."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    SYSTEM = "system"


class Relation(StrEnum):
    """What a linked record is to the conversation."""

    CUSTOMER = "customer"  # contact or account
    CASE = "case"  # the customer's single active incident
    REGARDING = "regarding"  # linked by hand to any other record


class Link(Model):
    """An entity reference on a conversation."""

    entity: str
    id: str
    name: str = ""
    relation: Relation

    @property
    def ref(self) -> EntityRef:
        """The record itself."""
        return EntityRef(entity=self.entity, id=self.id, name=self.name)


class Customer(Model):
    """The identity at this account, with what matching found of it."""

    id: str
    name: str = ""
    phone: str = ""
    email: str = ""
    candidates: tuple[EntityRef, ...] = ()  # several records matched, so none was linked


class Verdict(Model):
    """One rule of a decision: what it compared, and how that came out."""

    rule: str
    matched: bool
    operands: tuple[str, ...] = ()  # such as "message.text contains 'lasku': false"


class RankHits(Model):
    """How one rank of matching came out: none, one or several records.

    Of many at most three are told, and without their names: a decision outlives what it was about.
    """

    rank: str  # such as "phone of contacts"
    hits: int
    records: tuple[EntityRef, ...] = ()


class Decision(Model):
    """Why this workstream and this agent queue: every rule that was looked at, in order.

    `matching` tells how the customer was recognised, or why not: every rank that was asked.
    """

    workstream: str
    agent_queue: str
    configuration: int  # version that decided
    matching: tuple[RankHits, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    omitted: int = 0  # verdicts left out beyond the first ones
    reason: str = ""  # such as "no rule matched: fallback of the account"


class Conversation(Model):
    """A conversation's head. `id` carries its partition, so reading by id is a point read."""

    id: str
    channel: str
    provider: str
    account: str
    thread: str
    customer: Customer
    workstream: str
    agent_queue: str
    state: State
    state_reason: str = ""
    stated: int = 0  # sequence of the message that tells of the state; 0: it has been in no other
    agent: str = ""
    links: tuple[Link, ...] = ()
    context: Mapping[str, str] = {}
    decision: Decision | None = None
    messages: int = 0  # how many: the next sequence is one more
    created_at: datetime
    last_activity_at: datetime
    last_inbound_at: datetime | None = None
    closed_at: datetime | None = None
    close_after: datetime | None = None  # when the timer closes it, None: never
    auto_close: "AutoClose | None" = None  # in force when it was last written to
    traceparent: str = ""  # W3C: of the customer's last words, which a reply continues
    delivered_until: datetime | None = None  # the provider's watermarks
    read_until: datetime | None = None


class StoredMessage(Model):
    """A message of a conversation. `sequence` counts from 1; `id` is the conversation's plus it."""

    id: str
    conversation: str
    direction: Direction
    kind: str
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    choices: tuple[Choice, ...] = ()
    author: str = ""  # the customer's id, the agent's, or "system"
    target: str = ""  # provider's id of the message this one is about
    payload: str = ""
    tag: Tag | None = None
    template: Template | None = None
    provider_message_id: str = ""
    parts: tuple[str, ...] = ()  # provider's ids, where one message became several calls
    attempted_at: datetime | None = None  # set just before the provider is called
    sent_at: datetime | None = None  # the provider's time
    received_at: datetime  # ours
    sequence: int
    delivery: Delivery | None = None  # of what goes out: replies, and news of a state
    part_delivery: Mapping[str, Delivery] = {}  # by provider's id; "": the calls without an outcome yet
    delivery_code: str = ""
    delivery_reason: str = ""
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    trace: str = ""  # id of the trace that brought it, 32 hex characters
    reactions: Mapping[str, str] = {}  # who → emoji
    raw: JsonValue = None


class AutoClose(Model):
    """How long a conversation may rest in each state before the timer closes it; None: for ever."""

    model_config = ConfigDict(extra="forbid")

    open: timedelta | None = timedelta(days=30)
    active: timedelta | None = timedelta(days=30)
    wrap_up: timedelta | None = timedelta(days=1)
    waiting: timedelta | None = timedelta(days=1)

    def of(self, state: State) -> timedelta | None:
        """Give the time for one state; a closed conversation has none."""
        times = {
            State.OPEN: self.open,
            State.ACTIVE: self.active,
            State.WRAP_UP: self.wrap_up,
            State.WAITING: self.waiting,
        }
        return times.get(state)
