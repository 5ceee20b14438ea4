"""Gaps: a customer whom the record store does not know is looked up while their conversation opens.

At most three requests for an environment (who has the number or address; then their cases; then the queue of
the only one), in two seconds altogether. Whatever fails, the conversation opens without; agents can link.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from functions.channels.records.change import RecordChange
from functions.configuration.document import Document, Record
from functions.configuration.recordtables import QUEUE_ITEM, RecordTable
from functions.dataverse import odata
from functions.dataverse.changes import change_of, columns, has_id
from functions.dataverse.client import Refused, Row
from functions.dataverse.environments import Environments, LiveOf, Reached
from functions.dataverse.odata import Filter, Op, Query, compared, either, every
from functions.dataverse.shapes import Shape
from functions.dataverse.spellings import spellings
from functions.errors import MonikanavaError, NotFound
from functions.identity.keys import CASE, CUSTOMERS
from functions.identity.ranks import Clues
from functions.identity.records import Records
from functions.records.mapping import record_of
from functions.records.queues import OBJECT, moves
from functions.records.row import Row as KnownRow
from functions.records.row import merged
from functions.records.rows import Rows

SECONDS = 2.0
QUIET = timedelta(seconds=30)  # nobody is looked up for so long after a failure
MOST = 5  # rows of a table: two are ambiguous already
log = logging.getLogger("monikanava.dataverse")


class Gaps:
    """Looks customers up in the environments whose accounts say `lookUp`."""

    def __init__(
        self,
        environments: Environments,
        live: LiveOf,
        rows: Rows,
        records: Records,
        clock: Callable[[], datetime],
    ) -> None:
        self._environments = environments
        self._live = live
        self._rows = rows
        self._records = records
        self._clock = clock
        self._quiet_until: dict[str, datetime] = {}  # by account

    async def fill(self, clues: Clues) -> bool:
        """Look a customer up; tell whether the record store has come to know more. Never raises."""
        if not (wanted := _wanted(clues)):
            return False
        try:
            reached = await self._environments.those(lambda settings: settings.look_up)
            document = (await self._live()).document
        except MonikanavaError as error:
            log.warning("nobody was looked up: %s", error.reason)
            return False
        return any(await asyncio.gather(*(self._look(one, wanted, document) for one in reached)))

    async def _look(self, where: Reached, wanted: Mapping[str, Sequence[str]], document: Document) -> bool:
        """Look in one environment; one that fails is left in peace for a while, and holds up no other."""
        account = where.account.id
        if (until := self._quiet_until.get(account)) and self._clock() < until:
            return False
        try:
            async with asyncio.timeout(SECONDS):
                return await self._ask(where, wanted, document)
        except (MonikanavaError, TimeoutError) as error:
            reason = error.reason if isinstance(error, MonikanavaError) else "it took too long"
            log.warning("nobody was looked up: account=%s: %s", account, reason)
        except Exception as error:
            log.error("nobody was looked up: account=%s error=%s", account, type(error).__name__)
        self._quiet_until[account] = self._clock() + QUIET
        return False

    async def _ask(self, where: Reached, wanted: Mapping[str, Sequence[str]], document: Document) -> bool:
        tables = [document.record_table(entity) for entity in sorted(CUSTOMERS)]
        shapes = [await where.shapes.of(table.entity) for table in tables]
        asked = [
            (table, shape, condition)
            for table, shape in zip(tables, shapes, strict=True)
            if (condition := _condition(table, shape, wanted))
        ]
        found = await self._read(where, asked)
        if len(found) == 1:
            cases = await self._read(where, await _cases(where, found[0], document))
            if len(cases) == 1:
                await self._queue(where, cases[0], document)
        log.info("looked up: account=%s found=%d", where.account.id, len(found))
        return bool(found)

    async def _read(self, where: Reached, asked: Sequence[tuple[RecordTable, Shape, Filter]]) -> list[Record]:
        if not asked:
            return []
        queries = [
            Query(columns(shape, table), condition, top=MOST).address(shape.collection)
            for table, shape, condition in asked
        ]
        found = await where.client.batch(queries)
        kept = [
            self._keep(row, table, shape)
            for (table, shape, _), rows in zip(asked, found, strict=True)
            for row in rows or ()
            if has_id(row, shape)
        ]
        return list(await asyncio.gather(*kept))

    async def _queue(self, where: Reached, case: Record, document: Document) -> None:
        """Learn in which queue a case lies, if we may read that."""
        try:
            shape = await where.shapes.of(QUEUE_ITEM)
        except (NotFound, Refused):
            return
        table = document.record_table(QUEUE_ITEM)
        about = [compared(one, Op.EQUAL, odata.guid(case.id)) for one in shape.select((OBJECT,))]
        if not about:
            return
        query = Query(columns(shape, table), every([*about, *_active(table, shape)]), top=MOST)
        [found] = await where.client.batch([query.address(shape.collection)])
        for row in found or ():
            if has_id(row, shape):
                await self._keep_item(change_of(row, shape, None), document)

    async def _keep_item(self, change: RecordChange, document: Document) -> None:
        table, before = document.record_table(QUEUE_ITEM), KnownRow(entity=QUEUE_ITEM, id=change.id)
        after = merged(before, change, table, change.at or self._clock())
        for move in moves(before, after, change, document):
            await self._take(move, document.record_table(move.entity))
        await self._rows.keep(after)

    async def _keep(self, row: Row, table: RecordTable, shape: Shape) -> Record:
        return await self._take(change_of(row, shape, None), table)

    async def _take(self, change: RecordChange, table: RecordTable) -> Record:
        held = await self._rows.get(change.entity, change.id)
        after = merged(
            held or KnownRow(entity=change.entity, id=change.id), change, table, change.at or self._clock()
        )
        record = await self._records.put(record_of(after, table, None))
        await self._rows.keep(after)
        return record


def _wanted(clues: Clues) -> dict[str, list[str]]:
    members = clues.person.members
    phones = [number for one in members if one.phone.startswith("+") for number in spellings(one.phone)]
    found = {"phones": phones, "emails": [one.email for one in members if one.email]}
    return {kind: list(dict.fromkeys(values)) for kind, values in found.items() if values}


def _condition(table: RecordTable, shape: Shape, wanted: Mapping[str, Sequence[str]]) -> Filter | None:
    where = {"phones": (*table.mobiles, *table.business_phones, *table.phones), "emails": table.emails}
    matches = [
        compared(column, Op.EQUAL, value)
        for kind, values in wanted.items()
        for column in shape.select(where[kind])
        for value in values
    ]
    return every([either(matches), *_active(table, shape)]) if matches else None


def _active(table: RecordTable, shape: Shape) -> list[Filter]:
    values = [
        compared(column, Op.EQUAL, int(value))
        for column in shape.select((table.active.column,))
        for value in table.active.values
        if value.isascii() and value.isdigit()
    ]
    return [either(values)] if values else []


async def _cases(
    where: Reached, customer: Record, document: Document
) -> list[tuple[RecordTable, Shape, Filter]]:
    table, shape = document.record_table(CASE), await where.shapes.of(CASE)
    owned = [compared(one, Op.EQUAL, odata.guid(customer.id)) for one in shape.select(table.customer)]
    return [(table, shape, every([either(owned), *_active(table, shape)]))] if owned else []
