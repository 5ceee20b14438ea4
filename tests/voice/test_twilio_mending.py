"""Calls at Twilio that we were not told the rest of: the timer asks, and tells."""

import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from functions.channels.contract import Account, Answer
from functions.message import Kind, thread_key
from functions.voice.model import CallState
from functions.voice.placing import Wish, place
from functions.voice.twilio import server as twilio
from tests.channels.twilio_sdk import TwilioRecorder
from tests.voice.house import LINE, House, next_address, sid
from tests.voice.kit import CUSTOMER, SID, TOKEN
from tests.voice.test_flow import NOW


class CutOff:
    """The server of a process that ends between keeping a call and dialling it."""

    def __init__(self, server: twilio.TwilioCalls) -> None:
        self.watch, self.hang_up = server.watch, server.hang_up

    async def dial(self, account: Account[Any], call: Any) -> str:
        raise asyncio.CancelledError


async def test_a_call_that_we_never_came_to_dial_does_not_ring_for_ever(house: House) -> None:
    wish = Wish(CUSTOMER, "", uuid4().hex, NOW)
    with pytest.raises(asyncio.CancelledError):
        await place(house.services.calls(), CutOff(house.server), await house.account(), wish)
    house.weather.ahead = timedelta(minutes=11)
    await house.server.mend()
    kept, new = await place(house.services.calls(), house.server, await house.account(), wish)
    assert (kept.state, new) == (CallState.ENDED, False)
    assert all(one.method == "GET" for one in house.provider.asked)  # nobody was rung


async def test_a_call_whose_end_was_not_told_is_asked_after(house: House) -> None:
    call = sid()
    await house.post(LINE, CallSid=call)
    await house.server.mend()
    assert not house.provider.asked  # not yet
    house.weather.ahead = timedelta(minutes=11)
    house.provider.answer = Answer(200, {}, b'{"status": "in-progress"}')
    await house.server.mend()
    [asked] = [one for one in house.provider.asked if one.url.endswith(f"/Calls/{call}.json")]
    assert asked.method == "GET"
    house.weather.ahead = timedelta(minutes=22)
    house.provider.answer = Answer(500, {}, b"")
    await house.server.mend()  # it does not tell
    assert (await house.services.calls().get(call)).state is CallState.GREETING
    house.provider.answer = Answer(200, {}, b'{"status": "completed"}')
    await house.server.mend()
    assert (await house.services.calls().get(call)).reason == twilio.UNTOLD
    assert [item.kind for item in house.bus.sent if item.thread == call][-1] is Kind.LEFT
    house.provider.asked.clear()
    house.weather.ahead = timedelta(minutes=44)
    await house.server.mend()
    assert call not in str([asked.url for asked in house.provider.asked])


async def test_what_nobody_told_again_is_told_by_the_timer(house: House) -> None:
    call = sid()
    await house.post(LINE, CallSid=call)
    house.weather.queues = True
    await house.post(f"{LINE}/status", CallSid=call, CallStatus="completed", SequenceNumber="0")
    house.weather.queues = False
    house.weather.ahead = timedelta(minutes=60)
    house.bus.sent.clear()
    await house.server.mend()
    assert [item.kind for item in house.bus.sent if item.thread == call] == [Kind.LEFT]


async def stepped(house: House, call: str, *keys: str) -> str:
    """Give the document after these steps: a key each, or nothing but the end of what was said."""
    document = str((await house.post(LINE, CallSid=call)).body)
    for key in keys:
        address = next_address(document, "asked" if key else "played")
        document = str((await house.post(address, CallSid=call, Digits=key)).body)
    return document


async def left_after_the_tone(house: House) -> str:
    """Give a call whose caller hung up after the tone, of which no recording was told."""
    call = sid()
    assert "<Record" in await stepped(house, call, "", "1", "3", "", "")
    await house.post(f"{LINE}/status", CallSid=call, CallStatus="completed", SequenceNumber="0")
    assert (await house.services.calls().get(call)).awaited
    house.bus.sent.clear()
    house.weather.ahead = timedelta(minutes=3)
    return call


def recordings(*found: dict[str, str]) -> Answer:
    return Answer(200, {}, json.dumps({"recordings": [{"sid": "RE1", **one} for one in found]}).encode())


def told(house: House, call: str) -> list[tuple[Kind, str]]:
    return [(item.kind, item.text) for item in house.bus.sent if item.thread == call]


async def test_a_message_whose_recording_was_not_told_is_found(house: House) -> None:
    call = await left_after_the_tone(house)
    talk = {"sid": "RE0", "source": "DialVerb", "status": "completed", "duration": "40"}
    house.provider.answer = recordings(talk, {"source": "RecordVerb", "status": "processing"})
    await house.server.mend()
    assert told(house, call) == []
    house.weather.ahead += timedelta(minutes=11)
    house.provider.answer = recordings(talk, {"source": "RecordVerb", "status": "completed", "duration": "7"})
    await house.server.mend()
    assert told(house, call) == [(Kind.MESSAGE, "Voicemail, 7 s")]
    [sound] = next(item for item in house.bus.sent if item.thread == call).attachments
    assert sound.url.endswith(f"/Accounts/{SID}/Recordings/RE1.mp3")
    ready = {"RecordingSid": "RE1", "RecordingStatus": "completed", "RecordingUrl": sound.url}
    await house.post(f"{LINE}/recording?call={call}&of=voicemail", CallSid=call, **ready)
    assert len(told(house, call)) == 1  # it is the one that was found


