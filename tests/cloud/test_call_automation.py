"""Calls controlled over the real SDK and the simulator: what it is asked for, and every way to be refused."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from azure.communication.callautomation._api_versions import DEFAULT_VERSION

from functions.cloud import call_automation as module
from functions.cloud.call_automation import CallAutomation, Controls
from functions.errors import Gone, NotDeliverable, Unavailable
from functions.ports import CallResource, Hearing, Question, Sound
from local.simulators.acs import ACCESS_KEY
from local.simulators.acs_call import Part
from local.simulators.acs_calls import VERSION
from local.simulators.server import Simulators
from local.simulators.state import Registered

OURS, CUSTOMER = "+358454900020", "+358401234567"


@dataclass
class Exchange:
    """The simulator, and a call that rings."""

    url: str
    http: aiohttp.ClientSession
    context: str = ""
    call: str = ""

    async def asked(self) -> list[Any]:
        async with self.http.get(f"{self.url}/acs/calls/{self.call}") as answer:
            return list((await answer.json())["asked"])


@pytest_asyncio.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """A call rings; its news are taken by nobody who does anything with them."""
    simulators = Simulators()
    app = simulators.application()

    async def webhook(request: web.Request) -> web.Response:
        return web.Response()

    app.router.add_post("/webhook", webhook)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    simulators.state.register(Registered(provider="acs", account=OURS, secret="s", callback=f"{url}/webhook"))
    async with aiohttp.ClientSession() as http:
        ring = {"number": OURS, "customer": CUSTOMER, "part": Part(pace=0.1).model_dump(mode="json")}
        async with http.post(f"{url}/acs/calls", json=ring) as answer:
            name = (await answer.json())["id"]
        yield Exchange(url, http, f"context-{name}", name)
    await runner.cleanup()


@pytest_asyncio.fixture
async def control(exchange: Exchange) -> AsyncIterator[CallAutomation]:
    made = CallAutomation(CallResource(exchange.url, ACCESS_KEY))
    yield made
    await made.stop()


def hearing(exchange: Exchange, transcript: str = "") -> Hearing:
    return Hearing(f"{exchange.url}/webhook", "https://speech.example", "fi-FI", transcript)


async def test_what_is_repeated_happens_once(exchange: Exchange, control: CallAutomation) -> None:
    first = await control.answer(exchange.context, hearing(exchange), "call/1/answer")
    assert await control.answer(exchange.context, hearing(exchange), "call/1/answer") == first
    recording = await control.record(first, "call/5/talk")
    assert await control.record(first, "call/5/talk") == recording
    for _ in range(2):
        await control.add(first, "+358401110000", OURS, 600, "5", "call/5/connect")
    asked = await exchange.asked()
    assert [one["action"] for one in asked] == ["answer", "record", "add"]
    assert asked[2]["content"]["invitationTimeoutInSeconds"] == 180
    with pytest.raises(NotDeliverable, match="HTTP 400"):
        await control.answer(exchange.context, hearing(exchange), "call/1/another")
    with pytest.raises(NotDeliverable) as refused:
        await control.record(first, "call/6/voicemail")
    assert refused.value.code == "8553"


async def test_what_is_said_and_asked(exchange: Exchange, control: CallAutomation) -> None:
    call = await control.answer(exchange.context, hearing(exchange), "a")
    await control.play(call, [Sound("Hei.", "fi-FI"), Sound(file="https://x.example/m.wav")], "2")
    phrases = {"1": ["lasku"], "#": []}
    await control.ask(call, CUSTOMER, Question([Sound("?", "fi-FI")], "fi-FI", 6, phrases), "3")
    await control.ask(call, "4:anonymous", Question([], "fi-FI", 9), "4")
    _, play, choices, key = [one["content"] for one in await exchange.asked()]
    assert [source["kind"] for source in play["playSources"]] == ["text", "file"]
    assert play["playSources"][1]["file"] == {"uri": "https://x.example/m.wav"}
    assert choices["recognizeOptions"]["choices"] == [
        {"label": "1", "phrases": ["lasku"], "tone": "one"},
        {"label": "#", "phrases": ["pound"], "tone": "pound"},
    ]
    assert (choices["recognizeOptions"]["speechLanguage"], choices["operationContext"]) == ("fi-FI", "3")
    assert key["recognizeOptions"]["dtmfOptions"]["maxTonesToCollect"] == 1
    assert key["recognizeOptions"]["targetParticipant"]["rawId"] == "4:anonymous"


@pytest.mark.parametrize("end", [". ", " "])
async def test_a_long_text_is_said_in_parts(exchange: Exchange, control: CallAutomation, end: str) -> None:
    call = await control.answer(exchange.context, hearing(exchange), "a")
    text = end.join(f"Asia {number} on pitkä ja se luetaan kokonaan" for number in range(25))
    await control.play(call, [Sound(text, "fi-FI")], "2")
    said = [one["text"]["text"] for one in (await exchange.asked())[-1]["content"]["playSources"]]
    assert " ".join(said) == text
    assert all(len(part) <= 400 for part in said)
    assert end == " " or all(part.endswith(".") for part in said[:-1])


async def test_the_service_waits_for_words_less_long_than_for_keys(
    exchange: Exchange, control: CallAutomation
) -> None:
    call = await control.answer(exchange.context, hearing(exchange), "a")
    await control.ask(call, CUSTOMER, Question([], "fi-FI", 30, {"1": ["lasku"]}), "2")
    await control.ask(call, CUSTOMER, Question([], "fi-FI", 300), "3")
    words, keys = [one["content"]["recognizeOptions"] for one in (await exchange.asked())[-2:]]
    assert words["initialSilenceTimeoutInSeconds"] == 20
    assert keys["initialSilenceTimeoutInSeconds"] == 300


async def test_who_is_in_a_call(exchange: Exchange, control: CallAutomation) -> None:
    call = await control.answer(exchange.context, hearing(exchange), "a")
    assert await control.people(call) == {CUSTOMER}


async def test_a_call_that_is_over(exchange: Exchange, control: CallAutomation) -> None:
    call = await control.answer(exchange.context, hearing(exchange), "a")
    await control.hang_up(call, "h")
    for _ in range(2):
        await control.hang_up(call, "again")  # well
    await control.stop_recording("no-such-recording")  # well
    for attempt in (
        control.play(call, [Sound("Hei.", "fi-FI")], "2"),
        control.people(call),
        control.transcribe(call, "fi-FI", "2"),
        control.answer(exchange.context, hearing(exchange), "b"),
    ):
        with pytest.raises(Gone):
            await attempt


async def test_a_teams_user_is_rung_and_a_sip_address_is_not(
    exchange: Exchange, control: CallAutomation
) -> None:
    call = await control.answer(exchange.context, hearing(exchange), "a")
    user = "5ac1e9d2-0000-4000-8000-000000000001"
    await control.add(call, f"teams:{user}", OURS, 25, "5", "k")
    added = (await exchange.asked())[-1]["content"]
    assert added["participantToAdd"]["microsoftTeamsUser"]["userId"] == user
    with pytest.raises(NotDeliverable) as refused:
        await control.add(call, "sip:a@b.example", OURS, 25, "5", "k2")
    assert refused.value.code == "no-such-target"


async def test_the_transcript_goes_to_a_socket(exchange: Exchange, control: CallAutomation) -> None:
    await control.answer(exchange.context, hearing(exchange, "wss://push.example/x"), "a")
    options = (await exchange.asked())[0]["content"]["transcriptionOptions"]
    assert options == {
        "transportUrl": "wss://push.example/x",
        "transportType": "websocket",
        "locale": "fi-FI",
        "startTranscription": False,
    }


async def test_a_wrong_key_is_a_refusal(exchange: Exchange) -> None:
    made = CallAutomation(CallResource(exchange.url, "d3Jvbmc="))
    with pytest.raises(NotDeliverable, match="HTTP 401"):
        await made.people("x")
    await made.stop()


async def test_a_service_that_is_down() -> None:
    controls = Controls()
    resource = CallResource("http://127.0.0.1:9", ACCESS_KEY)
    assert controls(resource) is controls(CallResource("http://127.0.0.1:9", ACCESS_KEY))
    with pytest.raises(Unavailable):
        await controls(resource).hang_up("call", "k")
    await controls.stop()


async def test_a_service_that_hangs_or_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEADLINE", 1.0)

    async def broken(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]))

    app = web.Application()
    app.router.add_route("*", "/{status}/{rest:.*}", broken)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for status in (429, 500, 503):
        made = CallAutomation(CallResource(f"http://127.0.0.1:{runner.addresses[0][1]}/{status}", ACCESS_KEY))
        with pytest.raises(Unavailable):
            await made.people("call")
        await made.stop()
    await runner.cleanup()


def test_the_simulator_speaks_the_sdk_s_version() -> None:
    assert VERSION == DEFAULT_VERSION
