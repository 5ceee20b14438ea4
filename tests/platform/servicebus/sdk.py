"""The two Python SDKs behind one face, so that each scenario is written once and played on both.

The SDKs sleep through most of a scenario (half a second to open a link, as much to close it), so a module's
scenarios are played all at once, each on queues of its own, and each test waits for one of them.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Protocol

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusSession
from azure.servicebus.aio import ServiceBusClient as AioClient

from local.servicebus.launch import ServiceBus

# A refusal must be seen at once, not after the SDK's minute of retries.
QUICK: dict[str, Any] = {"retry_total": 0}


class Driver(Protocol):
    """A client of one of the SDKs; `sender` and `receiver` give objects with awaitable methods.

    Links are kept, but for receivers of sessions. A queue's name is the SDK's name and the one given.
    """

    name: ClassVar[str]

    async def sender(self, queue: str) -> Any: ...
    async def receiver(self, queue: str, **options: Any) -> Any: ...
    async def close(self) -> None: ...


class Kept(ABC):
    """The links of a client."""

    name: ClassVar[str]

    def __init__(self, client: Any) -> None:
        self._client = client
        self._kept: dict[object, Any] = {}
        self._made: list[Any] = []

    async def sender(self, queue: str) -> Any:
        return await self._keep(queue, lambda: self._client.get_queue_sender(f"{self.name}-{queue}"))

    async def receiver(self, queue: str, **options: Any) -> Any:
        key = object() if "session_id" in options else (queue, *sorted(options.items()))
        name = f"{self.name}-{queue}"
        return await self._keep(key, lambda: self._client.get_queue_receiver(name, **options))

    async def _keep(self, key: object, make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._made.append(make())
            self._kept[key] = await self._open(self._made[-1])
        return self._kept[key]

    @abstractmethod
    async def _open(self, made: Any) -> Any: ...


class Aio(Kept):
    """The asyncio SDK as it is."""

    name = "aio"

    def __init__(self, connection_string: str) -> None:
        super().__init__(AioClient.from_connection_string(connection_string, **QUICK))

    async def _open(self, made: Any) -> Any:
        return await made.__aenter__()

    async def close(self) -> None:
        await asyncio.gather(*(one.close() for one in self._made))
        await self._client.close()


class Sync(Kept):
    """The blocking SDK, each call in a thread."""

    name = "sync"

    def __init__(self, connection_string: str) -> None:
        super().__init__(ServiceBusClient.from_connection_string(connection_string, **QUICK))

    async def _open(self, made: Any) -> Any:
        await threaded(made.__enter__)
        return Threaded(made)

    async def close(self) -> None:
        await asyncio.gather(*(threaded(one.close) for one in self._made))
        await threaded(self._client.close)


THREADS = ThreadPoolExecutor(100)


async def threaded(call: Callable[[], Any]) -> Any:
    return await asyncio.get_running_loop().run_in_executor(THREADS, call)


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
            return await threaded(lambda: value(*args, **options))

        return call


DRIVERS: dict[str, Callable[[str], Driver]] = {"aio": Aio, "sync": Sync}
Play = Callable[[Driver], Coroutine[Any, Any, None]]
Test = Callable[[str, ServiceBus], Awaitable[None]]


class Stage:
    """The scenarios of a module."""

    def __init__(self) -> None:
        self._plays: list[Play] = []
        self._playing: dict[tuple[Play, str], asyncio.Task[None]] = {}

    def scenario(self, play: Play) -> Test:
        """Make a scenario a test for each SDK."""
        self._plays.append(play)

        @pytest.mark.parametrize("name", list(DRIVERS))
        async def test(name: str, bus: ServiceBus) -> None:
            self._begin(bus)
            await self._playing[play, name]

        return test

    def _begin(self, bus: ServiceBus) -> None:
        if self._playing:
            return
        for name, driver in DRIVERS.items():
            for play in self._plays:
                acting = _act(play, driver(bus.connection_string))
                self._playing[play, name] = asyncio.create_task(acting)


async def _act(play: Play, driver: Driver) -> None:
    try:
        await play(driver)
    finally:
        await driver.close()
