"""The runbook's backup: every type of a value comes back, and a customer goes on where the copy ended."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from functions.cloud.tables import Tables, open_tables
from functions.ports import Entity, Op, Value, Write
from local.azurite import Azurite
from local.child import ROOT
from local.desk import Desk, Json
from local.platform import Platform
from tests.operations.test_docs import RUNBOOK
from tests.scenarios.texting import CONFIGURATION, Texting, number, sid
from tests.waiting import eventually

VALUES: dict[str, Value] = {
    "text": "ä\nö 😀",
    "empty": "",
    "small": -1,
    "large": 2**53 + 1,
    "real": 1.0,
    "yes": True,
    "bytes": bytes(range(256)),
    "time": datetime(2026, 2, 3, 4, 5, 6, 789, UTC),
}


async def infra(command: str, folder: Path, connection: str) -> tuple[int, str]:
    """Run a command of the page; give its exit code and what it said."""
    assert f".venv/bin/python -m infra {command} FOLDER" in RUNBOOK
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra", command, str(folder)),
        cwd=ROOT,
        env={**os.environ, "TABLES_CONNECTION_STRING": connection},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest_asyncio.fixture
async def azurite(tmp_path: Path) -> AsyncIterator[Azurite]:
    started = Azurite(tmp_path / "azurite")
    await started.start()
    yield started
    await started.stop()


async def _fill(tables: Tables, rows: int) -> None:
    threads = tables.table("threads")
    entities = [Entity("many", f"{place:04}", VALUES) for place in range(rows)]
    for start in range(0, rows, 100):
        await threads.commit([Op(Write.UPSERT, one) for one in entities[start : start + 100]])
    await tables.table("marks").commit([Op(Write.UPSERT, Entity("one", "1", {"body": "x" * 30_000}))])


async def test_rows_come_back_as_they_were(azurite: Azurite, tmp_path: Path) -> None:
    tables = open_tables(azurite.connection_string)
    await _fill(tables, 250)
    code, said = await infra("backup", tmp_path / "copy", azurite.connection_string)
    assert code == 0, said
    assert "threads: 250 rows" in said
    other = Azurite(tmp_path / "other")
    await other.start()
    code, said = await infra("restore", tmp_path / "copy", other.connection_string)
    assert code == 0, said
    restored = open_tables(other.connection_string)
    rows = await restored.table("threads").range("many")
    assert [row.key for row in rows] == [f"{place:04}" for place in range(250)]
    assert {name: type(value) for name, value in rows[0].values.items()} == {
        name: type(value) for name, value in VALUES.items()
    }
    assert rows[0].values == VALUES
    assert len(await restored.table("marks").range("one")) == 1
    await tables.close()
    await restored.close()
    await other.stop()


async def test_newer_rows_are_not_mixed_with_old_ones(azurite: Azurite, tmp_path: Path) -> None:
    tables = open_tables(azurite.connection_string)
    await _fill(tables, 3)
    await infra("backup", tmp_path / "copy", azurite.connection_string)
    await tables.table("threads").commit([Op(Write.DELETE, Entity("many", "0001", {}))])
    code, said = await infra("restore", tmp_path / "copy", azurite.connection_string)
    assert (code, said) == (1, "these tables have rows: marks, threads\n")
    assert len(await tables.table("threads").range("many")) == 2
    await tables.close()


async def test_a_folder_without_a_copy_is_no_success(tmp_path: Path) -> None:
    """A mistyped one would leave the tables empty, and say nothing."""
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a"
    code, said = await infra("restore", tmp_path / "copi", nowhere)
    assert (code, said) == (1, f"there are no files of tables in {tmp_path / 'copi'}\n")


@pytest.mark.parametrize("command", ["backup", "restore"])
async def test_who_names_no_tables_is_told_what_is_missing(command: str, tmp_path: Path) -> None:
    code, said = await infra(command, tmp_path, "")
    assert code == 1
    assert said.startswith("AZURE_TABLES_ENDPOINT must tell")


async def test_a_customer_goes_on_where_the_copy_ended(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with Platform(tmp_path / "lost") as platform, aiohttp.ClientSession() as http:
        await platform.configure(CONFIGURATION)
        await Texting(platform.url, http).say(number(1), sid(1, 0), "Hei")
        before = await told(platform, 1)
        await infra("backup", copy, platform.tables.connection_string)
    tables = Azurite(tmp_path / "new" / "tables")  # the apps stand still: their timers would write rows
    await tables.start()
    code, said = await infra("restore", copy, tables.connection_string)
    assert code == 0, said
    await tables.stop()
    async with Platform(tmp_path / "new") as platform, aiohttp.ClientSession() as http:
        texting = Texting(platform.url, http)
        await texting.repeat(number(1), sid(1, 0), "Hei")  # Twilio missed our answer before
        await texting.say(number(1), sid(1, 1), "Still there?")
        assert (await told(platform, 2))[:1] == before


async def told(platform: Platform, messages: int) -> list[Json]:
    """Wait for so many messages of the one conversation."""
    async with Desk(platform.url, platform.issuer.token("Administrator", "test")) as desk:

        async def there() -> bool:
            found = await desk.conversations()
            return (
                bool(found) and len(await desk.items(f"conversations/{found[0]['id']}/messages")) == messages
            )

        await eventually(there)
        (conversation,) = await desk.conversations()
        return await desk.items(f"conversations/{conversation['id']}/messages")
