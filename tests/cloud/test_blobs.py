"""Blobs over the real SDK and Azurite: kept, read back, listed, deleted, and what happens when it is down."""

import io
import tempfile
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from azure.storage.blob.aio import BlobServiceClient

from functions.cloud import blobs as module
from functions.cloud.blobs import BLOCK, AzureBlobs
from functions.errors import NotFound, TooLarge, Unavailable
from local.azurite import Azurite


@pytest_asyncio.fixture
async def blobs(blob_service: Azurite) -> AsyncIterator[AzureBlobs]:
    """A container of its own, not yet there."""
    opened = AzureBlobs(blob_service.connection_string, container=f"t{uuid4().hex}")
    yield opened
    await opened.close()


async def test_a_content_is_read_back_with_its_type(blobs: AzureBlobs, blob_service: Azurite) -> None:
    await blobs.put("thread/message/0", io.BytesIO(b"hei"), 3, "text/plain")
    assert await blobs.get("thread/message/0", 3) == b"hei"
    async with BlobServiceClient.from_connection_string(blob_service.connection_string) as client:
        blob = client.get_blob_client(blobs._name, "thread/message/0")
        assert (await blob.get_blob_properties()).content_settings.content_type == "text/plain"


async def test_a_large_file_goes_in_blocks_and_the_second_replaces_the_first(blobs: AzureBlobs) -> None:
    size = 2 * BLOCK + 7
    with tempfile.SpooledTemporaryFile(max_size=1024) as file:
        file.write(b"x" * size)
        await blobs.put("large", file, size, "application/octet-stream")
    assert len(await blobs.get("large", size)) == size
    await blobs.put("large", io.BytesIO(b"small"), 5, "text/plain")
    assert await blobs.get("large", 5) == b"small"


async def test_what_is_over_the_limit_is_not_read(blobs: AzureBlobs) -> None:
    await blobs.put("a", io.BytesIO(b"four"), 4, "text/plain")
    with pytest.raises(TooLarge):
        await blobs.get("a", 3)


async def test_names_begin_with_the_prefix(blobs: AzureBlobs) -> None:
    for name in ("m1/0", "m1/1", "m10/0"):
        await blobs.put(name, io.BytesIO(b""), 0, "text/plain")
    assert await blobs.names("m1/") == ["m1/0", "m1/1"]


async def test_what_is_not_there_is_not_found_and_deleted_well(blobs: AzureBlobs) -> None:
    assert await blobs.names("") == []
    with pytest.raises(NotFound):
        await blobs.get("no", 1)
    await blobs.delete("no")
    await blobs.put("yes", io.BytesIO(b"1"), 1, "text/plain")
    await blobs.delete("yes")
    await blobs.delete("yes")
    with pytest.raises(NotFound):
        await blobs.get("yes", 1)


async def test_a_service_that_is_down_is_unavailable(blob_service: Azurite) -> None:
    down = blob_service.connection_string.replace(f":{blob_service.port}/", ":1/")
    blobs = AzureBlobs(down)
    for work in (
        blobs.get("a", 1),
        blobs.delete("a"),
        blobs.names("a"),
        blobs.put("a", io.BytesIO(b"1"), 1, "text/plain"),
    ):
        with pytest.raises(Unavailable, match="does not answer"):
            await work
    await blobs.close()


async def test_a_silent_service_is_given_up_in_time(
    blobs: AzureBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEADLINE", 0.0001)
    with pytest.raises(Unavailable, match="does not answer"):
        await blobs.get("a", 1)
