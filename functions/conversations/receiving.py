"""Receiving a batch of one thread: read once, fold, write once.

Nothing is read to find duplicates: their markers are inserted with the rest, and only when the table
refuses one are the markers read, the duplicates dropped and the rest tried again.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from functions.conversations import layout
from functions.conversations.fold import AutoCloseOf, fold, is_duplicate, needs_opening
from functions.conversations.indexes import Indexes
from functions.conversations.model import Conversation, StoredMessage
from functions.conversations.opening import Opening, Received
from functions.conversations.snapshot import Snapshot, changed_messages, load, operations, row_count
from functions.conversations.states import is_quiet
from functions.conversations.store import Store, persist
from functions.conversations.thread import Thread
from functions.errors import AlreadyExists
from functions.message import Inbound

MOST_ROWS = 90  # of the 100 that a transaction takes; the last item may add a few
MOST_BYTES = 800_000  # of messages; the HTTP client frowns on bodies over 1 MiB, the service takes 4
Opener = Callable[[Inbound], Awaitable[Opening | None]]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one transaction took: the first `items` of a batch."""

    before: Thread
    after: Thread
    items: int
    duplicates: int


class Receiver:
    """Receives one batch; made anew for each."""

    def __init__(self, store: Store, indexes: Indexes, opener: Opener, auto_close: AutoCloseOf) -> None:
        self._store = store
        self._indexes = indexes
        self._opener = opener
        self._auto_close = auto_close
        self._openings: dict[str, Opening | None] = {}
        self._duplicates: dict[str, str] = {}

    async def receive(self, batch: Sequence[Inbound]) -> Received:
        """Store all items of one session; raises Unavailable, after which the same batch may come again."""
        parts: list[_Part] = []
        left = list(batch)
        while left:
            parts.append(await self._receive_some(left))
            left = left[parts[-1].items :]
        return Received(
            stored=tuple(message for part in parts for message in _new_messages(part)),
            changed=tuple(pair for part in parts for pair in _changed_messages(part)),
            repeated=dict(self._duplicates),
            duplicates=sum(part.duplicates for part in parts),
            opened=tuple(head for part in parts for head in _opened(part)),
            conversation=parts[-1].after.head if parts else None,
        )

    async def _receive_some(self, items: Sequence[Inbound]) -> _Part:
        part = await persist(lambda: self._attempt(items))
        for number, head in part.after.heads.items():
            # A duplicate may come from a run that was cut off before it wrote the indexes.
            former = None if part.duplicates else part.before.heads.get(number)
            await self._indexes.moved(former, head, self._store.head)
        return part

    async def _attempt(self, items: Sequence[Inbound]) -> _Part:
        snapshot = await load(self._store, items[0].session, items)
        snapshot = replace(snapshot, thread=replace(snapshot.thread, taken=dict(self._duplicates)))
        part = await self._fold(snapshot, items)
        ops = operations(snapshot, part.after)
        try:
            if ops:
                await self._store.table.commit(ops)
        except AlreadyExists:
            await self._find_duplicates(items)
            raise
        return part

    async def _fold(self, snapshot: Snapshot, items: Sequence[Inbound]) -> _Part:
        thread, taken, duplicates, size = snapshot.thread, 0, 0, 0
        for item in items:
            after = fold(thread, item, await self._opening(thread, item), self._auto_close)
            if len(items) > 1:
                size += sum(_size(message) for message in changed_messages(thread, after))
            full = size > MOST_BYTES or row_count(snapshot.thread, after) > MOST_ROWS
            if full and taken:
                break
            duplicates += is_duplicate(thread, item)
            thread, taken = after, taken + 1
        return _Part(snapshot.thread, thread, taken, duplicates)

    async def _opening(self, thread: Thread, item: Inbound) -> Opening | None:
        if not needs_opening(thread, item):
            return None
        if item.id not in self._openings:
            self._openings[item.id] = await self._opener(item)
        return self._openings[item.id]

    async def _find_duplicates(self, items: Sequence[Inbound]) -> None:
        markers = {layout.marker_key(item.id): item.id for item in items}
        rows = await self._store.present(items[0].session, list(markers))
        self._duplicates |= {markers[key]: layout.named(row) for key, row in rows.items()}


def _size(message: StoredMessage) -> int:
    # The row holds JSON as a text, and the SDK writes that as JSON in ASCII once more.
    return len(json.dumps(message.json_text()))


def _new_messages(part: _Part) -> list[StoredMessage]:
    changed = changed_messages(part.before, part.after)
    return [message for message in changed if message.id not in part.before.messages]


def _changed_messages(part: _Part) -> list[tuple[StoredMessage, StoredMessage]]:
    changed = changed_messages(part.before, part.after)
    former = part.before.messages
    return [(former[message.id], message) for message in changed if message.id in former]


def _opened(part: _Part) -> list[Conversation]:
    """Conversations in which the customer spoke the first words just now."""
    return [
        head
        for number, head in part.after.heads.items()
        if head.last_inbound_at and _unspoken(part.before.heads.get(number))
    ]


def _unspoken(head: Conversation | None) -> bool:
    return head is None or is_quiet(head)
