"""Nothing that was acknowledged is lost, whenever the emulator dies; and it starts again on the same port."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage, ServiceBusReceiveMode
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender
from azure.servicebus.exceptions import ServiceBusError

from local.servicebus.launch import ServiceBus
from tests.platform.servicebus.conftest import write_config
from tests.waiting import eventually

SENDERS = 4
KILLS = 3
BETWEEN = 300  # messages acknowledged between two kills
LIMIT = 60.0

# The SDK leaves its sockets to the garbage collector when a broker dies under it.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def _collected() -> AsyncIterator[None]:
    yield
    gc.collect()


async def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    config = write_config(tmp_path / "config.json", {"load": {"RequiresDuplicateDetection": True}})
    async with ServiceBus(config, tmp_path / "data") as bus, _client(bus) as client:
        acknowledged: set[str] = set()
        port, stop = bus.port, asyncio.Event()
        load = [asyncio.create_task(_send(client, f"{n}", acknowledged, stop)) for n in range(SENDERS)]
        for _ in range(KILLS):
            await _more(acknowledged)
            await bus.kill()
            await bus.start()
        await _more(acknowledged)
        stop.set()
        await asyncio.gather(*load)
        kept = await _receive_all(client)
    assert bus.port == port
    assert len(kept) == len(set(kept)), "a repeated send was taken twice"
    lost = acknowledged - set(kept)
    print(f"\n{KILLS} kills: {len(acknowledged)} acknowledged, {len(kept)} kept, {len(lost)} lost")
    assert not lost


async def _more(acknowledged: set[str]) -> None:
    enough = len(acknowledged) + BETWEEN
    await eventually(lambda: len(acknowledged) >= enough)


def _client(bus: ServiceBus) -> ServiceBusClient:
    return ServiceBusClient.from_connection_string(bus.connection_string, retry_total=0)


async def _send(client: ServiceBusClient, name: str, acknowledged: set[str], stop: asyncio.Event) -> None:
    number = 0
    while not stop.is_set():
        try:
            async with client.get_queue_sender("load") as sender:
                number = await _send_until_cut(sender, name, number, acknowledged, stop)
        except (ServiceBusError, OSError):
            await asyncio.sleep(0.05)


async def _send_until_cut(
    sender: ServiceBusSender, name: str, number: int, acknowledged: set[str], stop: asyncio.Event
) -> int:
    """Send numbered messages; one that was not acknowledged has the same id when it is sent again."""
    while not stop.is_set():
        key = f"{name}-{number}"
        try:
            await sender.send_messages(ServiceBusMessage(key, message_id=key))
        except (ServiceBusError, OSError):
            return number
        acknowledged.add(key)
        number += 1
    return number


async def _receive_all(client: ServiceBusClient) -> list[str]:
    mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
    async with client.get_queue_receiver("load", receive_mode=mode, prefetch_count=500) as receiver:
        return await _drain(receiver)


async def _drain(receiver: ServiceBusReceiver) -> list[str]:
    kept: list[str] = []
    deadline = time.monotonic() + LIMIT
    while batch := await receiver.receive_messages(500, max_wait_time=2):
        kept += [str(message) for message in batch]
        assert time.monotonic() < deadline
    return kept


async def test_locks_end_with_the_emulator_and_states_do_not(tmp_path: Path) -> None:
    config = write_config(tmp_path / "config.json", {"s": {"RequiresSession": True}})
    async with ServiceBus(config, tmp_path / "data") as bus:
        async with _client(bus) as client, client.get_queue_sender("s") as sender:
            await sender.send_messages([ServiceBusMessage(text, session_id="x") for text in "ab"])
            async with client.get_queue_receiver("s", session_id="x") as receiver:
                await receiver.session.set_state(b"kept")
                assert [str(one) for one in await receiver.receive_messages(2, max_wait_time=5)] == ["a", "b"]
                await bus.kill()
        await bus.start()
        async with _client(bus) as client, client.get_queue_receiver("s", session_id="x") as receiver:
            assert await receiver.session.get_state() == b"kept"
            assert [str(one) for one in await receiver.receive_messages(2, max_wait_time=5)] == ["a", "b"]
