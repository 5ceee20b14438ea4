"""A table service that has very many records: written by `Records.put`, loaded before it answers."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from tempfile import TemporaryDirectory

from functions.configuration.document import Record
from functions.identity.records import Records
from functions.ports import Entity, Op
from local.azurite import Azurite

PRELOAD = Path(__file__).with_name("fill.cjs")
HEAP = 4096  # MB: LokiJS has all rows in memory
KEYS = 7  # key rows of each record
CHUNK = 2_000  # records of a task
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def contact(number: int) -> Record:
    """Give a contact with seven match keys that no other has."""
    return Record(
        entity="contact",
        id=f"{number:08x}-0000-4000-8000-000000000000",
        name=f"Asiakas {number}",
        mobiles=(mobile(number),),
        business_phones=(f"+35820{number:07d}",),
        emails=(f"asiakas.{number}@example.com", f"asiakas.{number}@work.example.com"),
        social_ids={"telegram": (str(10**9 + number),)},
        customer_number=f"K-{number}",
        attributes={"tier": "gold"},
    )


def mobile(number: int) -> str:
    """Give a contact's mobile number; below zero it is nobody's."""
    return f"+35840{number % 10**7:07d}"


@asynccontextmanager
async def filled(records: Mapping[str, int]) -> AsyncIterator[str]:
    """Run a table service that has so many contacts in each table; give its connection string."""
    with TemporaryDirectory(prefix="monikanava-bench-") as folder:
        rows = Path(folder) / "rows"
        await asyncio.to_thread(_write, rows, max(records.values()))
        preload = Path(folder) / "preload.cjs"
        arguments = ", ".join(json.dumps(one) for one in (str(rows), dict(records)))
        preload.write_text(f"require({json.dumps(str(PRELOAD))})({arguments});")
        service = _Filled(preload)
        await service.start()
        try:
            yield service.connection_string
        finally:
            await service.stop()


class _Filled(Azurite):
    """In memory, with a preload of ours."""

    def __init__(self, preload: Path) -> None:
        super().__init__(None)
        self._preload = preload

    def _command(self) -> list[str]:
        node, *rest = super()._command()
        return [node, f"--max-old-space-size={HEAP}", "--require", str(self._preload), *rest]


class _Kept:
    """A table in memory, that hands over what was written: every record is new, and shares no key."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Entity] = {}

    async def get(self, partition: str, key: str) -> Entity | None:
        """Read a row."""
        return self.rows.get((partition, key))

    async def range(
        self, partition: str, start: str = "", end: str = "\uffff", limit: int | None = None
    ) -> list[Entity]:
        """Read nothing."""
        return []

    async def commit(self, ops: Sequence[Op]) -> None:
        """Take rows."""
        self.rows |= {(op.entity.partition, op.entity.key): op.entity for op in ops}


def _write(path: Path, records: int) -> None:
    starts = range(0, records, CHUNK)
    with (
        path.open("w") as file,
        ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn")) as workers,
    ):
        for lines in workers.map(_lines, starts, [min(CHUNK, records - start) for start in starts]):
            file.writelines(lines)


def _lines(start: int, count: int) -> list[str]:
    return asyncio.run(_put(range(start, start + count)))


async def _put(numbers: range) -> list[str]:
    lines = []
    for number in numbers:
        kept = _Kept()
        await Records(kept, lambda: NOW, lambda: "FI").put(contact(number))
        assert len(kept.rows) == KEYS + 1
        lines.append(json.dumps(list(_rows(kept.rows.values())), separators=(",", ":")) + "\n")
    return lines


def _rows(rows: Iterable[Entity]) -> Iterator[tuple[str, str, dict[str, str]]]:
    for row in rows:
        contents = {name: value for name, value in row.values.items() if isinstance(value, bytes)}
        yield row.partition, row.key, {name: b64encode(value).decode() for name, value in contents.items()}
