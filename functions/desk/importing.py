"""Many business records at once, as JSON lines (https://jsonlines.org): for who has no Dataverse."""

from collections.abc import Iterable, Iterator
from functools import partial

from pydantic import ValidationError

from functions.configuration.document import Record
from functions.configuration.recordtables import EntityName
from functions.conversations.listing import bounded
from functions.desk.call import Call, JsonLines, Nothing, Reply
from functions.desk.problems import faulty
from functions.desk.records import RecordChange, RecordId
from functions.errors import Invalid
from functions.identity.records import Records
from functions.message import Model
from functions.services import Services


class RecordLine(RecordChange):
    """A line: a record with its name."""

    entity: EntityName
    id: RecordId


class LineResult(Model):
    """What became of a line, counted from 1: its record was written, or `error` says why not."""

    line: int
    record: str = ""
    error: str = ""


class Imported(Model):
    """What became of all lines, in their order; empty ones are left out."""

    written: int
    refused: int
    lines: tuple[LineResult, ...]


async def import_records(call: Call[Nothing, JsonLines], services: Services) -> Reply[Imported]:
    """Write a record for each line, in place of the former one; a line that is refused stops no other."""
    found = [_read(number, text) for number, text in _lines(call.body.text)]
    refused = [one for one in found if isinstance(one, LineResult)]
    read = [one for one in found if not isinstance(one, LineResult)]
    written = await bounded([partial(_write, services.records, lines) for lines in _by_record(read)])
    results = sorted((*refused, *(one for some in written for one in some)), key=lambda one: one.line)
    errors = sum(bool(one.error) for one in results)
    return Reply(Imported(written=len(results) - errors, refused=errors, lines=tuple(results)))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    # Not splitlines: JSON's texts may hold other separators than a line feed.
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _read(number: int, text: str) -> tuple[int, Record] | LineResult:
    try:
        return number, Record(**dict(RecordLine.model_validate_json(text, strict=True)))
    except ValidationError as error:
        return LineResult(line=number, error=faulty("line", error).reason)


def _by_record(read: Iterable[tuple[int, Record]]) -> list[list[tuple[int, Record]]]:
    """Put lines of one record together: they are written one after the other."""
    groups: dict[tuple[str, str], list[tuple[int, Record]]] = {}
    for number, record in read:
        groups.setdefault((record.entity, record.id), []).append((number, record))
    return list(groups.values())


async def _write(records: Records, lines: Iterable[tuple[int, Record]]) -> list[LineResult]:
    return [await _one(records, number, record) for number, record in lines]


async def _one(records: Records, number: int, record: Record) -> LineResult:
    name = f"{record.entity}/{record.id}"
    try:
        await records.put(record)
    except Invalid as refused:
        return LineResult(line=number, record=name, error=refused.reason)
    return LineResult(line=number, record=name)
