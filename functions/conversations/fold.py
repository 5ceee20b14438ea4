"""Folding inbound items into a thread: pure, one item at a time, so that every case can be tested.

What the customer says opens a conversation when there is none, or when the newest is closed. What is only
a note (joined, left, opted out or in, an echo, a change of an unknown message) never does that: it is kept
in the newest conversation, closed or not. When the thread has none at all, a quiet one opens: it is in no
inbox before the customer's first words, which then go through routing as any first words do.

A record that changes speaks for itself: what is nobody's work by the intake rules opens nothing, and is kept
only where there is an open conversation about the record; the end of the record is its end.
"""

from collections.abc import Callable
from datetime import datetime

from functions.conversations.changes import CHANGES, Change
from functions.conversations.layout import message_id
from functions.conversations.model import (
    AutoClose,
    Conversation,
    Direction,
    Relation,
    State,
    StoredMessage,
)
from functions.conversations.news import stated
from functions.conversations.opening import Opening
from functions.conversations.progress import all_taken, part_taken, reported
from functions.conversations.states import (
    AWAITING_AGENT,
    answered,
    followed,
    is_quiet,
    left,
    moved,
    rested,
    times,
)
from functions.conversations.thread import Thread
from functions.message import Delivery, Inbound, Kind, Receipt, digest
from functions.telemetry import trace_id

SPEECH = frozenset({Kind.MESSAGE, Kind.POSTBACK, Kind.UNSUPPORTED})
PASSING = frozenset({Kind.RECEIPT, Kind.TYPING})  # never become a message
NEWS = frozenset({Kind.JOINED, Kind.LEFT, Kind.CALL, Kind.RECORD})  # of what happens, said by nobody
ANSWERED = "answered"  # the payload of a CALL that an agent took
PROVIDER = "provider"  # the author of what the business wrote in another program
AutoCloseOf = Callable[[str], AutoClose]


def is_duplicate(thread: Thread, item: Inbound) -> bool:
    """Tell whether this very item was taken before."""
    return item.id in thread.taken


def needs_opening(thread: Thread, item: Inbound) -> bool:
    """Tell whether folding the item needs an `Opening`."""
    if is_duplicate(thread, item) or item.kind in PASSING:
        return False
    head = thread.head
    return (
        head is None
        or item.kind is Kind.RECORD
        or (_speaks(thread, item) and (head.state is State.CLOSED or is_quiet(head)))
    )


def fold(thread: Thread, item: Inbound, opening: Opening | None, auto_close: AutoCloseOf) -> Thread:
    """Give the thread after the item; a duplicate leaves it as it was.

    `opening` is used exactly when `needs_opening` says so, and None only for a record that is nobody's work;
    `auto_close` gives the times of a workstream.
    """
    if is_duplicate(thread, item) or item.kind is Kind.TYPING:
        return thread
    if item.kind is Kind.RECEIPT:
        return _receipt(thread, item)
    if item.kind is Kind.RECORD:
        return _record(thread, item, opening, auto_close)
    if opening is not None and needs_opening(thread, item):
        thread = thread.with_head(_opened(thread, item, opening, auto_close))
    change = CHANGES.get(item.kind) if thread.named(item.target) else None
    if change:
        return _changed(thread, item, change)
    return _echoed(thread, item) if item.kind is Kind.ECHO else _stored(thread, item, auto_close)


def source_ids(item: Inbound) -> list[str]:
    """Give the Inbound ids that the customer's message `item.target` may have had."""
    kinds = (*sorted(SPEECH), Kind.ECHO)
    return [digest(item.channel, item.account, item.target, kind, "") for kind in kinds]


def _speaks(thread: Thread, item: Inbound) -> bool:
    if item.kind in SPEECH or item.kind is Kind.RECORD:
        return True
    return item.kind is Kind.EDIT and not thread.named(item.target)


