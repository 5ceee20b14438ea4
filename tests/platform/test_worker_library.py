"""Our app under the code of Microsoft's own Python worker: indexed and called by another hand than ours.

`azure-functions-runtime` asks for Python 3.13; its logic runs on ours too. It is installed once, aside, for
its packages must not be seen by anything else.
"""

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest_asyncio
from azure.functions.meta import Datum

from functions.channels import channel_names
from functions.cloud.secrets import EnvironmentSecrets
from functions.cloud.service_bus import AzureBus
from functions.cloud.tables import Tables, open_tables
from functions.configuration.store import Configurations
from functions.conversations.indexes import Indexes
from functions.conversations.model import State
from functions.conversations.threads import Threads
from functions.message import thread_key
from local.azurite import Azurite
from local.host.metadata import encode_one
from local.servicebus.launch import ServiceBus
from tests.channels.sign import sign
from tests.conftest import ROOT
from tests.intake.reading import envelope, read

PACKAGES = ("azure-functions-runtime==1.3.0", "azurefunctions-extensions-base==1.2.0")
ASIDE = ROOT / ".make" / "worker"
BASE = "https://omni.example.com"
DOCUMENT = """
version: 1
entitlements: [digital-messaging]
accounts:
  - id: support
    channel: sms
    provider: twilio
    workstream: support
    settings:
      accountSid: AC00000000000000000000000000000000
      authToken: twilio-token
      sender: "+358800123456"
workstreams: [{id: support, agentQueue: frontline}]
agentQueues: [{id: frontline}]
"""


class Worker:
    """The runner as a child process, asked one line at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.functions: dict[str, str] = {}

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(60):
            answer: dict[str, Any] = json.loads(await stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    async def http(
        self, function: str, method: str, url: str, body: bytes = b"", **more: dict[str, str]
    ) -> dict[str, Any]:
        path, _, query = url.partition("?")
        request = {
            "method": method,
            "url": f"http://worker.local{path}" + (f"?{query}" if query else ""),
            "headers": more.get("headers", {}),
            "params": more.get("params", {}),
            "query": {},
            "body": {"type": "bytes", "value": base64.b64encode(body).decode()},
        }
        datum = {"type": "http", "value": request}
        return await self.ask({"function": self.functions[function], "input": ["req", datum], "metadata": {}})

    async def bus(self, function: str, name: str, data: Datum, metadata: dict[str, Datum]) -> dict[str, Any]:
        order = {
            "function": self.functions[function],
            "input": [name, _plain(data)],
            "metadata": {key: _plain(datum) for key, datum in metadata.items()},
        }
        return await self.ask(order)


def _plain(datum: Datum) -> dict[str, Any]:
    value = datum.value.string if datum.type == "collection_string" else datum.value
    return {"type": datum.type, "value": value}


async def _installed() -> Path:
    """Install the worker's packages once; they are moved into place whole."""
    if not (ASIDE / "azure_functions_runtime-1.3.0.dist-info").exists():
        made = ASIDE.with_name(f"worker-{uuid4().hex}")
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        options = ("--no-deps", "--ignore-requires-python", "--target", str(made))
        process = await asyncio.create_subprocess_exec(*pip, *options, *PACKAGES)
        assert await process.wait() == 0
        made.rename(ASIDE)
    return ASIDE


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tables() -> AsyncIterator[tuple[Azurite, Tables]]:
    """Tables of their own: the app's have fixed names."""
    storage = Azurite(None)
    await storage.start()
    opened = open_tables(storage.connection_string)
    yield storage, opened
    await opened.close()
    await storage.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def worker(tables: tuple[Azurite, Tables], servicebus: ServiceBus) -> AsyncIterator[Worker]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(await _installed()), str(ROOT)]),
        "PUBLIC_BASE_URL": BASE,
        "ServiceBusConnection": servicebus.connection_string,
        "TABLES_CONNECTION_STRING": tables[0].connection_string,
        "BLOBS_CONNECTION_STRING": "UseDevelopmentStorage=true",
        "AUTH_ISSUER": "urn:monikanava:development",
        "AUTH_AUDIENCE": "api://monikanava",
        "AUTH_JWKS_URL": "http://127.0.0.1:1/keys",
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "tests" / "platform" / "worker_runner.py"), str(ROOT)),
        env=environment,
        cwd=ROOT,
        stdin=pipe,
        stdout=pipe,
        limit=4 * 1024 * 1024,
    )
    made = Worker(process)
    made.functions = (await made.ask({}))["functions"]
    yield made
    assert process.stdin
    process.stdin.close()
    async with asyncio.timeout(30):
        await process.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def configured(tables: tuple[Azurite, Tables], worker: Worker) -> Tables:
    store = Configurations(tables[1].table("configuration"), EnvironmentSecrets({}), now, callback)
    await store.apply(DOCUMENT, "test")
    return tables[1]


