"""Queue triggers against the broker: order, redelivery, dead letters, batches, and a broker that goes."""

import json
import uuid
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from local.servicebus.launch import ServiceBus
from tests.platform.host.conftest import Running, start, stop
from tests.waiting import eventually

APP = Path(__file__).parent / "queue_app"
QUEUES = {"orders": True, "batches": True, "plain": False, "binary": False}


def configuration(folder: Path) -> Path:
    properties = {"LockDuration": "PT5S", "MaxDeliveryCount": 3, "DefaultMessageTimeToLive": "P1D"}
    queues = [
        {"Name": name, "Properties": {**properties, "RequiresSession": sessions}}
        for name, sessions in QUEUES.items()
    ]
    path = folder / "queues.json"
    path.write_text(json.dumps({"UserConfig": {"Namespaces": [{"Name": "tests", "Queues": queues}]}}))
    return path


@pytest_asyncio.fixture(scope="module")
async def bus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceBus]:
    folder = tmp_path_factory.mktemp("bus")
    async with ServiceBus(configuration(folder), folder / "data") as broker:
        yield broker


@pytest_asyncio.fixture(scope="module")
async def queues(bus: ServiceBus, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    log = tmp_path_factory.mktemp("queues") / "log"
    running = await start(APP, log, BUS=bus.connection_string, ORDERS="orders")
    yield running
    assert await stop(running) == 0


async def send(bus: ServiceBus, queue: str, messages: Iterable[ServiceBusMessage]) -> None:
    client = ServiceBusClient.from_connection_string(bus.connection_string)
    async with client, client.get_queue_sender(queue) as sender:
        await sender.send_messages(list(messages))


async def told(host: Running, name: str, session: str, count: int) -> list[Any]:
    """Wait for `count` entries of a session."""
    found: list[Any] = []

    async def enough() -> bool:
        found[:] = [entry for entry in await host.seen(name) if session in entry[0]]
        return len(found) >= count

    await eventually(enough)
    return found


async def test_many_sessions_are_worked_on_at_once_each_in_order(bus: ServiceBus, queues: Running) -> None:
    run = uuid.uuid4().hex
    for text in ("1", "sleep0.2", "3"):
        await send(bus, "orders", [ServiceBusMessage(text, session_id=f"{run}-{n:02}") for n in range(50)])
    by_session = [await told(queues, "orders", f"{run}-{n:02}", 3) for n in range(50)]
    assert all([entry[1] for entry in entries] == ["1", "sleep0.2", "3"] for entries in by_session)
    assert all(entry[3] == 1 for entries in by_session for entry in entries)
    ends = sorted(entries[-1][4] for entries in by_session)
    assert ends[-1] - ends[0] < 50 * 0.2


async def test_a_failure_is_delivered_again_before_what_follows(bus: ServiceBus, queues: Running) -> None:
    session = uuid.uuid4().hex
    await send(bus, "orders", [ServiceBusMessage(text, session_id=session) for text in ("once", "next")])
    entries = await told(queues, "orders", session, 3)
    assert [(text, count) for _, text, count, *_ in entries] == [("once", 1), ("once", 2), ("next", 1)]


async def test_poison_is_dead_lettered_and_its_session_goes_on(bus: ServiceBus, queues: Running) -> None:
    session = uuid.uuid4().hex
    marked = ServiceBusMessage("poison", session_id=session, application_properties={"mark": session})
    await send(bus, "orders", [marked, ServiceBusMessage("after", session_id=session)])
    entries = await told(queues, "orders", session, 4)
    assert [(text, count) for _, text, count, *_ in entries] == [
        *(("poison", n) for n in (1, 2, 3)),
        ("after", 1),
    ]

    async def dead() -> bool:
        return any(entry[1].get("mark") == session for entry in await queues.seen("dead"))

    await eventually(dead)
    reasons = [e[1]["DeadLetterReason"] for e in await queues.seen("dead") if e[1].get("mark") == session]
    assert reasons == ["MaxDeliveryCountExceeded"]


async def test_what_a_function_is_told_of_a_message(bus: ServiceBus, queues: Running) -> None:
    parent = f"00-{'ab' * 16}-{'cd' * 8}-01"
    message = ServiceBusMessage(
        "hyvää päivää", message_id="m1", subject="s", content_type="text/plain", correlation_id="c",
        application_properties={"traceparent": parent, "number": 7, "text": "ä"},
    )  # fmt: skip
    await send(bus, "plain", [message])

    async def arrived() -> bool:
        return bool(await queues.seen("plain"))

    await eventually(arrived)
    (entry,) = await queues.seen("plain")
    assert bytes.fromhex(entry["body"]).decode() == "hyvää päivää"
    assert [entry[name] for name in ("message_id", "subject", "correlation_id")] == ["m1", "s", "c"]
    metadata = entry["metadata"]
    assert metadata["DeliveryCount"] == 1
    assert metadata["UserProperties"] == {"traceparent": parent, "number": 7, "text": "ä"}
    assert metadata["Label"] == "s"
    assert uuid.UUID(metadata["LockToken"])
    assert metadata["EnqueuedTimeUtc"].endswith("Z")
    assert "SessionId" not in metadata
    assert entry["enqueued_time_utc"] < entry["expires_at_utc"]
    assert (entry["trace"][:36], entry["trace"] == parent) == (parent[:36], False)


async def test_binary_bodies_stay_as_they_are(bus: ServiceBus, queues: Running) -> None:
    await send(bus, "binary", [ServiceBusMessage(b"\x00\xff\xfe")])

    async def arrived() -> bool:
        return await queues.seen("binary") == ["00fffe"]

    await eventually(arrived)


async def test_batches_hold_one_session_in_order_and_come_again_whole(
    bus: ServiceBus, queues: Running
) -> None:
    session = uuid.uuid4().hex
    texts = ["0", "once", *map(str, range(2, 50))]
    await send(
        bus,
        "batches",
        [
            ServiceBusMessage(
                text, session_id=session, application_properties={"number": number}, message_id=text
            )
            for number, text in enumerate(texts)
        ],
    )
    batches: list[Any] = []

    async def whole() -> bool:
        batches[:] = [entry for entry in await queues.seen("batches") if session in entry[0]]
        return bool(batches) and texts[-1] in batches[-1][1]

    await eventually(whole)  # a batch is what was there when it was taken: 20 at most
    assert all(set(sessions) == {session} and len(batch) <= 20 for sessions, batch, *_ in batches)
    assert len(batches) < 50
    at = next(place for place, batch in enumerate(batches) if "once" in batch[1])
    failed = batches.pop(at)
    assert [text for batch in batches for text in batch[1]] == texts
    assert [number for batch in batches for number in batch[3]] == list(range(50))
    again, size = batches[at], len(failed[1])
    assert (again[1][:size], again[2][:size], set(failed[2])) == (failed[1], [2] * size, {1})
    metadata = failed[4]
    assert metadata["MessageIdArray"] == failed[1]
    assert metadata["DeliveryCountArray"] == [1] * size
    assert (metadata["LabelArray"], metadata["CorrelationIdArray"]) == ([], [])


async def test_batches_are_worked_on_one_after_the_other_as_in_azure(
    bus: ServiceBus, queues: Running
) -> None:
    sessions = [uuid.uuid4().hex for _ in range(4)]
    for session in sessions:
        await send(
            bus,
            "batches",
            [ServiceBusMessage("x", session_id=session, application_properties={"number": 0})],
        )
    for session in sessions:
        await told(queues, "batches", session, 1)
    assert {entry[5] for entry in await queues.seen("batches")} == {1}


async def test_a_broker_that_goes_and_comes_back_loses_nothing(bus: ServiceBus, queues: Running) -> None:
    run = uuid.uuid4().hex
    messages = [ServiceBusMessage("sleep0.5", session_id=f"{run}-{n:02}") for n in range(5)]
    await send(bus, "orders", messages)
    await told(queues, "orders", run, 1)
    await send(bus, "orders", [ServiceBusMessage("kept", session_id=f"{run}-{n:02}") for n in range(5)])
    await bus.kill()
    await bus.start()
    for n in range(5):
        texts = [entry[1] for entry in await told(queues, "orders", f"{run}-{n:02}", 2)]
        assert texts[0] == "sleep0.5"
        assert texts[-1] == "kept"
        assert texts.count("kept") == 1


async def test_a_lock_is_renewed_while_the_function_runs(bus: ServiceBus, queues: Running) -> None:
    session = uuid.uuid4().hex
    await send(bus, "orders", [ServiceBusMessage(text, session_id=session) for text in ("sleep8", "next")])
    entries = await told(queues, "orders", session, 2)
    assert [(text, count) for _, text, count, *_ in entries] == [("sleep8", 1), ("next", 1)]


async def test_a_stop_settles_what_runs_and_takes_no_more(tmp_path: Path) -> None:
    async with ServiceBus(configuration(tmp_path), tmp_path / "data") as bus:
        host = await start(APP, tmp_path / "log", BUS=bus.connection_string, ORDERS="orders")
        await send(bus, "orders", [ServiceBusMessage(text, session_id="s") for text in ("sleep1", "left")])

        async def began() -> bool:
            return await host.seen("began") == ["sleep1"]

        await eventually(began)
        assert await stop(host) == 0
        client = ServiceBusClient.from_connection_string(bus.connection_string)
        async with client, client.get_queue_receiver("orders", session_id="s") as receiver:
            left = await receiver.receive_messages(2, 5)
        assert [(str(message), message.delivery_count) for message in left] == [("left", 0)]
