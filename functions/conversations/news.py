"""State messages: a conversation's own history among what was said, and the news of it that go out. Pure.

Each change of the state is a message of the kind "state", in its place in the order. Where the channel tells
its customers of such a change, that message is queued and delivered as a reply is.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from functions.channels import adapter
from functions.conversations.layout import message_id
from functions.conversations.model import STATE, Conversation, Direction, State, StoredMessage
from functions.errors import NotFound
from functions.message import Delivery, Event, Outbound

EVENTS: Mapping[State, Event] = MappingProxyType(
    {State.ACTIVE: Event.ACCEPTED, State.WRAP_UP: Event.ENDED, State.CLOSED: Event.CLOSED}
)


def carries(head: Conversation, event: Event | None) -> bool:
    """Tell whether the conversation's channel tells its customers of an event."""
    try:
        return event in adapter(head.channel, head.provider).capabilities.events
    except NotFound:  # an adapter that this version does not have
        return False


def stated(
    before: Conversation, after: Conversation, at: datetime, *, agent: str = "", announce: bool = True
) -> tuple[Conversation, StoredMessage | None]:
    """Give the head with the message that tells of its new state, or of the agent queue where it waits now.

    Without a message when both are the same. What the customer did is not announced: it is no news to them.
    """
    if (before.state, before.agent_queue) == (after.state, after.agent_queue):
        return after, None
    sequence = after.messages + 1
    goes_out = announce and carries(after, EVENTS.get(after.state))
    message = StoredMessage(
        id=message_id(after.id, sequence),
        conversation=after.id,
        direction=Direction.SYSTEM,
        kind=STATE,
        payload=after.state,
        text=after.state_reason,
        author=agent,
        received_at=at,
        sequence=sequence,
        delivery=Delivery.QUEUED if goes_out else None,
    )
    return after.model_copy(update={"messages": sequence, "stated": sequence}), message


def announcement(head: Conversation, message: StoredMessage | None) -> Outbound | None:
    """Give what goes on the queue for a state message; None when it need not, or has gone."""
    if message is None or message.kind != STATE or message.delivery is not Delivery.QUEUED:
        return None
    return told_of(head, EVENTS[State(message.payload)], message.id, message.received_at)


def told_of(head: Conversation, event: Event, name: str, at: datetime) -> Outbound:
    """Address an event to the customer of a conversation."""
    return Outbound(
        id=name,
        conversation=head.id,
        channel=head.channel,
        provider=head.provider,
        account=head.account,
        thread=head.thread,
        recipient=head.customer.id,
        event=event,
        created_at=at,
    )