def callback(channel: str, account: str) -> str:
    return f"{BASE}/api/channels/{channel}/{account}"


def now() -> datetime:
    return datetime.now(UTC)


def webhook(sender: str, text: str) -> tuple[bytes, dict[str, str]]:
    form = {"MessageSid": f"SM{uuid4().hex}", "From": sender, "To": "+358800123456", "Body": text}
    body = urlencode({**form, "SmsStatus": "received"}).encode()
    return body, sign("sms", callback("sms", "support"), {"auth_token": "twilio-token"}, body)


async def test_every_function_is_indexed_under_its_name(worker: Worker) -> None:
    for channel in channel_names():
        expected = {channel, f"route_{channel}", f"deliver_{channel}"}
        expected |= {f"dead_inbound_{channel}", f"dead_outbound_{channel}"}
        assert expected <= set(worker.functions)
    assert {"record_parked", "drain_spool", "close_idle"} <= set(worker.functions)


async def test_a_public_page_is_served(worker: Worker) -> None:
    name = next(name for name in worker.functions if "openapi" in name)
    answer = await worker.http(name, "GET", "/api/openapi.json")
    assert answer["status"] == 200
    assert json.loads(answer["body"])["openapi"].startswith("3.1")


async def test_a_webhook_reaches_the_queue_and_from_there_its_conversation(
    worker: Worker, configured: Tables, servicebus: ServiceBus
) -> None:
    sender = f"+35850{uuid4().int % 10**7:07d}"
    for text in ("hyvää päivää", "toinen"):
        body, headers = webhook(sender, text)
        url, params = "/api/channels/sms/support", {"account": "support"}
        forged = await worker.http("sms", "POST", url, body + b"&x=1", headers=headers, params=params)
        assert forged["status"] == 401
        answer = await worker.http("sms", "POST", url, body, headers=headers, params=params)
        assert (answer["status"], answer["body"]) == (200, "<Response/>")
        assert answer["headers"]["Content-Type"] == "text/xml"
    session = thread_key("sms", "support", sender)
    for message in await read(servicebus, "inbound-sms", session, count=2):
        data, metadata = encode_one(message, binary=False)
        assert await worker.bus("route_sms", "message", data, metadata) == {}
    assert await _texts(configured, sender) == ["hyvää päivää", "toinen"]


async def _texts(tables: Tables, sender: str) -> list[str]:
    """What the app stored of a customer, read from its tables."""

    indexes = Indexes(tables.table("inbox"), tables.table("recordlinks"), tables.table("due"), now)
    threads = Threads(tables.table("threads"), indexes, now)
    [found] = (await threads.inbox("support", State.OPEN, None, 10)).items
    assert found.customer.id == sender
    return [message.text for message in (await threads.messages(found.id, None, 10)).items]


async def test_a_single_message_that_is_none_of_ours_is_parked(
    worker: Worker, servicebus: ServiceBus
) -> None:
    bus, session = AzureBus.connect(servicebus.connection_string), uuid4().hex
    await bus.send("outbound-sms", [envelope(session, "no reply of ours", message := uuid4().hex)])
    await bus.close()
    [arrived] = await read(servicebus, "outbound-sms", session, count=1)
    data, metadata = encode_one(arrived, binary=False)
    assert await worker.bus("deliver_sms", "message", data, metadata) == {}
    parked = [one.application_properties or {} for one in await read(servicebus, "parked", count=1)]
    [mine] = [one for one in parked if one[b"message"] == message.encode()]
    assert (mine[b"queue"], mine[b"session"]) == (b"outbound-sms", session.encode())
    assert mine[b"reason"] == b"not a reply of ours: 1 errors"
