"""Calls at ACS that were cut off between the row and the request, or whose news were lost."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal

import pytest
import pytest_asyncio

from functions.conversations.model import State
from functions.errors import NotDeliverable, Unavailable
from functions.message import thread_key
from functions.voice.acs.watch import REQUESTS
from local.azurite import Azurite
from local.simulators.acs_call import Part, token
from tests.voice.acs_house import RINGING, CutOff, House, open_house
from tests.waiting import eventually

SOON, LATER = REQUESTS + timedelta(seconds=1), timedelta(minutes=15)
PART = Part(answers=("1", "1"), talk=(("customer", "Hei."),))


@pytest_asyncio.fixture
async def house(azurite: Azurite) -> AsyncIterator[House]:
    async with open_house(azurite.connection_string) as house:
        yield house


async def test_a_call_that_nothing_happens_to(house: House) -> None:
    name = await house.ring(PART)
    await house.until_asked(name, "terminate")
    await house.until(name, "ended")
    asked = await house.asked(name)
    await house.mend(LATER)
    assert await house.asked(name) == asked


async def test_cut_off_before_the_answer_and_the_ring_comes_again(house: House) -> None:
    house.wire.before = "answer"
    name = await house.ring(PART)
    assert await house.asked(name) == []
    await house.mend(timedelta())  # too early: somebody may just be making the request
    assert await house.asked(name) == []
    await house.mend(SOON)
    await house.until(name, "ended")
    assert (await house.asked(name)).count("answer") == 1


async def test_an_answer_that_comes_after_the_next_step(house: House) -> None:
    """The step whose requests were made stays noted: else they would be made again within it."""
    house.wire.late = "answer"
    ringing = asyncio.create_task(house.ring(Part(answers=("1", "1"), pace=0.05)))
    await house.until_asked(RINGING, "play")  # the greeting
    call = await house.call((await house.exchange.shown(RINGING))["id"])

    async def made() -> bool:
        watched = await house.watch.of(call.id)
        return watched is not None and (watched.step, watched.done) == (2, True)

    await eventually(made)
    house.wire.may.set()
    await ringing
    assert await made()


async def test_cut_off_before_words_are_said(house: House) -> None:
    house.wire.before = "play"
    name = await house.ring(PART)
    await house.until_cut()
    await house.mend(SOON)
    await house.until(name, "ended")
    assert (await house.exchange.shown(name))["said"].count("Tervetuloa.") == 1


async def test_cut_off_between_recording_and_ringing_the_agent(house: House) -> None:
    house.wire.after = "record"
    name = await house.ring(PART)
    await house.until_cut()
    assert "add" not in await house.asked(name)
    await house.mend(SOON)
    await house.until(name, "ended")
    asked = await house.asked(name)
    assert (asked.count("record"), asked.count("add")) == (1, 1)  # the second was the first one again


async def test_cut_off_before_the_last_word_is_told(house: House) -> None:
    house.bus.before = "the customer hung up"
    name = await house.ring(Part(answers=("1", "1"), leaves="line"))
    await eventually(lambda: not house.bus.before)
    call = await house.call(name)
    assert call.unsent
    head = thread_key("voice", "acs-line", call.id) + "-000001"
    assert (await house.services.threads.conversation(head)).state is State.OPEN
    await house.mend(LATER)
    assert (await house.services.threads.conversation(head)).state is State.CLOSED


async def test_the_end_of_a_step_is_not_told(house: House) -> None:
    house.wire.lost = "PlayCompleted"
    name = await house.ring(PART)
    await eventually(lambda: house.wire.losses > 0)
    house.wire.lost = ""
    await house.mend(LATER)
    await house.until(name, "ended")
    assert (await house.exchange.shown(name))["said"].count("Tervetuloa.") == 2


async def test_a_connection_that_is_not_told(house: House) -> None:
    house.wire.lost = "CallConnected"
    name = await house.ring(PART)
    await house.until_asked(name, "answer")
    assert (await house.call(name)).state == "ringing"
    await house.mend(LATER)
    await house.until(name, "ended")
    assert "Tervetuloa." in (await house.exchange.shown(name))["said"]


async def test_the_end_of_a_call_is_not_told(house: House) -> None:
    house.wire.lost = "CallDisconnected"
    name = await house.ring(Part(answers=("1",), leaves="menu"))
    await house.until(name, "menu")

    async def over() -> bool:
        return str((await house.exchange.shown(name))["state"]) == "over"

    await eventually(over)
    await house.mend(LATER)
    call = await house.call(name)
    assert (call.state, call.reason) == ("ended", "its end was not told")


async def test_a_prompt_that_cannot_be_played(house: House) -> None:
    """The question is asked without it, once."""
    name = await house.ring(Part(answers=("1", "1"), mute=True))
    await house.until(name, "ended")
    shown = await house.exchange.shown(name)
    contexts = [one["content"].get("operationContext") for one in shown["asked"]]
    assert any(str(context).endswith(":bare") for context in contexts)


async def test_a_call_whose_account_is_gone_is_forgotten(house: House) -> None:
    house.wire.before = "play"
    name = await house.ring(PART)
    await house.until_cut()
    document = (await house.services.configurations.current()).document
    kept = tuple(one for one in document.accounts if one.id != "acs-line")
    text = document.model_copy(update={"accounts": kept}).model_dump_json(by_alias=True, exclude_unset=True)
    await house.services.configurations.apply(text, "test")
    await house.mend(SOON)
    await house.mend(LATER)
    assert (await house.asked(name)).count("play") == 0


async def test_cut_off_after_dialling_and_the_customer_answers(house: House) -> None:
    """Its news bring the connection that we never heard of."""
    number = "+358401236001"
    await house.exchange.waits(number, Part(answers=()))
    house.wire.after = "dial"
    with pytest.raises(CutOff):
        await house.dial(number)

    async def greeted() -> bool:
        return "Hei, soitamme takaisin." in (await house.exchange.shown(number)).get("said", [])

    await eventually(greeted)
    assert (await house.asked(number)).count("create") == 1


async def test_a_customer_answers_when_we_have_given_up(house: House) -> None:
    number = "+358401236002"
    await house.exchange.waits(number, Part(pace=0.5))
    house.wire.after, house.wire.error = "dial", Unavailable("the answer was lost")
    house.wire.lost = "CallConnected"
    with pytest.raises(Unavailable):
        await house.dial(number)
    shown = await house.exchange.shown(number)
    connected = {
        "id": "late",
        "source": "calling",
        "type": "Microsoft.Communication.CallConnected",
        "specversion": "1.0",
        "data": {"callConnectionId": shown["connection"]},
    }
    house.wire.lost = ""
    headers = {"Authorization": f"Bearer {token()}"}
    async with house.exchange.http.post(shown["callback"], json=[connected], headers=headers) as answer:
        assert answer.status == 200
    assert await house.asked(number) == ["create", "terminate"]


async def states(house: House, name: str) -> list[State]:
    """Give where the call's conversations are."""
    head = thread_key("voice", "acs-line", (await house.call(name)).id)
    return [(await house.services.threads.conversation(f"{head}-000001")).state]


