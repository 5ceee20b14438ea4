"""Azure Table Storage behind `functions.ports.Table`: one client for the app, one `AzureTable` per table.

Follows https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions and
https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.data.tables import EdmType, EntityProperty, UpdateMode
from azure.data.tables.aio import TableClient, TableServiceClient

from functions.errors import AlreadyExists, MonikanavaError, Stale, TooLarge, Unavailable
from functions.ports import Entity, Op, Value, Write

DEADLINE = 5.0  # seconds for one call with its retries: some providers wait no longer for their answer
PIPELINE: Mapping[str, Any] = {
    "connection_timeout": 2,
    "read_timeout": 4,
    "retry_total": 2,
    "retry_backoff_factor": 0.2,
    "use_env_settings": False,  # aiohttp would ask a thread for .netrc and another for a proxy, each call
}
INT32 = range(-(2**31), 2**31)
OPERATION = {Write.INSERT: "create", Write.REPLACE: "update", Write.UPSERT: "upsert", Write.DELETE: "delete"}


class Tables:
    """The app's one connection to a storage account."""

    def __init__(self, service: TableServiceClient) -> None:
        self._service = service

    def table(self, name: str) -> "AzureTable":
        """Give a table: 3 to 63 letters and digits. It is created when its first use finds it missing."""
        return AzureTable(self._service.get_table_client(name))

    async def close(self) -> None:
        """Close the sockets; no table works after it."""
        await self._service.close()


def open_tables(where: str, credential: AsyncTokenCredential | None = None) -> Tables:
    """Connect to the endpoint `where` with a credential, or to a connection string without one.

    No call is made before a table is used.
    """
    if credential is None:
        return Tables(TableServiceClient.from_connection_string(where, **PIPELINE))
    return Tables(TableServiceClient(where, credential=credential, **PIPELINE))


class AzureTable:
    """One table; satisfies `functions.ports.Table`.

    Every method raises Unavailable within DEADLINE when the service does not answer or refuses us.
    """

    def __init__(self, client: TableClient) -> None:
        self._client = client

    async def get(self, partition: str, key: str) -> Entity | None:
        """Read one row."""
        try:
            async with self._guarded():
                return _entity(await self._client.get_entity(partition, key))
        except _Missing:
            return None

    async def range(
        self, partition: str, start: str = "", end: str = "\uffff", limit: int | None = None
    ) -> list[Entity]:
        """Read the rows with start <= key < end, in key order, at most `limit`."""
        query = "PartitionKey eq @partition and RowKey ge @start and RowKey lt @end"
        parameters = {"partition": partition, "start": start, "end": end}
        found: list[Entity] = []
        if limit is not None and limit <= 0:
            return found
        try:
            async with self._guarded():
                pages = self._client.query_entities(
                    query, parameters=parameters, results_per_page=min(limit or 1000, 1000)
                )
                async for row in pages:
                    found.append(_entity(row))
                    # Asking the iterator once more would fetch a page that nobody wants.
                    if len(found) == limit:
                        break
        except _Missing:
            return []
        return found

    async def commit(self, ops: Sequence[Op]) -> None:
        """Write at most 100 operations of one partition, all or none.

        Raises AlreadyExists (with the failing operation's index), Stale, or TooLarge over 4 MiB.
        """
        left = list(enumerate(ops))
        created = False
        while left:
            try:
                async with self._guarded():
                    return await self._send([op for _, op in left])
            except _Missing as missing:
                if missing.table and not created:
                    await self._create()
                    created = True
                    continue
                place, op = left[missing.index]
                if op.write is not Write.DELETE or op.entity.etag:
                    raise Stale("the row is gone") from None
                # A delete without an ETag is content when the row is gone; the others still have to be done.
                left = [(at, other) for at, other in left if at != place]
            except AlreadyExists as error:
                raise AlreadyExists(left[error.index][0]) from None
        return None

    async def _send(self, ops: Sequence[Op]) -> None:
        if len(ops) > 1 or ops[0].write is Write.DELETE:
            # The SDK's own delete hides a missing row even from a delete with an ETag.
            await self._client.submit_transaction([_operation(op) for op in ops])
            return
        entity, write = _row(ops[0].entity), ops[0].write
        if write is Write.INSERT:
            await self._client.create_entity(entity)
        elif write is Write.UPSERT:
            await self._client.upsert_entity(entity, mode=UpdateMode.REPLACE)
        else:
            await self._client.update_entity(entity, mode=UpdateMode.REPLACE, **_condition(ops[0].entity))

    async def _create(self) -> None:
        try:
            async with self._guarded():
                await self._client.create_table()
        except AlreadyExists:
            return

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(DEADLINE):
                yield
        except HttpResponseError as error:
            raise _translated(error) from error
        except (AzureError, TimeoutError) as error:
            raise Unavailable("the table service does not answer") from error


class _Missing(MonikanavaError):
    """The row that an operation needs is not there, or (`table`) the whole table is not."""

    def __init__(self, index: int, table: bool) -> None:
        super().__init__("not there")
        self.index, self.table = index, table


def _translated(error: HttpResponseError) -> Exception:
    status, code, index = error.status_code, _code(error), int(getattr(error, "index", 0))
    if status == 404:
        return _Missing(index, code == "TableNotFound")
    if status == 409 and code != "TableBeingDeleted":
        return AlreadyExists(index)
    if status == 412:
        return Stale("the row changed since it was read")
    if status == 413 or code == "EntityTooLarge":
        return TooLarge("the rows are over the table service's limit")
    if status == 400:
        return error
    # Throttled, broken, or our credential is refused: none of it is the caller's fault.
    return Unavailable("the table service refuses the call")


def _code(error: HttpResponseError) -> str:
    # The SDK decodes the code for every call but the insert.
    decoded = getattr(error, "error_code", None)
    if decoded is None:
        decoded = getattr(error.response, "headers", {}).get("x-ms-error-code")
    return str(getattr(decoded, "value", decoded))


def _operation(op: Op) -> tuple[str, dict[str, Any], dict[str, Any]]:
    options: dict[str, Any] = {}
    if op.write in (Write.REPLACE, Write.UPSERT):
        options["mode"] = UpdateMode.REPLACE
    if op.write is Write.REPLACE or (op.write is Write.DELETE and op.entity.etag):
        options |= _condition(op.entity)
    return OPERATION[op.write], _row(op.entity), options


def _condition(entity: Entity) -> dict[str, Any]:
    return {"etag": entity.etag, "match_condition": MatchConditions.IfNotModified}


def _row(entity: Entity) -> dict[str, Any]:
    row: dict[str, Any] = {name: _outgoing(value) for name, value in entity.values.items()}
    return row | {"PartitionKey": entity.partition, "RowKey": entity.key}


def _outgoing(value: Value) -> Any:
    if isinstance(value, int) and value not in INT32:
        return EntityProperty(value, EdmType.INT64)
    return value


def _entity(row: Any) -> Entity:
    values = {name: _incoming(value) for name, value in row.items() if name not in ("PartitionKey", "RowKey")}
    return Entity(row["PartitionKey"], row["RowKey"], values, row.metadata["etag"])


def _incoming(value: Any) -> Value:
    if isinstance(value, EntityProperty):
        return int(value.value)
    if isinstance(value, datetime):
        return datetime.fromtimestamp(value.timestamp(), value.tzinfo)
    result: Value = value
    return result
