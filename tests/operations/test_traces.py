"""One trace from the webhook to the provider's call: the whole app in this process, over real emulators."""

import gc
import os
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
from azure.servicebus.aio import ServiceBusClient

from functions.cloud.service_bus import AzureBus
from functions.intake.envelope import inbound_envelope
from functions.message import Inbound
from functions.telemetry import TRACEPARENT, Kind, current, listen, span
from local.child import ROOT
from local.desk import Desk, Json
from local.host.app import Host
from local.platform import Platform
from local.ports import free_port
from local.servicebus.launch import ServiceBus
from tests.intake.reading import read, text
from tests.intake.samples import inbound
from tests.operations.listening import Heard, listening
from tests.scenarios.texting import CONFIGURATION, Texting, number, sid
from tests.waiting import eventually

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
WAY = ("webhook sms", "route sms", "reply", "deliver sms", "POST")


@pytest.fixture(scope="module")
def heard() -> Iterator[Heard]:
    with listening() as heard:
        yield heard


@pytest_asyncio.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory, heard: Heard) -> AsyncIterator[Platform]:
    """The platform, its host in this process: spans can be seen."""
    platform = Platform(tmp_path_factory.mktemp("traces"))
    platform.url = f"http://127.0.0.1:{free_port()}"
    await platform.start_services()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**platform.environment(), "CHANNELS": "sms"}.items():
            patch.setitem(os.environ, name, value)
        host = Host(ROOT)
    before = clients()
    await host.start(int(platform.url.rpartition(":")[2]))
    await platform.configure(CONFIGURATION.replace("http://simulators", platform.simulators_url))
    yield platform
    await host.stop()
    for client in clients() - before:
        await client.close()
    await platform.stop()


def clients() -> set[aiohttp.ClientSession | ServiceBusClient]:
    """What is connected: the app keeps its clients as long as its process, and this one goes on."""
    found = (one for one in gc.get_objects() if isinstance(one, aiohttp.ClientSession | ServiceBusClient))
    return {one for one in found if not (isinstance(one, aiohttp.ClientSession) and one.closed)}


@pytest_asyncio.fixture(scope="module")
async def stored(platform: Platform, heard: Heard) -> list[Json]:
    """The messages after a customer wrote, with a trace, and an agent answered, without."""
    token = platform.issuer.token("Administrator", "test")
    async with aiohttp.ClientSession() as http, Desk(platform.url, token) as desk:
        texting = Texting(platform.url, http)
        body, headers = texting.signed(number(1), sid(1, 0), "Hei")
        headers["traceparent"] = PARENT
        async with http.post(texting.callback, data=body, headers=headers) as answer:
            assert answer.status == 200

        async def routed() -> bool:
            return bool(await desk.conversations())

        await eventually(routed)
        conversation = str((await desk.conversations())[0]["id"])
        await desk.reply(conversation, "Hei hei", key="1")
        await eventually(lambda: heard.names() >= set(WAY))
        return await desk.items(f"conversations/{conversation}/messages")


async def test_one_trace_goes_from_the_webhook_to_the_providers_call(
    stored: list[Json], heard: Heard
) -> None:
    spans = [heard.span(name) for name in WAY]
    contexts = [one.get_span_context() for one in spans]
    assert {f"{context.trace_id:032x}" for context in contexts if context} == {TRACE}
    parents = [f"{one.parent.span_id:016x}" for one in spans if one.parent]
    ids = [f"{context.span_id:016x}" for context in contexts if context]
    # Each lies in the one before; the reply in the webhook's, whose words it answers.
    assert parents == ["b7ad6b7169203331", ids[0], ids[0], ids[2], ids[3]]


async def test_the_stored_messages_name_it(stored: list[Json]) -> None:
    assert {one["trace"] for one in stored if one["kind"] == "message"} == {TRACE}
    assert {one["direction"] for one in stored} >= {"inbound", "outbound"}


async def test_a_span_tells_whom_we_called_but_not_the_path(stored: list[Json], heard: Heard) -> None:
    call = heard.span("POST")
    assert (call.attributes or {})["http.response.status_code"] == 201
    assert "AC0000" not in str(call.to_json())


async def test_an_agents_request_is_linked_to_the_reply(stored: list[Json], heard: Heard) -> None:
    asked = heard.span("post_reply").get_span_context()
    (link,) = heard.span("reply").links
    assert asked
    assert (link.context.trace_id, link.context.span_id) == (asked.trace_id, asked.span_id)


async def test_the_figures_are_told_by_channel(stored: list[Json], heard: Heard) -> None:
    found = heard.figures()
    (webhooks,) = found["monikanava.webhooks"]  # statuses of the reply come by webhooks too
    assert webhooks == {"channel": "sms", "status": 200, "value": webhooks["value"]}
    assert int(str(webhooks["value"])) >= 1
    assert {"channel": "sms", "value": 1} in found["monikanava.messages"]
    assert {"channel": "sms", "outcome": "sent", "value": 1} in found["monikanava.deliveries"]
    (lag,) = found["monikanava.lag"]
    assert lag["channel"] == "sms"
    assert 0 < float(str(lag["value"])) < 60


async def test_logs_have_their_fields_apart_and_the_trace(stored: list[Json], heard: Heard) -> None:
    trace, fields = heard.written("routed:")
    assert trace == TRACE
    assert (fields["channel"], fields["stored"], fields["logger"]) == ("sms", 1, "monikanava.routing")
    assert number(1) not in str(fields)


async def test_the_queue_message_has_it_in_its_properties_and_its_body(
    servicebus: ServiceBus, heard: Heard
) -> None:
    bus = AzureBus.connect(servicebus.connection_string)
    with span("webhook", Kind.SERVER, PARENT) as begun:
        item = inbound(thread=uuid4().hex, event=uuid4().hex)
        await bus.send("inbound-sms", [inbound_envelope(item)])
    (message,) = await read(servicebus, "inbound-sms", item.session, count=1)
    await bus.close()
    properties = message.application_properties or {}
    assert properties[b"traceparent"] == begun.traceparent.encode()
    assert begun.traceparent[:35] == PARENT[:35]
    assert Inbound.model_validate_json(text(message)).traceparent == begun.traceparent


def test_without_a_listener_a_trace_is_carried_on_all_the_same() -> None:
    listen(None)
    with span("webhook", Kind.SERVER, "00-not-a-trace") as begun:
        made = begun.traceparent
        assert TRACEPARENT.fullmatch(made)
        with span("inner", Kind.CLIENT):
            assert current() == made
        with span("other", Kind.CONSUMER, PARENT):
            assert current() == PARENT
        assert current() == made
    assert current() == ""