async def test_the_recording_of_a_message_is_never_told(house: House) -> None:
    house.wire.lost = "RecordingFileStatusUpdated"
    name = await house.ring(Part(answers=("1", "1"), agent="no-answer", leaves="message"))
    await house.until(name, "ended")
    assert await states(house, name) == [State.OPEN]
    await house.mend(timedelta(minutes=90))
    assert await states(house, name) == [State.OPEN]  # it may still come
    await house.mend(timedelta(minutes=40))
    assert await states(house, name) == [State.CLOSED]


async def test_a_message_of_which_the_end_was_cut_off_is_waited_for(house: House) -> None:
    house.bus.before = "the customer hung up"
    house.wire.lost = "RecordingFileStatusUpdated"
    name = await house.ring(Part(answers=("1", "1"), agent="no-answer", leaves="message"))
    await eventually(lambda: not house.bus.before)
    await house.mend(LATER)
    assert await states(house, name) == [State.OPEN]
    assert (await house.call(name)).awaited


@pytest.mark.parametrize(
    ("last", "reason"), [("agent", "the agent hung up"), ("customer", "the customer hung up")]
)
async def test_who_leaves_a_talk_is_not_told(
    house: House, last: Literal["agent", "customer"], reason: str
) -> None:
    """Nobody else ends the call: an agent's exchange, or a customer's, may stay on the line."""
    name = await house.ring(Part(answers=("1", "1"), talk=PART.talk, last=last, pace=8))
    await house.until(name, "talking")
    house.wire.lost = "ParticipantsUpdated"

    async def alone() -> bool:
        return len((await house.exchange.shown(name))["people"]) == 1

    await eventually(alone)
    assert (await house.call(name)).state == "talking"
    await house.mend(LATER)
    call = await house.call(name)
    assert (call.state, call.reason) == ("ended", reason)
    assert (await house.asked(name))[-1] == "terminate"


async def test_the_ringing_ends_with_a_talk_or_without_one(house: House) -> None:
    agents: tuple[Literal["completed", "busy"], ...] = ("completed", "busy")
    for agent in agents:
        name = await house.ring(Part(answers=("1", "1"), agent=agent, talk=PART.talk))
        await house.until_asked(name, "cancel")
        asked = await house.asked(name)
        assert asked[asked.index("add") - 1 :][:3] == ["play", "add", "cancel"]
        if agent == "busy":
            await house.until_asked(name, "add", times=2)  # what we say in between was heard


async def test_cut_off_before_the_ringing_ends(house: House) -> None:
    house.wire.before = "hush"
    name = await house.ring(Part(answers=("1", "1"), talk=PART.talk, pace=4))
    await house.until_cut()
    assert "cancel" not in await house.asked(name)
    await house.mend(LATER)
    await house.until(name, "talking")
    assert (await house.asked(name)).count("cancel") == 1


async def test_the_answer_of_an_agent_is_told_again_when_we_were_cut_off(house: House) -> None:
    house.wire.before = "hush"
    name = await house.ring(Part(answers=("1", "1"), talk=PART.talk, pace=4, twice=True))
    await house.until_cut()
    await house.until_asked(name, "cancel")


async def test_a_sound_that_cannot_be_played_keeps_nobody_from_being_rung(house: House) -> None:
    house.wire.before, house.wire.error = "repeat", NotDeliverable("8500", "no such file")
    name = await house.ring(PART)
    await house.until_asked(name, "add")
    await house.until(name, "ended")


async def test_an_agent_who_cannot_be_rung_leaves_no_ringing(house: House) -> None:
    house.wire.before, house.wire.error = "add", NotDeliverable("7504", "not allowed")
    name = await house.ring(Part(answers=("1", "1")))
    await house.until(name, "ended")
    shown = await house.exchange.shown(name)
    assert shown["said"][-4:] == ["ringing.wav", "Jätä viesti.", "tone.wav", "Kuulemiin."]
