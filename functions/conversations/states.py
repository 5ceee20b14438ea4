"""The state machine of a conversation, as data: which state follows which, why, and after how long a rest.

The table and the times are those of Dynamics 365, in
https://learn.microsoft.com/dynamics365/customer-service/use/oc-conversation-state and
https://learn.microsoft.com/dynamics365/customer-service/administer/auto-close-conversation.
A customer's message in wrap-up does not change the state: only an agent or the timer ends wrap-up.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from functions.conversations.model import AutoClose, Conversation, State
from functions.errors import Conflict

# From, to, and the reason that is kept when nobody gives a better one.
TRANSITIONS: Mapping[tuple[State, State], str] = MappingProxyType(
    {
        (State.OPEN, State.ACTIVE): "an agent took it",
        (State.OPEN, State.CLOSED): "closed before an agent took it",
        (State.ACTIVE, State.OPEN): "released by the agent",
        (State.ACTIVE, State.WAITING): "awaiting the customer",
        (State.ACTIVE, State.WRAP_UP): "ended by the agent",
        (State.ACTIVE, State.CLOSED): "resolved",
        (State.WAITING, State.ACTIVE): "resumed by the agent",
        (State.WAITING, State.OPEN): "the customer wrote again",
        (State.WAITING, State.CLOSED): "closed while waiting",
        (State.WRAP_UP, State.CLOSED): "wrap-up ended",
    }
)
AWAITING_AGENT = "awaiting an agent"
CUSTOMER_LEFT = "the customer left"
AUTO_CLOSED = "closed by the timer"

OVER = frozenset({State.WRAP_UP, State.CLOSED})  # the talk, at least: an agent may still note something

# Channels whose customer is there only as long as the session lasts: nobody to wait for afterwards.
LIVE = frozenset({"chat", "voice"})
PERSISTENT = "chat.persistent"  # in the context of a chat whose customer comes back to it: it is not live
# Whose customers end their conversation themselves, although they may write at any time.
ENDED_BY_CUSTOMER = frozenset({("custom", "dynamics")})

CHANNEL_TIMES: Mapping[str, AutoClose] = MappingProxyType(
    {
        "chat": AutoClose(
            open=timedelta(minutes=20), active=None, wrap_up=timedelta(minutes=15), waiting=None
        ),
        "voice": AutoClose(active=timedelta(hours=2), waiting=None),
        "records": AutoClose(open=None, active=None, wrap_up=None, waiting=None),
    }
)


def is_live(channel: str, context: Mapping[str, str]) -> bool:
    """Tell whether nobody is there any more when the session ends."""
    return channel in LIVE and PERSISTENT not in context


def times(
    channel: str, configured: AutoClose, context: Mapping[str, str] = MappingProxyType({})
) -> AutoClose:
    """Give the times in force: what the workstream sets, and the channel's own for the rest."""
    default = AutoClose() if PERSISTENT in context else CHANNEL_TIMES.get(channel, AutoClose())
    return default.model_copy(
        update={name: getattr(configured, name) for name in configured.model_fields_set}
    )


def moved(
    conversation: Conversation, to: State, *, at: datetime, reason: str = "", agent: str = ""
) -> Conversation:
    """Give the conversation in the state `to`; raises Conflict, naming both, for a way not in the table."""
    usual = TRANSITIONS.get((conversation.state, to))
    if usual is None or (to is State.WAITING and is_live(conversation.channel, conversation.context)):
        raise Conflict(f"a conversation cannot go from {conversation.state} to {to}")
    changes: dict[str, object] = {"state": to, "state_reason": reason or usual}
    if to is State.OPEN:
        changes["agent"] = ""
    elif to is State.ACTIVE and agent:
        changes["agent"] = agent
    elif to is State.CLOSED:
        changes["closed_at"] = at
    return rested(conversation.model_copy(update=changes), at)


def transferred(conversation: Conversation, queue: str, *, at: datetime, reason: str = "") -> Conversation:
    """Give the conversation as it waits in another agent queue for whoever takes it there.

    Raises Conflict when the talk is over, and for a call that was answered: it cannot be put through again.
    """
    if (conversation.agent_queue, conversation.state) == (queue, State.OPEN):
        return conversation
    if conversation.state in OVER:
        raise Conflict(f"a conversation in the state {conversation.state} goes to no other agent queue")
    if conversation.channel == "voice" and conversation.state is State.ACTIVE:
        raise Conflict("a call stays with the agent who answered it")
    why = f"transferred to the agent queue {queue}" + (f": {reason}" if reason else "")
    changes = {"state": State.OPEN, "state_reason": why, "agent": "", "agent_queue": queue}
    return rested(conversation.model_copy(update=changes), at)


def rested(conversation: Conversation, at: datetime) -> Conversation:
    """Note activity: the time until the timer closes it begins anew, and never runs backwards."""
    active = max(conversation.last_activity_at, at)
    usual = times(conversation.channel, AutoClose(), conversation.context)
    rest = (conversation.auto_close or usual).of(conversation.state)
    close_after = active + rest if rest is not None else None
    return conversation.model_copy(update={"last_activity_at": active, "close_after": close_after})


def idled(conversation: Conversation, now: datetime) -> Conversation:
    """Give what the timer makes of it: nothing while not due, else closed (a call: first wrapped up)."""
    if conversation.close_after is None or conversation.close_after > now:
        return conversation
    call = conversation.channel == "voice" and conversation.state is State.ACTIVE
    return moved(conversation, State.WRAP_UP if call else State.CLOSED, at=now, reason=AUTO_CLOSED)


def left(conversation: Conversation, at: datetime) -> Conversation:
    """Give what the customer's leaving makes of it: it ends what lasts as long as they are there."""
    ends = {State.OPEN: State.CLOSED, State.ACTIVE: State.WRAP_UP}
    there = is_live(conversation.channel, conversation.context)
    there = there or (conversation.channel, conversation.provider) in ENDED_BY_CUSTOMER
    if not there or conversation.state not in ends:
        return conversation
    return moved(conversation, ends[conversation.state], at=at, reason=CUSTOMER_LEFT)


def answered(conversation: Conversation, at: datetime) -> Conversation:
    """Give what an agent's taking the customer's call makes of it."""
    if conversation.state is not State.OPEN:
        return conversation
    return moved(conversation, State.ACTIVE, at=at)


def followed(conversation: Conversation, end: str, at: datetime) -> Conversation:
    """Give what a change of its record makes of a work item; `end` says how the record ended, if it did."""
    if end:
        return moved(conversation, State.CLOSED, at=at, reason=f"the record was {end}")
    if conversation.state is State.WAITING:
        return moved(conversation, State.OPEN, at=at, reason="the record changed")
    return conversation


def is_quiet(conversation: Conversation) -> bool:
    """Tell whether it holds only notes (joined, opted out …), so that there is nothing for an agent yet."""
    return conversation.state is State.OPEN and conversation.last_inbound_at is None