def _record(thread: Thread, item: Inbound, opening: Opening | None, auto_close: AutoCloseOf) -> Thread:
    head = thread.head
    if head is None or head.state is State.CLOSED:
        if opening is None:
            return thread
        thread = thread.with_head(_opened(thread, item, opening, auto_close))
    elif opening and opening.renews_customer:
        thread = thread.with_head(_renewed(head, opening))
    return _stored(thread, item, auto_close)


def _renewed(head: Conversation, opening: Opening) -> Conversation:
    """Give a work item its new customer; what agents linked besides stays."""
    given = {(link.entity, link.id) for link in opening.links}
    others = [
        link
        for link in head.links
        if link.relation is not Relation.CUSTOMER and (link.entity, link.id) not in given
    ]
    return head.model_copy(update={"customer": opening.customer, "links": (*opening.links, *others)})


def _opened(thread: Thread, item: Inbound, opening: Opening, auto_close: AutoCloseOf) -> Conversation:
    former = thread.head
    head = former if former and is_quiet(former) else _new(thread, item, opening)
    changes = {
        "customer": opening.customer,
        "workstream": opening.workstream,
        "agent_queue": opening.agent_queue,
        "links": opening.links,
        "context": opening.context,
        "decision": opening.decision,
        "auto_close": times(item.channel, auto_close(opening.workstream), opening.context),
    }
    return rested(head.model_copy(update=changes), item.received_at)


def _new(thread: Thread, item: Inbound, opening: Opening) -> Conversation:
    former = thread.head
    return Conversation(
        id=thread.next_place.conversation,
        channel=item.channel,
        provider=item.provider,
        account=item.account,
        thread=item.thread,
        customer=opening.customer,
        workstream=opening.workstream,
        agent_queue=opening.agent_queue,
        state=State.OPEN,
        state_reason=AWAITING_AGENT,
        created_at=item.received_at,
        last_activity_at=item.received_at,
        # The newest head has the watermarks of the whole thread.
        delivered_until=former.delivered_until if former else None,
        read_until=former.read_until if former else None,
    )


def _stored(thread: Thread, item: Inbound, auto_close: AutoCloseOf) -> Thread:
    head = _head(thread)
    message = _message(head, item)
    speaks = _speaks(thread, item)
    head = head.model_copy(
        update={
            "messages": message.sequence,
            "auto_close": times(head.channel, auto_close(head.workstream), head.context),
            "last_inbound_at": _latest(head.last_inbound_at, item.received_at)
            if speaks
            else head.last_inbound_at,
            "traceparent": (item.traceparent if speaks else "") or head.traceparent,
        }
    )
    head = rested(head, item.received_at)
    after, news = stated(head, _moved(head, item, speaks), item.received_at, announce=False)
    thread = thread.with_head(after).with_message(message, item.event).with_taken(item.id, message.id)
    return thread.with_message(news) if news else thread


def _moved(head: Conversation, item: Inbound, speaks: bool) -> Conversation:
    """Give what the customer's words, an agent's taking the call, or their leaving, make of the state."""
    if item.kind is Kind.RECORD:
        return followed(head, item.payload, item.received_at)
    if speaks and head.state is State.WAITING:
        return moved(head, State.OPEN, at=item.received_at)
    if item.kind is Kind.CALL and item.payload == ANSWERED:
        return answered(head, item.received_at)
    return left(head, item.received_at) if item.kind is Kind.LEFT else head


def _message(head: Conversation, item: Inbound) -> StoredMessage:
    gone = item.kind is Kind.DELETE
    sequence = head.messages + 1
    return StoredMessage(
        id=message_id(head.id, sequence),
        conversation=head.id,
        direction=Direction.SYSTEM if item.kind in NEWS else Direction.INBOUND,
        kind=item.kind,
        text="" if gone else item.text,
        attachments=() if gone else item.attachments,
        author=item.sender.id,
        target=item.target,
        payload=item.payload,
        provider_message_id=item.event,
        sent_at=item.sent_at,
        received_at=item.received_at,
        sequence=sequence,
        trace=trace_id(item.traceparent),
        raw=None if gone else item.raw,
    )


