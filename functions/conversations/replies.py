"""Recording an agent's reply, before anything is sent: once for each idempotency key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.conversations import layout
from functions.conversations.indexes import Indexes
from functions.conversations.keyed import earlier, remembered
from functions.conversations.model import Conversation, Direction, State, StoredMessage
from functions.conversations.news import announcement, carries, stated
from functions.conversations.states import moved, rested
from functions.conversations.store import Store, Version, persist
from functions.errors import AlreadyExists, Conflict, Invalid, NotFound, TooLarge
from functions.message import (
    QUEUE_LIMIT,
    Attachment,
    Choice,
    Delivery,
    Event,
    Kind,
    Model,
    Outbound,
    Tag,
    Template,
    digest,
)
from functions.ports import Op, Write
from functions.telemetry import current, trace_id


class Draft(Model):
    """What an agent wants to say. `reply_to` is the id of a message of ours in the same thread."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    choices: tuple[Choice, ...] = ()
    reply_to: str = ""
    tag: Tag | None = None
    template: Template | None = None


@dataclass(frozen=True, slots=True)
class Replied:
    """The recorded reply, and what goes on its queue; `created` is False when the key was used before.

    `state` is the message that an open or waiting conversation became the agent's by this reply; `news` of
    it goes on the queue before the reply.
    """

    message: StoredMessage
    outbound: Outbound
    created: bool
    state: StoredMessage | None = None
    news: Outbound | None = None


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A reply under its key; `before` is None when it was recorded earlier: its index rows may be missing."""

    before: Conversation | None
    head: Conversation
    message: StoredMessage
    state: StoredMessage | None


class Recorder:
    """Records replies."""

    def __init__(self, store: Store, indexes: Indexes, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._indexes = indexes
        self._clock = clock

    async def record(self, conversation: str, draft: Draft, key: str, agent: str) -> Replied:
        """Record a reply as queued; raises Conflict, Invalid, NotFound or TooLarge."""
        layout.place(conversation)
        answered = await self._answered(conversation, draft.reply_to)

        async def attempt() -> _Recorded:
            version = await self._store.version(conversation)
            if version.head.state is State.CLOSED:
                return await self._earlier(version.head, draft, key) or _refuse()
            new = _replied(version.head, draft, answered, agent, self._clock())
            _outbound(new.head, new.message)
            try:
                await self._store.table.commit(_operations(version, new, draft, key))
            except AlreadyExists:
                if found := await self._earlier(version.head, draft, key):
                    return found
                raise
            return new

        recorded = await persist(attempt)
        await self._indexes.moved(recorded.before, recorded.head, self._store.head)
        return _given(recorded)

    async def earlier(self, conversation: str, draft: Draft, key: str) -> Replied | None:
        """Give what was recorded under the key before; raises Conflict when it was another draft."""
        head = (await self._store.version(conversation)).head
        found = await self._earlier(head, draft, key)
        return _given(found) if found else None

    async def _earlier(self, head: Conversation, draft: Draft, key: str) -> _Recorded | None:
        """Find the reply that was recorded under the key."""
        message = await earlier(self._store, head.id, key, _fingerprint(head.id, draft))
        if message is None:
            return None
        return _Recorded(None, head, message, await self._state(head, message))

    async def _state(self, head: Conversation, reply: StoredMessage) -> StoredMessage | None:
        """Read the state message that a reply may have brought, where it may still have to go out."""
        if reply.sequence == 1 or not carries(head, Event.ACCEPTED):
            return None
        return (await self._store.message(layout.message_id(head.id, reply.sequence - 1)))[0]

    async def _answered(self, conversation: str, message: str) -> str:
        """Give the provider's id of the message that is replied to; empty when it has none."""
        if not message:
            return ""
        try:
            where, _ = layout.message_place(message)
            found, _ = await self._store.message(message)
        except NotFound:
            raise Invalid("replyTo names no message") from None
        if where.partition != layout.place(conversation).partition:
            raise Invalid("replyTo names a message of another thread")
        return found.provider_message_id


def _replied(head: Conversation, draft: Draft, answered: str, agent: str, now: datetime) -> _Recorded:
    taken = head.state in (State.OPEN, State.WAITING)
    after, state = stated(
        head, moved(head, State.ACTIVE, at=now, agent=agent) if taken else rested(head, now), now, agent=agent
    )
    sequence = after.messages + 1
    message = StoredMessage(
        id=layout.message_id(head.id, sequence),
        conversation=head.id,
        direction=Direction.OUTBOUND,
        kind=Kind.MESSAGE,
        text=draft.text,
        attachments=draft.attachments,
        choices=draft.choices,
        author=agent,
        target=answered,
        tag=draft.tag,
        template=draft.template,
        received_at=now,
        sequence=sequence,
        delivery=Delivery.QUEUED,
        trace=trace_id(current()),
    )
    return _Recorded(head, after.model_copy(update={"messages": sequence}), message, state)


def _operations(version: Version, new: _Recorded, draft: Draft, key: str) -> list[Op]:
    messages = [*([new.state] if new.state else []), new.message]
    return [
        *version.replaced_by(new.head),
        remembered(new.message, key, _fingerprint(new.head.id, draft)),
        *(Op(Write.INSERT, layout.message_row(message)) for message in messages),
    ]


def _given(recorded: _Recorded) -> Replied:
    return Replied(
        recorded.message,
        _outbound(recorded.head, recorded.message),
        created=recorded.before is not None,
        state=recorded.state,
        news=announcement(recorded.head, recorded.state),
    )


def _outbound(head: Conversation, message: StoredMessage) -> Outbound:
    outbound = Outbound(
        id=message.id,
        conversation=head.id,
        channel=head.channel,
        provider=head.provider,
        account=head.account,
        thread=head.thread,
        recipient=head.customer.id,
        text=message.text,
        attachments=message.attachments,
        choices=message.choices,
        reply_to=message.target,
        tag=message.tag,
        template=message.template,
        created_at=message.received_at,
    )
    if len(outbound.json_text().encode()) > QUEUE_LIMIT:
        raise TooLarge("the reply is too long for the queue")
    return outbound


def _fingerprint(conversation: str, draft: Draft) -> str:
    return digest(conversation, draft.json_text())


def _refuse() -> _Recorded:
    raise Conflict("the conversation is closed: the customer's next message starts another")
