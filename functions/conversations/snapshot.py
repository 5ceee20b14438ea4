"""From the table to a `Thread` and back: what a batch needs is read, and what changed is written."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from functions.conversations import layout
from functions.conversations.fold import source_ids
from functions.conversations.model import Conversation, Direction, StoredMessage
from functions.conversations.store import Store
from functions.conversations.thread import Thread
from functions.errors import NotFound
from functions.message import Inbound, Kind, Receipt
from functions.ports import Entity, Op, Write

TARGETED = frozenset({Kind.EDIT, Kind.DELETE, Kind.REACTION})
LATEST = 10  # messages among which an echo is looked for


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A thread as it was read, and the ETag of each row that it came from."""

    thread: Thread
    etags: Mapping[str, str]


async def load(store: Store, key: str, items: Sequence[Inbound]) -> Snapshot:
    """Read the newest head, and what the items are about: for plain messages, the head is all."""
    references = {
        row_key: provider_id for item in items for row_key, provider_id in _references(item).items()
    }
    newest, rows = await asyncio.gather(store.newest(key), store.present(key, list(references)))
    names = {references[row.key]: layout.named(row) for row in rows.values() if layout.named(row)}
    ours = [name for item in items if _is_message_of(key, name := _ours(item))]
    heads = _heads(newest)
    found = {row.key: row for row in await _messages(store, key, {*names.values(), *ours})}
    if any(item.kind is Kind.ECHO and not item.target and item.event not in names for item in items):
        found |= {row.key: row for row in await _latest(store, key, heads)}
    read = [*rows.values(), *found.values(), *([newest] if newest else [])]
    messages = [layout.read(StoredMessage, row) for row in found.values()]
    thread = Thread(
        key,
        heads=heads,
        messages={message.id: message for message in messages},
        names=names,
        receipts=_receipts(rows.values()),
    )
    return Snapshot(thread, {row.key: row.etag for row in read})


def operations(before: Snapshot, after: Thread) -> list[Op]:
    """Give what turns the rows that were read into the thread after; nothing when nothing changed.

    Heads come first: whoever lost a race sees it there.
    """
    former, etags = before.thread, before.etags
    ops: list[Op] = []
    for number, head in after.heads.items():
        if head != former.heads.get(number):
            ops.append(_put(layout.head_row(head), etags))
            ops += _trace(former.heads.get(number), head)
    for item, message in after.taken.items():
        if item not in former.taken:
            row = layout.named_row(after.key, layout.marker_key(item), message)
            ops.append(Op(Write.INSERT, row))
    changed = changed_messages(former, after)
    ops += [_put(layout.message_row(message), etags) for message in changed]
    ops += [_put(row, etags) for row in _names(former, after)]
    return ops


def changed_messages(before: Thread, after: Thread) -> list[StoredMessage]:
    """List the messages that are new or different."""
    former = before.messages
    return [
        message
        for key, message in after.messages.items()
        if message is not former.get(key) and message != former.get(key)
    ]


def row_count(before: Thread, after: Thread) -> int:
    """Count the operations, without making them; a head may need one more for its decision."""
    heads = sum(head != before.heads.get(number) for number, head in after.heads.items())
    taken = len(after.taken) - len(before.taken)
    return 2 * heads + taken + len(changed_messages(before, after)) + len(list(_names(before, after)))


def _references(item: Inbound) -> dict[str, str]:
    """List the rows that may lead from a provider's id in the item to a message, each with that id."""
    if item.kind is Kind.ECHO:
        return {layout.provider_key(item.event): item.event}
    if item.receipt and item.receipt.message:
        return {layout.provider_key(item.receipt.message): item.receipt.message}
    if item.kind in TARGETED and item.target:
        keys = [layout.provider_key(item.target), *map(layout.marker_key, source_ids(item))]
        return dict.fromkeys(keys, item.target)
    return {}


def _ours(item: Inbound) -> str:
    """Give our own id of the message that the item is of, where the provider gives it back."""
    if item.kind is Kind.ECHO:
        return item.target
    return item.receipt.ours if item.receipt else ""


async def _latest(store: Store, key: str, heads: Mapping[int, Conversation]) -> list[Entity]:
    """Read the last few messages: an echo that names none of ours may still be of one that is being sent."""
    for number, head in heads.items():
        first = layout.message_key(number, max(1, head.messages - LATEST + 1))
        return await store.table.range(key, first, layout.message_key(number, head.messages + 1), LATEST)
    return []


async def _messages(store: Store, key: str, ids: set[str]) -> Iterable[Entity]:
    keys = [layout.message_place(message)[1] for message in sorted(ids)]
    return (await store.present(key, keys)).values()


def _is_message_of(key: str, text: str) -> bool:
    try:
        return layout.message_place(text)[0].partition == key
    except NotFound:
        return False


def _heads(newest: Entity | None) -> dict[int, Conversation]:
    if newest is None:
        return {}
    head = layout.read(Conversation, newest)
    return {layout.place(head.id).number: head}


def _receipts(rows: Iterable[Entity]) -> dict[str, Receipt]:
    early = [layout.read(Receipt, row) for row in rows if not layout.named(row) and row.key.startswith("p:")]
    return {receipt.message: receipt for receipt in early}


def _trace(before: Conversation | None, head: Conversation) -> Iterator[Op]:
    if head.decision and (before is None or before.decision != head.decision):
        yield Op(Write.UPSERT, layout.trace_row(head, head.decision))


def _names(before: Thread, after: Thread) -> Iterator[Entity]:
    """Give the `p:` rows: only messages of ours need one, the customer's are found by their markers."""
    for provider_id, message in after.names.items():
        is_ours = (
            after.messages[message].direction is Direction.OUTBOUND if message in after.messages else False
        )
        if provider_id not in before.names and is_ours:
            yield layout.named_row(after.key, layout.provider_key(provider_id), message)
    for provider_id, receipt in after.receipts.items():
        if receipt != before.receipts.get(provider_id) and provider_id not in after.names:
            yield layout.receipt_row(after.key, receipt)


def _put(row: Entity, etags: Mapping[str, str]) -> Op:
    etag = etags.get(row.key)
    if etag is None:
        return Op(Write.INSERT, row)
    return Op(Write.REPLACE, replace(row, etag=etag))
