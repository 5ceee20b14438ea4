"""What is not known here of a record, asked of the system that has it."""

from functions.channels.records.change import RecordChange, RecordMessage
from functions.configuration.document import Document, Record
from functions.configuration.recordtables import RecordTable
from functions.errors import NotFound, Unavailable
from functions.identity.keys import CUSTOMERS
from functions.identity.records import Records
from functions.message import Inbound
from functions.records.mapping import record_of
from functions.records.reader import RecordReader
from functions.records.row import Row, merged
from functions.records.rows import Rows


class Source:
    """Every method raises Unavailable when a table, or the system, does not answer."""

    def __init__(self, rows: Rows, records: Records, reader: RecordReader) -> None:
        self._rows = rows
        self._records = records
        self._reader = reader

    async def merge(
        self, item: Inbound, change: RecordChange, row: Row, table: RecordTable
    ) -> tuple[Row, RecordChange, bool]:
        """Give the row after a change, that change, and whether the row was read again: gone is deleted."""
        at = change.at or item.received_at
        after = merged(row, change, table, at)
        if change.message is RecordMessage.DELETE or not (change.partial or not after.whole):
            return after, change, False
        found = await self.read_again(item.account, change)
        if found is None:
            return after, change, False
        gone = found.message is RecordMessage.DELETE
        return merged(after, found, table, at), found if gone else change, True

    async def read_again(self, account: str, change: RecordChange) -> RecordChange | None:
        """Give the change with all of its row; a deletion when it is gone, None when nobody can tell.

        A change that is not partial can do without: then a system that is down does not hold it up.
        """
        try:
            found = await self._reader.read(account, change.entity, change.id)
        except NotFound:
            return None
        except Unavailable:
            if change.partial:
                raise
            return None
        if found is None:
            return change.model_copy(update={"message": RecordMessage.DELETE, "attributes": {}})
        return change.model_copy(update={"attributes": found, "whole": True})

    async def customer(self, item: Inbound, record: Record, document: Document) -> Record | None:
        """Give the record's customer: itself, or whom it names; one not known yet is read, and kept."""
        if not document.record_table(record.entity).customer:
            return record if record.entity in CUSTOMERS else None
        entity, _, id_ = record.customer.partition("/")
        if not id_:
            return None
        return await self._records.get(entity, id_) or await self._fetched(item, entity, id_, document)

    async def _fetched(self, item: Inbound, entity: str, id_: str, document: Document) -> Record:
        wanted = RecordChange(message=RecordMessage.OTHER, entity=entity, id=id_)
        read = await self.read_again(item.account, wanted)
        if read is None or read.message is RecordMessage.DELETE:
            return Record(entity=entity, id=id_)
        table = document.record_table(entity)
        row = merged(Row(entity=entity, id=id_), read, table, item.sent_at or item.received_at)
        await self._rows.keep(row)
        return await self._records.put(record_of(row, table, None))
