"""The two Python SDKs behind one face, so that each scenario is written once and run on both."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from azure.servicebus import ServiceBusClient, ServiceBusSession
from azure.servicebus.aio import ServiceBusClient as AioClient

# A refusal must be seen at once, not after the SDK's minute of retries.
QUICK = {"retry_total": 0}


class Driver(Protocol):
    """A client of one of the SDKs; `sender` and `receiver` give objects with awaitable methods."""

    async def sender(self, queue: str) -> Any: ...
    async def receiver(self, queue: str, **options: Any) -> Any: ...
    async def close(self) -> None: ...


class Aio:
    """The asyncio SDK as it is. Links are opened by the first use."""

    def __init__(self, connection_string: str, **options: Any) -> None:
        self._client = AioClient.from_connection_string(connection_string, **(QUICK | options))
        self._made: list[Any] = []

    async def sender(self, queue: str) -> Any:
        self._made.append(self._client.get_queue_sender(queue))
        return await self._made[-1].__aenter__()

    async def receiver(self, queue: str, **options: Any) -> Any:
        self._made.append(self._client.get_queue_receiver(queue, **options))
        return await self._made[-1].__aenter__()

    async def close(self) -> None:
        await asyncio.gather(*(one.close() for one in self._made))
        await self._client.close()


class Sync:
    """The blocking SDK, each call in a thread."""

    def __init__(self, connection_string: str, **options: Any) -> None:
        self._client = ServiceBusClient.from_connection_string(connection_string, **(QUICK | options))
        self._made: list[Any] = []

    async def sender(self, queue: str) -> Any:
        return await self._open(self._client.get_queue_sender(queue))

    async def receiver(self, queue: str, **options: Any) -> Any:
        return await self._open(self._client.get_queue_receiver(queue, **options))

    async def _open(self, made: Any) -> Any:
        self._made.append(made)
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
