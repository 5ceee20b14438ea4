"""Callers at Twilio in menus and in the line: places, busy agents, and those who give up."""

from local.simulators.twilio_voice import Part, Phone
from tests.voice.kit import NUMBER, Calling, spoken
from tests.voice.steps import go_on, in_line
from tests.waiting import eventually

BILLING = ("1", "se lasku")


async def test_a_caller_gives_up_in_the_line(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, agent="busy", leaves="Olet jonossa")).ring()
    [story] = await calling.story(phone.sid, "the customer hung up")
    assert spoken(story).count("not connected: busy") >= 1
    # Not which place: a caller of another test, whose leaving nobody told, counts for two minutes more.
    assert any(words.startswith("Olet jonossa sijalla ") for words in phone.said)
    assert [one["state"] for one in await calling.conversations(phone.sid)] == ["closed"]
    [closed] = await calling.conversations(phone.sid)
    assert closed["stateReason"] == "the customer left"


async def test_a_caller_gives_up_in_the_menu(calling: Calling) -> None:
    phone = await calling.phone(Part(leaves="menu")).ring()
    await eventually(lambda: _states(calling, phone, "closed"))
    [conversation] = await calling.conversations(phone.sid)
    assert not conversation["lastInboundAt"]  # nothing was for an agent to do


async def test_two_callers_have_their_places(calling: Calling) -> None:
    first = calling.phone(Part(answers=("1", "2"), agent="busy"))
    second = calling.phone(Part(answers=("1", "2"), agent="busy"), customer="+358401234568")
    await in_line(first)
    await in_line(second)
    for _ in range(6):  # rung, busy, told, rung again …
        await go_on(first)
        await go_on(second)
    assert "Olet jonossa sijalla 1." in first.said
    assert "Olet jonossa sijalla 2." in second.said
    assert not any("<Dial" in document for document in second.documents)
    await first.over()
    for _ in range(2):
        await go_on(second)
    assert any("<Dial" in document for document in second.documents)
    await second.over()


async def test_who_answers_an_earlier_ring_is_not_connected(calling: Calling) -> None:
    phone = calling.phone(Part(answers=BILLING, agent="busy"))
    await in_line(phone)
    while sum("<Dial" in document for document in phone.documents) < 2:
        await go_on(phone)
    first, _ = (document for document in phone.documents if "<Dial" in document)
    await phone.answer(first)
    assert (await calling.desk.get(f"calls/{phone.sid}"))["state"] == "connecting"
    await phone.answer(phone.documents[-1])
    assert (await calling.desk.get(f"calls/{phone.sid}"))["state"] == "talking"
    await phone.over()


async def test_a_caller_who_hides_is_put_through_under_our_number(calling: Calling) -> None:
    """Who is rung may be behind a provider that refuses a call from nowhere."""
    phone = calling.phone(Part(answers=BILLING, hidden=True))
    await in_line(phone)
    while "<Dial" not in phone.documents[-1]:
        await go_on(phone)
    assert f'callerId="{NUMBER}"' in phone.documents[-1]
    await phone.over()


async def _states(calling: Calling, phone: Phone, state: str) -> bool:
    return [one["state"] for one in await calling.conversations(phone.sid)] == [state]