def _changed(thread: Thread, item: Inbound, change: Change) -> Thread:
    message = thread.messages[thread.names[item.target]]
    return thread.with_message(change(message, item)).with_taken(item.id, message.id)


def _echoed(thread: Thread, item: Inbound) -> Thread:
    if item.event in thread.names:
        return thread.with_taken(item.id, thread.names[item.event])
    ours = thread.messages.get(item.target) or _awaited(thread, item.text.strip())
    if ours and ours.direction is Direction.OUTBOUND:
        return _proven(thread, item, ours)
    head = _head(thread)
    copy = _message(head, item).model_copy(update={"direction": Direction.OUTBOUND, "author": PROVIDER})
    message = _with_receipt(thread, all_taken(copy, [item.event]), item.event)
    head = rested(head.model_copy(update={"messages": message.sequence}), item.received_at)
    return thread.with_head(head).with_message(message, item.event).with_taken(item.id, message.id)


def _awaited(thread: Thread, said: str) -> StoredMessage | None:
    """Find the message whose outcome we do not know, and whose text this is: its echo outran its answer."""
    awaited = [
        message
        for message in thread.messages.values()
        if said
        and message.attempted_at
        and message.delivery in (Delivery.QUEUED, Delivery.UNCERTAIN)
        and message.text.strip() == said
        and not (message.parts or message.attachments)
    ]
    # What is being sent right now, rather than what was lost track of before.
    return min(awaited, key=lambda one: (one.delivery is Delivery.UNCERTAIN, one.sequence), default=None)


def _proven(thread: Thread, item: Inbound, ours: StoredMessage) -> Thread:
    """The echo of what we sent proves that the provider took it: all of it, when it is all that we said.

    A text and its pictures may take a call each, and each call has an echo.
    """
    single = bool(ours.text.strip()) + len(ours.attachments) == 1
    whole = single and ours.text.strip() == item.text.strip()
    message = all_taken(ours, [item.event]) if whole else part_taken(ours, item.event)
    message = _with_receipt(thread, message, item.event)
    return thread.with_message(message, item.event).with_taken(item.id, message.id)


def _with_receipt(thread: Thread, message: StoredMessage, provider_id: str) -> StoredMessage:
    early = thread.receipts.get(provider_id)
    return reported(message, early) if early else message


def _receipt(thread: Thread, item: Inbound) -> Thread:
    receipt = item.receipt
    if receipt is None:
        return thread
    if receipt.message:
        thread = _claimed(thread, receipt)
        message = thread.named(receipt.message)
        if message is None:
            thread = thread.with_receipt(receipt)
        elif message.direction is Direction.OUTBOUND:
            thread = thread.with_message(reported(message, receipt))
    if receipt.watermark and thread.head:
        thread = thread.with_head(_marked(thread.head, receipt.state, receipt.watermark))
    return thread


def _claimed(thread: Thread, receipt: Receipt) -> Thread:
    """Name the message whose own id a receipt gives back: it proves that the provider took it, as an echo."""
    ours = thread.messages.get(receipt.ours)
    if not ours or thread.named(receipt.message):
        return thread
    take = all_taken(ours, [receipt.message]) if receipt.whole else part_taken(ours, receipt.message)
    return thread.with_message(take, receipt.message)


def _marked(head: Conversation, state: Delivery, watermark: datetime) -> Conversation:
    fields = {Delivery.DELIVERED: "delivered_until", Delivery.READ: "read_until"}
    name = fields.get(state)
    if name is None:
        return head
    return head.model_copy(update={name: _latest(getattr(head, name), watermark)})


def _head(thread: Thread) -> Conversation:
    if thread.head is None:
        raise LookupError("an item that opens a conversation was folded without an opening")
    return thread.head


def _latest(one: datetime | None, other: datetime) -> datetime:
    return max(one, other) if one else other
