"""Queues: a record's queue in Dataverse is no column of its own, but rows of `queueitem` that refer to it.

What such a row tells becomes a change of the record it is about, on that record's way and in its order: a
column `queueitem.ID` with the queue, empty when the item has left it. The latest of them is its `queueid`.
https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/queueitem
"""

from collections.abc import Iterator, Sequence

from functions.channels.records.change import RecordChange, RecordMessage, RecordValue, thread_of
from functions.configuration.document import Document
from functions.configuration.live import Live
from functions.configuration.recordtables import QUEUE_ITEM, STANDARD_TABLES, RecordTable
from functions.intake.envelope import inbound_envelope
from functions.intake.outbox import Outbox
from functions.message import Inbound
from functions.records.row import ITEM, QUEUE, Row
from functions.records.rows import Rows
from functions.records.source import Source

OBJECT = "objectid"


class Queues:
    """Passes on what queue items tell; raises Unavailable when a table, the reader or the queue is down."""

    def __init__(self, rows: Rows, source: Source, outbox: Outbox) -> None:
        self._rows = rows
        self._source = source
        self._outbox = outbox

    async def receive(self, read: Sequence[tuple[Inbound, RecordChange]], live: Live) -> None:
        """Take the changes of one queue item in order."""
        table = live.document.record_table(QUEUE_ITEM)
        first = read[0][1]
        row = await self._rows.get(QUEUE_ITEM, first.id) or Row(entity=QUEUE_ITEM, id=first.id)
        told: list[Inbound] = []
        for item, change in read:
            before, row = row, await self._after(item, change, row, table)
            told += [_about(item, one) for one in moves(before, row, change, live.document)]
        await self._outbox.send(f"inbound-{read[0][0].channel}", [inbound_envelope(one) for one in told])
        # Last, so that a batch that comes again finds the same news.
        await self._rows.keep(row)

    async def _after(self, item: Inbound, change: RecordChange, row: Row, table: RecordTable) -> Row:
        after, change, read = await self._source.merge(item, change, row, table)
        nameless = after.is_active(table) and not after.value(QUEUE).name
        if nameless and not read and (found := await self._source.read_again(item.account, change)):
            after, _, _ = await self._source.merge(item, found, after, table)
        return after


def moves(before: Row, after: Row, change: RecordChange, document: Document) -> Iterator[RecordChange]:
    """Say of each record that the item was or is about whether it lies in its queue; nothing if it stays."""
    table = document.record_table(QUEUE_ITEM)
    if before.cells and _state(before, table) == _state(after, table):
        return
    told = change.attributes.get(OBJECT, RecordValue())  # of a deletion, by its image
    now = after.value(OBJECT)
    objects = {(one.entity, one.value) for one in (before.value(OBJECT), now, told)}
    for entity, id_ in sorted(objects):
        if id_ and _is_known(entity, document):
            here = after.is_active(table) and (entity, id_) == (now.entity, now.value)
            yield RecordChange(
                message=RecordMessage.OTHER,
                entity=entity,
                id=id_,
                attributes={f"{ITEM}{after.id}": after.value(QUEUE) if here else RecordValue()},
                at=change.at,
                user=change.user,
                depth=change.depth,
                passive=change.passive,
            )


def _state(row: Row, table: RecordTable) -> tuple[RecordValue, RecordValue, bool]:
    return row.value(OBJECT).model_copy(update={"name": ""}), row.value(QUEUE), row.is_active(table)


def _is_known(entity: str, document: Document) -> bool:
    known = {*STANDARD_TABLES, *(table.entity for table in document.record_tables)}
    return entity in known - {QUEUE_ITEM}


def _about(item: Inbound, change: RecordChange) -> Inbound:
    thread = thread_of(change.entity, change.id)
    raw = change.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return item.model_copy(update={"thread": thread, "event": f"{item.event}:{thread}", "raw": raw})
