"""Idempotency keys: what an agent asked for under a key is done once, and given again when asked again."""

from functions.conversations import layout
from functions.conversations.model import StoredMessage
from functions.conversations.store import Store
from functions.errors import Conflict
from functions.ports import Op, Write


async def earlier(store: Store, conversation: str, key: str, fingerprint: str) -> StoredMessage | None:
    """Give the message that was recorded under the key; raises Conflict when something else was asked."""
    row = await store.table.get(layout.place(conversation).partition, layout.reply_key(key))
    if row is None:
        return None
    if row.values.get("draft") != fingerprint:
        raise Conflict("the idempotency-key was used for something else")
    return (await store.message(layout.named(row)))[0]


def remembered(message: StoredMessage, key: str, fingerprint: str) -> Op:
    """Give the operation that ties the key to a message; it fails when the key was used before."""
    partition = layout.place(message.conversation).partition
    return Op(Write.INSERT, layout.named_row(partition, layout.reply_key(key), message.id, draft=fingerprint))
