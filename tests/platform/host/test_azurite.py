"""Azurite is started, stopped so that it saves, and never outlives the process that started it."""

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient

from local.azurite import ACCOUNT, Azurite, Service
from tests.waiting import eventually

CHILD = """
import asyncio, sys
from pathlib import Path
from local.azurite import Azurite, Service
async def main():
    service = Azurite(Path(sys.argv[1]), service=Service(sys.argv[2]))
    await service.start()
    print(service.port, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_data_is_found_again_after_a_stop_and_a_start(tmp_path: Path) -> None:
    first = Azurite(tmp_path / "tables")
    await first.start()
    async with TableServiceClient.from_connection_string(first.connection_string) as client:
        table = await client.create_table("kept")
        await table.create_entity({"PartitionKey": "p", "RowKey": "r", "Text": "hyvää päivää"})
    await first.stop()

    second = Azurite(tmp_path / "tables")
    await second.start()
    async with TableServiceClient.from_connection_string(second.connection_string) as client:
        entity = await client.get_table_client("kept").get_entity("p", "r")
    await second.stop()
    assert entity["Text"] == "hyvää päivää"


async def test_blobs_are_found_again_after_a_stop_and_a_start(tmp_path: Path) -> None:
    first = Azurite(tmp_path / "blobs", service=Service.BLOB)
    await first.start()
    async with BlobServiceClient.from_connection_string(first.connection_string) as client:
        container = await client.create_container("kept")
        await container.upload_blob("a/b", b"\x00\xff picture")
    await first.stop()

    second = Azurite(tmp_path / "blobs", service=Service.BLOB)
    await second.start()
    async with BlobServiceClient.from_connection_string(second.connection_string) as client:
        blob = await client.get_container_client("kept").download_blob("a/b")
        content = await blob.readall()
    await second.stop()
    assert content == b"\x00\xff picture"


async def test_stop_is_quiet_when_it_is_not_running(tmp_path: Path) -> None:
    service = Azurite(tmp_path)
    await service.start()
    await service.stop()
    await service.stop()
    assert await is_gone(service.port)


@pytest.mark.parametrize("service", Service)
async def test_an_idle_connection_is_kept_longer_than_its_clients_use_it(
    tmp_path: Path, service: Service
) -> None:
    azurite = Azurite(tmp_path, service=service)
    await azurite.start()
    url = f"http://127.0.0.1:{azurite.port}/{ACCOUNT}"
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        kept = answer.headers["Keep-Alive"]
    await azurite.stop()
    assert kept == "timeout=30"


@pytest.mark.parametrize("service", Service)
async def test_it_ends_with_the_process_that_started_it(tmp_path: Path, service: Service) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, str(tmp_path), service),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert parent.stderr is not None
    port = int(await parent.stdout.readline())
    assert not await is_gone(port)
    parent.kill()
    await parent.wait()
    await eventually(lambda: is_gone(port))
    assert await parent.stderr.read() == b"", "it says nothing in the end"


async def test_what_it_was_told_is_kept_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, str(tmp_path), "table"), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    former = Azurite(tmp_path)
    former.port = int(await parent.stdout.readline())
    async with TableServiceClient.from_connection_string(former.connection_string) as client:
        await (await client.create_table("kept")).create_entity({"PartitionKey": "p", "RowKey": "r"})
    parent.kill()
    await parent.wait()
    await eventually(lambda: is_gone(former.port))

    second = Azurite(tmp_path)
    await second.start()
    async with TableServiceClient.from_connection_string(second.connection_string) as client:
        entity = await client.get_table_client("kept").get_entity("p", "r")
    await second.stop()
    assert entity["RowKey"] == "r"


async def is_gone(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    await writer.wait_closed()
    return False