@pytest.mark.parametrize(
    "answer", [recordings(), recordings({"source": "RecordVerb", "status": "absent"}), Answer(404, {}, b"{}")]
)
async def test_who_left_no_message_has_left(house: House, answer: Answer) -> None:
    call = await left_after_the_tone(house)
    house.provider.answer = answer
    await house.server.mend()
    left = [(Kind.CALL, "no message was left"), (Kind.LEFT, "the customer hung up")]
    assert told(house, call) == left
    house.weather.ahead += timedelta(minutes=11)
    await house.server.mend()
    assert told(house, call) == left


async def test_what_twilio_does_not_tell_is_asked_again(house: House) -> None:
    call = await left_after_the_tone(house)
    house.provider.answer = Answer(500, {}, b"")
    await house.server.mend()
    assert told(house, call) == []
    house.provider.answer = recordings()
    await house.server.mend()
    assert told(house, call)


async def test_recordings_are_asked_for_as_the_sdk_does(house: House) -> None:
    call = await left_after_the_tone(house)
    house.provider.answer = recordings()
    await house.server.mend()
    recorder = TwilioRecorder()
    with suppress(TwilioException):  # the recorder answers no page
        Client(SID, TOKEN, http_client=recorder).calls(call).recordings.list(limit=1)
    [asked] = [one for one in house.provider.asked if call in one.url and "Recordings" in one.url]
    assert recorder.sent[0]["uri"].endswith(asked.url.partition("/2010-04-01")[2])
    assert asked.method == recorder.sent[0]["method"]


async def test_who_hangs_up_while_the_place_is_told_waits_no_more(house: House) -> None:
    """Another instance ends the call before we keep its place in the line."""
    call = sid()
    document = await stepped(house, call, "", "1", "1", "")
    await house.routed()

    async def ended() -> None:
        await house.post(f"{LINE}/status", CallSid=call, CallStatus="completed", SequenceNumber="0")
        assert await house.line("billing") == []

    house.weather.meanwhile = ended
    await house.post(next_address(document, "played"), CallSid=call)
    assert (await house.services.calls().get(call)).state is CallState.ENDED
    assert await house.line("billing") == []


async def two_in_line(house: House) -> tuple[str, str, str]:
    """Give a caller who is put through, one who waits, and where the wait of the second ends."""
    first, second, documents = sid(), sid(), list[str]()
    for call in (first, second):
        document = await stepped(house, call, "", "1", "1", "")
        await house.routed()
        answer = await house.post(next_address(document, "played"), CallSid=call)
        documents.append(str(answer.body))
    assert "<Dial" in documents[0]
    assert "sijalla 2" in documents[1]
    return first, second, documents[1]


async def test_who_is_handed_on_gives_up_the_place_in_the_former_line(house: House) -> None:
    first, second, document = await two_in_line(house)
    conversation = thread_key("voice", "line", second) + "-000001"
    await house.services.threads.transfer(conversation, "frontline", agent="maija", reason="")
    rung = str((await house.post(next_address(document, "asked"), CallSid=second)).body)
    assert "frontline@pbx.example" in rung
    assert (await house.line("billing"), await house.line("frontline")) == ([first], [second])
    for call in (first, second):
        await house.post(f"{LINE}/status", CallSid=call, CallStatus="completed", SequenceNumber="0")
    assert (await house.line("billing"), await house.line("frontline")) == ([], [])


async def test_a_place_that_could_not_be_given_up_is_given_up_with_the_repetition(house: House) -> None:
    first, second, document = await two_in_line(house)
    house.weather.leaving = True
    waits = await house.post(next_address(document, "asked"), CallSid=second, Digits="9")
    assert "again=1" in str(waits.body)
    assert (await house.services.calls().get(second)).state is CallState.CALLBACK
    house.weather.leaving = False
    said = await house.post(next_address(str(waits.body), "asked"), CallSid=second, Digits="9")
    assert "Soitamme takaisin." in str(said.body)
    assert await house.line("billing") == [first]
    await house.post(f"{LINE}/status", CallSid=first, CallStatus="completed", SequenceNumber="0")


async def test_only_the_end_of_a_wait_takes_a_place(house: House) -> None:
    """Else the hours of the agent queue, which are asked of who has none yet, would not be asked."""
    call = sid()
    await stepped(house, call, "", "1", "1", "")
    await house.routed()
    await house.post(f"{LINE}/status", CallSid=call, CallStatus="in-progress", SequenceNumber="0")
    assert await house.line("billing") == []
    assert (await house.services.calls().get(call)).agent_queue == ""


async def test_a_hang_up_in_a_message_is_known_from_its_end(house: House) -> None:
    """Of a number whose "Call status changes" was not set."""
    call = sid()
    document = await stepped(house, call, "", "1", "3", "", "")
    ended = {"CallStatus": "completed", "Digits": "hangup", "RecordingSid": "RE1"}
    await house.post(next_address(document, "recorded"), CallSid=call, **ended)
    assert (await house.services.calls().get(call)).reason == "the customer hung up"
