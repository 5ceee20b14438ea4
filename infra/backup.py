"""The service's tables as files, a row in each line, and back: Table Storage has no backup of its own.

https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model. A copy of an
app that runs is none of one moment; docs/runbook.md tells what that means. Files that customers sent are in
Blob Storage, which has other means.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import EdmType, EntityProperty, TableClient, TableServiceClient, UpdateMode
from azure.identity import DefaultAzureCredential

MOST_ROWS, MOST_BYTES = 100, 2_000_000  # of a transaction; Azure takes 4 MiB in its own, longer spelling


class CannotRestore(Exception):
    """There are no files, or a table has rows already: old ones would be mixed with newer ones."""


def connect(where: str) -> TableServiceClient:
    """Connect to an endpoint's URL as who is signed in (az, azd), or to a connection string."""
    if where.startswith("https://"):
        return TableServiceClient(where, credential=DefaultAzureCredential())
    return TableServiceClient.from_connection_string(where)


def save(service: TableServiceClient, tables: Iterable[str], folder: Path) -> Iterator[tuple[str, int]]:
    """Write each table to a file of its name, and tell it with its number of rows; one not there has none."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in tables:
        partial = folder / f"{name}.partial"
        with partial.open("w") as file:
            count = sum(file.write(line) > 0 for line in _lines(service.get_table_client(name)))
        partial.rename(folder / f"{name}.jsonl")  # a file of this name is whole
        yield name, count


def restore(service: TableServiceClient, folder: Path) -> Iterator[tuple[str, int]]:
    """Write each file's rows to the table of its name. Raises CannotRestore before anything is written."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise CannotRestore(f"there are no files of tables in {folder}")
    if full := [path.stem for path in files if next(_lines(service.get_table_client(path.stem)), "")]:
        raise CannotRestore(f"these tables have rows: {', '.join(full)}")
    for path in files:
        table = service.create_table_if_not_exists(path.stem)
        with path.open() as file:
            yield path.stem, sum(_written(table, rows) for rows in _batches(file))


def _lines(table: TableClient) -> Iterator[str]:
    try:
        for row in table.list_entities():
            values = {name: _plain(value) for name, value in row.items()}
            yield json.dumps(values, separators=(",", ":")) + "\n"
    except ResourceNotFoundError:
        return


def _batches(lines: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
    """Put neighbours of a partition together, as many as a transaction takes."""
    rows = ((line, {name: _typed(value) for name, value in json.loads(line).items()}) for line in lines)
    for _, partition in groupby(rows, lambda row: row[1]["PartitionKey"]):
        batch: list[dict[str, Any]] = []
        size = 0
        for line, row in partition:
            if batch and (len(batch) == MOST_ROWS or size + len(line) > MOST_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(row)
            size += len(line)
        yield batch


def _written(table: TableClient, rows: list[dict[str, Any]]) -> int:
    table.submit_transaction([("upsert", row, {"mode": UpdateMode.REPLACE}) for row in rows])
    return len(rows)


def _plain(value: Any) -> Any:
    """Give what JSON has, with a type beside it where that would be lost."""
    if isinstance(value, bytes):
        return {EdmType.BINARY.value: b64encode(value).decode()}
    if isinstance(value, datetime):
        return {EdmType.DATETIME.value: value.isoformat()}
    if isinstance(value, EntityProperty):
        return {EdmType(value.edm_type).value: str(value.value)}
    return value


TYPES: Mapping[str, Callable[[str], Any]] = {
    EdmType.BINARY.value: b64decode,
    EdmType.DATETIME.value: datetime.fromisoformat,
    EdmType.INT64.value: lambda text: EntityProperty(int(text), EdmType.INT64),
}


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        ((name, text),) = value.items()
        return TYPES[name](text)
    return value
