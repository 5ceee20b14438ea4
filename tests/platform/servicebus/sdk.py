"""The two Python SDKs behind one face, so that each scenario is written once and run on both."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from azure.servicebus import ServiceBusClient, ServiceBusSession
from azure.servicebus.aio import ServiceBusClient as AioClient

# A refusal must be seen at once, not after the SDK's minute of retries.
QUICK: dict[str, Any] = {"retry_total": 0}


class Driver(Protocol):
    """A client of one of the SDKs; `sender` and `receiver` give objects with awaitable methods.

    Opening a link costs the SDK half a second, so links are kept; only receivers of sessions are made anew.
    """

    async def sender(self, queue: str) -> Any: ...
    async def receiver(self, queue: str, **options: Any) -> Any: ...
    async def close(self) -> None: ...


class Kept:
    """The links of a client."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._kept: dict[object, Any] = {}
        self._made: list[Any] = []

    async def sender(self, queue: str) -> Any:
        return await self._keep(queue, lambda: self._client.get_queue_sender(queue))

    async def receiver(self, queue: str, **options: Any) -> Any:
        key = object() if "session_id" in options else (queue, *sorted(options.items()))
        return await self._keep(key, lambda: self._client.get_queue_receiver(queue, **options))

    async def _keep(self, key: object, make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._made.append(make())
            self._kept[key] = await self._open(self._made[-1])
        return self._kept[key]

    async def _open(self, made: Any) -> Any:
        raise NotImplementedError


class Aio(Kept):
    """The asyncio SDK as it is."""

    def __init__(self, connection_string: str) -> None:
        super().__init__(AioClient.from_connection_string(connection_string, **QUICK))

    async def _open(self, made: Any) -> Any:
        return await made.__aenter__()

    async def close(self) -> None:
        await asyncio.gather(*(one.close() for one in self._made))
        await self._client.close()


class Sync(Kept):
    """The blocking SDK, each call in a thread."""

    def __init__(self, connection_string: str) -> None:
        super().__init__(ServiceBusClient.from_connection_string(connection_string, **QUICK))

    async def _open(self, made: Any) -> Any:
        await asyncio.to_thread(made.__enter__)
        return Threaded(made)

    async def close(self) -> None:
        await asyncio.gather(*(asyncio.to_thread(one.close) for one in self._made))
        await asyncio.to_thread(self._client.close)


class Threaded:
    """Makes blocking methods awaitable."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if isinstance(value, ServiceBusSession):
            return Threaded(value)
        if not callable(value):
            return value

        async def call(*args: Any, **options: Any) -> Any:
            return await asyncio.to_thread(value, *args, **options)

        return call


DRIVERS: dict[str, Callable[..., Driver]] = {"aio": Aio, "sync": Sync}
