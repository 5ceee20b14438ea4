"""Calls at Twilio when parts of ours are down, and what its API is asked, as its SDK would ask."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from twilio.rest import Client  # type: ignore[import-untyped]

from functions.channels.contract import Account, Answer, Standing
from functions.channels.contract import Call as ApiCall
from functions.channels.voice.twilio import TwilioVoice, TwilioVoiceSettings
from functions.configuration.check import InvalidDocument, validate
from functions.delivery.caller import NotSent, Unknown
from functions.errors import Conflict, NotDeliverable, Unavailable
from functions.message import Event, Kind, Outbound
from functions.voice.model import CallState
from functions.voice.placing import UNCERTAIN, Wish, hang_up, place
from functions.voice.twilio import server as twilio
from tests.channels.twilio_sdk import TwilioRecorder
from tests.voice.house import BASE, LINE, House, sid
from tests.voice.kit import CUSTOMER, NUMBER, SID, TOKEN, account, configuration
from tests.voice.test_flow import NOW


def next_address(document: str) -> str:
    found = re.search(r'<Redirect method="POST">([^<]+)<', document)
    assert found
    return found[1].replace("&amp;", "&")


async def test_a_caller_waits_while_our_table_is_down(house: House) -> None:
    call, address = sid(), LINE
    house.weather.calls = True
    for times in (1, 2):
        answer = await house.post(address, CallSid=call)
        assert answer.status == 200
        assert '<Pause length="2" />' in str(answer.body)
        address = next_address(str(answer.body))
        assert f"again={times}" in address
    house.weather.calls = False
    answer = await house.post(address, CallSid=call)
    assert "Tervetuloa." in str(answer.body)
    assert [item.text for item in house.bus.sent] == ["an incoming call", "the call is taken"]


async def test_a_step_goes_on_where_it_was(house: House) -> None:
    call = sid()
    address = next_address(str((await house.post(LINE, CallSid=call)).body))
    house.weather.calls = True
    waiting = next_address(str((await house.post(address, CallSid=call)).body))
    assert "end=played" in waiting
    house.weather.calls = False
    assert "<Gather" in str((await house.post(waiting, CallSid=call)).body)


async def test_nobody_waits_for_ever(house: House) -> None:
    house.weather.calls = True
    answer = await house.post(f"{LINE}?again=20", CallSid=sid())
    assert str(answer.body).endswith("<Response><Hangup /></Response>")


async def test_what_takes_too_long_is_asked_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert twilio.DEADLINE < 15 - 2  # of Twilio's patience, the way back included
    monkeypatch.setattr(twilio, "DEADLINE", 0.05)
    house.weather.slow = 0.2
    assert "again=1" in str((await house.post(LINE, CallSid=sid())).body)


async def test_no_caller_waits_for_our_own_notes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio, "DEADLINE", 1.0)
    house.weather.noting, house.weather.ahead = 10.0, timedelta(hours=1)
    async with asyncio.timeout(5):
        waiting = next_address(str((await house.post(LINE, CallSid=sid())).body))
    assert "again=1" in waiting


async def test_a_status_that_could_not_be_kept_is_told_again(house: House) -> None:
    call = sid()
    await house.post(LINE, CallSid=call)
    house.bus.sent.clear()
    status = {"CallSid": call, "CallStatus": "completed", "SequenceNumber": "0"}
    house.weather.queues = True  # the row is written, what it says is not: as if the process were gone
    assert (await house.post(f"{LINE}/status", **status)).status == 503
    house.weather.queues = False
    assert (await house.post(f"{LINE}/status", **status)).status == 204
    assert [item.kind for item in house.bus.sent] == [Kind.LEFT]
    assert (await house.post(f"{LINE}/status", **status)).status == 204
    assert len(house.bus.sent) == 1


async def test_what_was_not_told_is_told_first_with_the_next_event(house: House) -> None:
    call = sid()
    house.weather.queues = True
    waiting = str((await house.post(LINE, CallSid=call)).body)
    assert "again=1" in waiting
    house.weather.queues = False
    await house.post(f"{LINE}/status", CallSid=call, CallStatus="completed", SequenceNumber="0")
    assert [item.text for item in house.bus.sent] == [
        "an incoming call",
        "the call is taken",
        "the customer hung up",
    ]
    assert [item.event for item in house.bus.sent] == [f"{call}:{number}" for number in (1, 2, 3)]


def sdk_asks(what: str, **arguments: Any) -> dict[str, Any]:
    """Give the request that Twilio's client makes."""
    recorder = TwilioRecorder()
    client = Client(SID, TOKEN, http_client=recorder)
    calls = client.calls
    (calls.create if what == "create" else calls("CA00").update)(**arguments)
    return recorder.sent[0]


