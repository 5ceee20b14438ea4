"""An agent's private notes: messages of the conversation that no customer ever sees."""

from collections.abc import Callable
from datetime import datetime

from functions.conversations import layout
from functions.conversations.keyed import earlier, remembered
from functions.conversations.model import NOTE, Conversation, Direction, State, StoredMessage
from functions.conversations.states import rested
from functions.conversations.store import Store, persist
from functions.errors import AlreadyExists, Conflict
from functions.message import digest
from functions.ports import Op, Write


async def note(
    store: Store, clock: Callable[[], datetime], conversation: str, text: str, *, key: str, agent: str
) -> tuple[Conversation, StoredMessage, bool]:
    """Record a note once for its key; the last of what is given says whether it was just now.

    Raises NotFound, or Conflict when the conversation is closed or the key was used for something else.
    """
    fingerprint = digest(conversation, NOTE, text)

    async def attempt() -> tuple[Conversation, StoredMessage, bool]:
        version = await store.version(conversation)
        if version.head.state is State.CLOSED:
            return version.head, await _earlier(), False
        message = _note(version.head, text, agent, clock())
        head = version.head.model_copy(update={"messages": message.sequence})
        head = rested(head, message.received_at)
        ops = [*version.replaced_by(head), remembered(message, key, fingerprint)]
        try:
            await store.table.commit([*ops, Op(Write.INSERT, layout.message_row(message))])
        except AlreadyExists:
            if found := await earlier(store, conversation, key, fingerprint):
                return version.head, found, False
            raise
        return head, message, True

    async def _earlier() -> StoredMessage:
        found = await earlier(store, conversation, key, fingerprint)
        if found is None:
            raise Conflict("the conversation is closed: the customer's next message starts another")
        return found

    return await persist(attempt)


def _note(head: Conversation, text: str, agent: str, now: datetime) -> StoredMessage:
    sequence = head.messages + 1
    return StoredMessage(
        id=layout.message_id(head.id, sequence),
        conversation=head.id,
        direction=Direction.SYSTEM,
        kind=NOTE,
        text=text,
        author=agent,
        received_at=now,
        sequence=sequence,
    )
