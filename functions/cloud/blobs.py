"""Azure Blob Storage behind `functions.ports.Blobs`: one private container for what customers send along.

Follows https://learn.microsoft.com/azure/storage/blobs/storage-blob-upload-python. The SDK is imported at the
first use: most of the app's functions never need it, and a cold start should not pay for it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError

from functions.errors import NotFound, TooLarge, Unavailable

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

CONTAINER = "media"
DEADLINE = 60.0  # seconds for one call with its retries; a large medium takes many requests
BLOCK = 1024 * 1024  # bytes of one request; a larger one would hold up the event loop, says aiohttp
PIPELINE: Mapping[str, Any] = {
    "connection_timeout": 3,
    "read_timeout": 20,
    "retry_total": 1,
    "initial_backoff": 0.2,
    "increment_base": 0,
    "random_jitter_range": 0.1,
    "max_single_put_size": BLOCK,
    "max_block_size": BLOCK,
}


class AzureBlobs:
    """`functions.ports.Blobs` on one container, which is created when its first use finds it missing.

    Takes a connection string, or the endpoint's URL with a credential. Every method raises Unavailable within
    DEADLINE when the service does not answer or refuses us.
    """

    def __init__(
        self, where: str, credential: AsyncTokenCredential | None = None, container: str = CONTAINER
    ) -> None:
        self._where = where
        self._credential = credential
        self._name = container
        self._opened: ContainerClient | None = None

    async def put(self, name: str, content: IO[bytes], size: int, content_type: str) -> None:
        """Keep `size` bytes from the start of `content`, in place of what was there."""
        from azure.storage.blob import ContentSettings  # noqa: PLC0415

        for created in (False, True):
            content.seek(0)
            try:
                async with self._guarded():
                    await self._container().upload_blob(
                        name,
                        content,
                        length=size,
                        overwrite=True,
                        content_settings=ContentSettings(content_type=content_type),
                    )
                return
            except NotFound as missing:
                if created:
                    raise Unavailable("the container for media cannot be created") from missing
                await self._create()

    async def get(self, name: str, limit: int) -> bytes:
        """Give a blob whole; raises NotFound, or TooLarge when it has over `limit` bytes."""
        async with self._guarded():
            stream = await self._container().download_blob(name)
            if stream.size > limit:
                raise TooLarge(f"the medium is over {limit:,} bytes")
            content: bytes = await stream.readall()
            return content

    async def delete(self, name: str) -> None:
        """Delete a blob; gone already is well."""
        with suppress(NotFound):
            async with self._guarded():
                await self._container().delete_blob(name)

    async def names(self, prefix: str) -> list[str]:
        """List the blobs whose names begin so."""
        try:
            async with self._guarded():
                return [name async for name in self._container().list_blob_names(name_starts_with=prefix)]
        except NotFound:
            return []

    async def close(self) -> None:
        """Close the sockets."""
        if self._opened:
            await self._opened.close()

    def _container(self) -> "ContainerClient":
        if self._opened is None:
            from azure.storage.blob.aio import ContainerClient  # noqa: PLC0415

            if self._credential is None:
                self._opened = ContainerClient.from_connection_string(self._where, self._name, **PIPELINE)
            else:
                self._opened = ContainerClient(
                    self._where, self._name, credential=self._credential, **PIPELINE
                )
        return self._opened

    async def _create(self) -> None:
        with suppress(ResourceExistsError):
            async with self._guarded():
                await self._container().create_container()

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(DEADLINE):
                yield
        except ResourceNotFoundError as error:
            raise NotFound("no such medium") from error
        except ResourceExistsError:
            raise
        except (AzureError, TimeoutError) as error:
            refused = isinstance(error, HttpResponseError)
            said = "refuses the call" if refused else "does not answer"
            raise Unavailable(f"the blob service {said}") from error