def fields(call: ApiCall) -> dict[str, list[str]]:
    return {name: [value for key, value in call.form or () if key == name] for name, _ in call.form or ()}


def theirs(sent: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: list(map(str, value)) if isinstance(value, list) else [str(value)]
        for name, value in sent["data"].items()
    }


async def test_a_call_is_asked_for_as_the_sdk_does(house: House) -> None:
    wish = Wish(CUSTOMER, "", uuid4().hex, NOW)
    placed, new = await place(house.services.calls(), house.server, await house.account(), wish)
    assert new
    assert (placed.provider_call, placed.state) == ("CA00", CallState.RINGING)
    [ours] = house.provider.asked
    form = fields(ours)
    sdk = sdk_asks(
        "create",
        to=CUSTOMER,
        from_=NUMBER,
        url=form["Url"][0],
        method="POST",
        status_callback=form["StatusCallback"][0],
        status_callback_method="POST",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
        timeout=60,
    )
    assert form == theirs(sdk)
    assert ours.url.replace("https://omni.example/twilio", "https://api.twilio.com") == sdk["uri"]
    assert parse_qs(form["Url"][0].partition("?")[2].partition("#")[0]) == {
        "call": [placed.id],
        "step": ["0"],
        "end": ["taken"],
    }


async def test_a_call_is_ended_as_the_sdk_does(house: House) -> None:
    wish = Wish(CUSTOMER, "", uuid4().hex, NOW)
    placed, _ = await place(house.services.calls(), house.server, await house.account(), wish)
    ended = await hang_up(house.services.calls(), house.server, await house.account(), placed)
    assert ended.state is CallState.ENDED
    sdk = sdk_asks("update", status="completed")
    assert fields(house.provider.asked[-1]) == theirs(sdk)
    assert house.provider.asked[-1].url.endswith("/Calls/CA00.json")
    assert sdk["uri"].endswith("/Calls/CA00.json")


async def test_a_call_that_cannot_be_ended_goes_on(house: House) -> None:
    wish = Wish(CUSTOMER, "", uuid4().hex, NOW)
    placed, _ = await place(house.services.calls(), house.server, await house.account(), wish)
    house.provider.answer = Answer(500, {}, b"")
    with pytest.raises(NotDeliverable):
        await hang_up(house.services.calls(), house.server, await house.account(), placed)
    assert (await house.services.calls().get(placed.id)) == placed
    house.provider.answer = Unknown("no answer")
    with pytest.raises(Unavailable):
        await hang_up(house.services.calls(), house.server, await house.account(), placed)
    status = {"CallSid": "CA" + "8" * 32, "CallStatus": "completed", "SequenceNumber": "3"}
    await house.post(f"{LINE}/status?call={placed.id}", **status)
    found = await house.services.calls().get(placed.id)
    assert (found.state, found.reason) == (CallState.ENDED, "an agent ended the call")


