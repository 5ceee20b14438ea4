"""Recording an agent's reply, before anything is sent: once for each idempotency key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.conversations import layout
from functions.conversations.indexes import Indexes
from functions.conversations.model import Conversation, Direction, State, StoredMessage
from functions.conversations.states import moved, rested
from functions.conversations.store import Store, Version, persist
from functions.errors import AlreadyExists, Conflict, Invalid, NotFound, TooLarge
from functions.message import (
    QUEUE_LIMIT,
    Attachment,
    Choice,
    Delivery,
    Kind,
    Model,
    Outbound,
    Tag,
    Template,
    digest,
)
from functions.ports import Op, Write


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
    """The recorded reply, and what goes on its queue; `created` is False when the key was used before."""

    message: StoredMessage
    outbound: Outbound
    created: bool


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

        async def attempt() -> tuple[Conversation | None, Conversation, StoredMessage]:
            version = await self._store.version(conversation)
            if version.head.state is State.CLOSED:
                return await self._earlier(version.head, draft, key) or _refuse()
            head, message = _replied(version.head, draft, answered, agent, self._clock())
            _outbound(head, message)
            try:
                await self._store.table.commit(_operations(version, head, message, draft, key))
            except AlreadyExists:
                if earlier := await self._earlier(version.head, draft, key):
                    return earlier
                raise
            return version.head, head, message

        before, head, message = await persist(attempt)
        await self._indexes.moved(before, head, self._store.head)
        return Replied(message, _outbound(head, message), created=before is not None)

    async def earlier(self, conversation: str, draft: Draft, key: str) -> Replied | None:
        """Give what was recorded under the key before; raises Conflict when it was another draft."""
        head = (await self._store.version(conversation)).head
        found = await self._earlier(head, draft, key)
        return found and Replied(found[2], _outbound(head, found[2]), created=False)

    async def _earlier(
        self, head: Conversation, draft: Draft, key: str
    ) -> tuple[None, Conversation, StoredMessage] | None:
        """Find the reply that was recorded under the key; its index rows may be missing."""
        row = await self._store.table.get(layout.place(head.id).partition, layout.reply_key(key))
        if row is None:
            return None
        if row.values.get("draft") != _fingerprint(head.id, draft):
            raise Conflict("the idempotency-key was used for another reply")
        message, _ = await self._store.message(layout.named(row))
        return None, head, message

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


def _replied(
    head: Conversation, draft: Draft, answered: str, agent: str, now: datetime
) -> tuple[Conversation, StoredMessage]:
    sequence = head.messages + 1
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
    )
    head = head.model_copy(update={"messages": sequence})
    if head.state in (State.OPEN, State.WAITING):
        return moved(head, State.ACTIVE, at=now, agent=agent), message
    return rested(head, now), message


def _operations(
    version: Version, head: Conversation, message: StoredMessage, draft: Draft, key: str
) -> list[Op]:
    partition = layout.place(head.id).partition
    marker = layout.named_row(
        partition, layout.reply_key(key), message.id, draft=_fingerprint(head.id, draft)
    )
    return [
        *version.replaced_by(head),
        Op(Write.INSERT, marker),
        Op(Write.INSERT, layout.message_row(message)),
    ]


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


def _refuse() -> tuple[None, Conversation, StoredMessage]:
    raise Conflict("the conversation is closed")
