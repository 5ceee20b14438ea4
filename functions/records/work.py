"""Changes of records, on their way from the queue: into the record store, and into the work items they are.

read the row ── again at its system, where a change told too little ── merge what is new
→ the record store, by which the next customer is recognised
→ the conversation about the record: opened by the intake rules, noted in, closed with the record
→ keep the row: last, so that a batch that comes again finds the same news
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.channels.records.change import RecordChange, RecordMessage
from functions.configuration.document import Record
from functions.configuration.live import Live
from functions.configuration.recordtables import QUEUE_ITEM, RecordTable
from functions.conversations.opening import Opening, Received
from functions.conversations.threads import Threads
from functions.identity.records import Records
from functions.intake.outbox import Outbox
from functions.message import Inbound
from functions.records.intake import Matter, opening
from functions.records.mapping import record_of
from functions.records.notes import note
from functions.records.queues import Queues
from functions.records.reader import RecordReader
from functions.records.row import Row, news
from functions.records.rows import Rows
from functions.records.source import Source

RESOLVED, DELETED = "resolved", "deleted"  # how a record ends: the payload of its last note
log = logging.getLogger("monikanava.records")


@dataclass(frozen=True, slots=True)
class Step:
    """A change that came, as it was understood: the row after it, and the columns that are news."""

    item: Inbound
    change: RecordChange
    row: Row
    columns: tuple[str, ...]
    known: bool  # the record was known before
    read: bool  # the row was read again


class RecordWork:
    """Takes changes of records; every method raises Unavailable when a table or the reader is down."""

    def __init__(
        self,
        rows: Rows,
        records: Records,
        threads: Threads,
        reader: RecordReader,
        outbox: Outbox,
        clock: Callable[[], datetime],
    ) -> None:
        self._rows = rows
        self._records = records
        self._threads = threads
        self._source = Source(rows, records, reader)
        self._queues = Queues(rows, self._source, outbox)
        self._clock = clock

    async def receive(self, items: Sequence[Inbound], live: Live) -> Received | None:
        """Take the changes of one record in order; None when they were no work of anybody's.

        Raises pydantic's ValidationError for an item that holds no change.
        """
        read = [(item, RecordChange.model_validate(item.raw)) for item in items]
        first = read[0][1]
        if first.entity == QUEUE_ITEM:
            await self._queues.receive(read, live)
            return None
        table = live.document.record_table(first.entity)
        row = await self._rows.get(first.entity, first.id)
        steps: list[Step] = []
        for item, change in read:
            steps.append(await self._step(item, change, row, table))
            row = steps[-1].row
        known = await self._records.get(first.entity, first.id)
        await self._feed(record_of(steps[-1].row, table, known), steps[-1].row)
        received = await self._tell(steps, table, known, live)
        await self._rows.keep(steps[-1].row)
        return received

    async def _step(self, item: Inbound, change: RecordChange, row: Row | None, table: RecordTable) -> Step:
        before = row or Row(entity=change.entity, id=change.id)
        after, change, read = await self._source.merge(item, change, before, table)
        return Step(item, change, after, news(before, after, change), row is not None, read)

    async def _feed(self, record: Record, row: Row) -> None:
        if row.deleted_at is None:
            await self._records.put(record)
        else:
            await self._records.delete(record.entity, record.id)

    async def _tell(
        self, steps: Sequence[Step], table: RecordTable, known: Record | None, live: Live
    ) -> Received | None:
        told = {step.item.id: step for step in steps if _is_told(step, table)}
        if not told:
            return None
        items = [_noted(step, table) for step in told.values()]

        async def open_work(item: Inbound) -> Opening | None:
            step = told[item.id]
            if not step.row.is_active(table):
                return None
            record = record_of(step.row, table, known)
            customer = await self._source.customer(item, record, live.document)
            matter = Matter(step.change, step.row, record, customer, step.columns)
            return opening(live, item, matter, self._clock())

        received = await self._threads.receive(items, open_work, live.auto_close)
        log.info(
            "record: entity=%s id=%s notes=%d opened=%d",
            *(steps[0].change.entity, steps[0].change.id, len(received.stored), len(received.opened)),
        )
        return received


def _is_told(step: Step, table: RecordTable) -> bool:
    """Tell whether a work item hears of it: of every end, and of what is news and not our own doing."""
    if not step.row.is_active(table):
        return True
    if step.change.passive:
        return False
    # Who reconciles tells of a creation again: of a known record only what differs is news.
    return bool(step.columns) or not (
        step.known or (step.change.message is RecordMessage.OTHER and not step.read)
    )


def _noted(step: Step, table: RecordTable) -> Inbound:
    """Give the item as agents read it, without what they need not."""
    ended = DELETED if step.row.deleted_at else RESOLVED
    return step.item.model_copy(
        update={
            "text": note(step.change, step.row, step.columns),
            "payload": "" if step.row.is_active(table) else ended,
            "raw": None,
        }
    )