async def test_a_call_that_may_ring_is_not_made_again(house: House) -> None:
    wish = Wish(CUSTOMER, "", uuid4().hex, NOW)
    house.provider.answer = Unknown("no answer")
    placed, _ = await place(house.services.calls(), house.server, await house.account(), wish)
    assert (placed.state, placed.reason) == (CallState.RINGING, UNCERTAIN)
    again, new = await place(house.services.calls(), house.server, await house.account(), wish)
    assert (again, new) == (placed, False)
    assert len(house.provider.asked) == 1
    with pytest.raises(Conflict):
        await hang_up(house.services.calls(), house.server, await house.account(), placed)
    rings = {"CallSid": "CA" + "7" * 32, "CallStatus": "ringing", "SequenceNumber": "1"}
    await house.post(f"{LINE}/status?call={placed.id}", **rings)
    found = await house.services.calls().get(placed.id)
    assert found.provider_call == "CA" + "7" * 32  # now we know which it is, and could end it
    step = f"{LINE}/step?call={placed.id}&step=0&end=taken"
    assert "soitamme takaisin" in str((await house.post(step, CallSid="CA" + "7" * 32)).body)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(400, {}, b'{"code": 21211, "status": 400}'), NotDeliverable),
        (NotSent("nobody there"), Unavailable),
    ],
)
async def test_a_call_that_cannot_be_made_has_ended(
    house: House, answer: Answer, error: type[Exception]
) -> None:
    wish = Wish(CUSTOMER, "", uuid4().hex, NOW)
    house.provider.answer = answer
    with pytest.raises(error):
        await place(house.services.calls(), house.server, await house.account(), wish)
    kept, new = await place(house.services.calls(), house.server, await house.account(), wish)
    assert (kept.state, new) == (CallState.ENDED, False)


def of_twilio(**more: Any) -> Account[TwilioVoiceSettings]:
    settings = {**account("line", NUMBER, "support", "https://api.twilio.com")["settings"], **more}
    return Account("line", "voice", "twilio", LINE, TwilioVoiceSettings.model_validate(settings))


def test_recordings_are_fetched_with_credentials_from_twilios_api_only() -> None:
    channel = TwilioVoice()
    ours = channel.media_call(
        "https://api.twilio.com/2010-04-01/Accounts/AC/Recordings/RE1.mp3", of_twilio(), NOW
    )
    assert ours
    assert ours.headers["Authorization"].startswith("Basic ")
    for elsewhere in ("https://api.twilio.com.evil.example/RE1.mp3", "https://evil.example/api.twilio.com/"):
        call = channel.media_call(elsewhere, of_twilio(), NOW)
        assert call
        assert not call.headers
    assert all(not host.endswith("evil.example") for host in channel.media_hosts(of_twilio()))


def test_what_an_administrator_pastes_at_twilio() -> None:
    assert [step.value for step in TwilioVoice().setup(of_twilio())] == [LINE, f"{LINE}/status"]


def test_news_of_a_conversation_need_no_call() -> None:
    outbound = Outbound(
        id="m", conversation="c", channel="voice", provider="twilio", account="line", thread="t",
        recipient=CUSTOMER, event=Event.CLOSED, created_at=NOW,
    )  # fmt: skip
    assert TwilioVoice().render(outbound, of_twilio(), Standing(NOW, None)) == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("flow: support", "flow: nowhere", "accounts[0].settings.flow"),
        ("hours: never", "hours: always", "callFlows[1].hours"),
        ("noAnswer: voicemail", "noAnswer: nothing", "callFlows[0].noAnswer"),
        ("target: '+358401110000'", "target: '0401110000'", "agentQueues[1].target"),
        ("target: '+358401110000'", "target: '+358454900009'", "agentQueues[1].target"),
        ("number: '+358454900009'", "number: '+358454900010'", "accounts[1].settings.number"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_named(old: str, new: str, path: str) -> None:
    text = configuration().replace("http://simulators", BASE)
    assert validate(text)
    assert old in text
    with pytest.raises(InvalidDocument) as refused:
        validate(text.replace(old, new, 1))
    assert path in [problem.path for problem in refused.value.problems]
