"""What delivery reports of a message of ours: attempted, taken by the provider, failed, or uncertain.

Receipts and echoes may come before the provider's answer was recorded: they wait under the provider's id,
and are merged here.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from functions.conversations import layout
from functions.conversations.fold import PROVIDER
from functions.conversations.model import StoredMessage
from functions.conversations.progress import PENDING, all_taken, noted, part_taken, reported, requeued
from functions.conversations.store import Store, persist
from functions.message import Delivery, Receipt
from functions.ports import Entity, Op, Write

COPY = "copy"  # the kind of an echo that turned out to be a message of ours: it is shown no more
Change = Callable[[StoredMessage], StoredMessage]


class Progress:
    """Records how far a message has come. Every method raises NotFound for an unknown message."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def attempted(self, message: str, at: datetime | None) -> StoredMessage:
        """Note that a provider call is about to be made; None: that there was none after all."""
        return await self._change(message, lambda found: found.model_copy(update={"attempted_at": at}))

    async def part_taken(self, message: str, provider_id: str) -> StoredMessage:
        """Note that one call of several was taken: its attempt has its outcome."""

        def change(found: StoredMessage) -> StoredMessage:
            return part_taken(found, provider_id).model_copy(update={"attempted_at": None})

        return await self._change(message, change, [provider_id])

    async def all_taken(self, message: str, provider_ids: Iterable[str]) -> StoredMessage:
        """Note that every call was taken."""
        ids, now = list(provider_ids), self._clock()

        def change(found: StoredMessage) -> StoredMessage:
            return all_taken(found, ids).model_copy(update={"sent_at": found.sent_at or now})

        return await self._change(message, change, ids)

    async def ended(self, message: str, state: Delivery, code: str, reason: str) -> StoredMessage:
        """Note that the pending calls failed, or that nobody knows."""
        return await self._change(message, lambda found: noted(found, PENDING, state, code, reason))

    async def again(self, message: str) -> StoredMessage:
        """Queue a message once more that had failed; any other stays as it is."""

        def change(found: StoredMessage) -> StoredMessage:
            return requeued(found) if found.delivery is Delivery.FAILED else found

        return await self._change(message, change)

    async def _change(self, message: str, change: Change, provider_ids: Iterable[str] = ()) -> StoredMessage:
        where, _ = layout.message_place(message)
        keys = [layout.provider_key(provider_id) for provider_id in provider_ids if provider_id]

        async def attempt() -> StoredMessage:
            found, etag = await self._store.message(message)
            rows = await self._store.present(where.partition, keys)
            copies = await self._copies(message, rows)
            after = change(found)
            for early in [*_receipts(rows), *_reports(copies)]:
                after = reported(after, early)
            names = [_name(where.partition, key, message, rows.get(key)) for key in keys]
            ops = [op for op in names if op] + [_hidden(copy, etag) for copy, etag in copies]
            if after != found:
                ops.append(Op(Write.REPLACE, layout.message_row(after, etag)))
            if ops:
                await self._store.table.commit(ops)
            return after

        return await persist(attempt)

    async def _copies(self, message: str, rows: Mapping[str, Entity]) -> list[tuple[StoredMessage, str]]:
        """Find the echoes that were stored before we knew that they are this message."""
        others = {layout.named(row) for row in rows.values()} - {"", message}
        found = [await self._store.message(other) for other in sorted(others)]
        return [(copy, etag) for copy, etag in found if copy.author == PROVIDER]


def _receipts(rows: Mapping[str, Entity]) -> list[Receipt]:
    return [layout.read(Receipt, row) for row in rows.values() if not layout.named(row)]


def _reports(copies: Iterable[tuple[StoredMessage, str]]) -> list[Receipt]:
    return [
        Receipt(
            state=copy.delivery,
            message=copy.provider_message_id,
            code=copy.delivery_code,
            reason=copy.delivery_reason,
        )
        for copy, _ in copies
        if copy.delivery
    ]


def _name(partition: str, key: str, message: str, row: Entity | None) -> Op | None:
    if row is None:
        return Op(Write.INSERT, layout.named_row(partition, key, message))
    if layout.named(row) == message:
        return None
    return Op(Write.REPLACE, layout.named_row(partition, key, message, row.etag))


def _hidden(copy: StoredMessage, etag: str) -> Op:
    empty = {"kind": COPY, "text": "", "attachments": (), "raw": None}
    return Op(Write.REPLACE, layout.message_row(copy.model_copy(update=empty), etag))
