"""Calls at Twilio that no agent answers: voicemail, a wish to be called back, and no message after all."""

import pytest

from local.simulators.twilio_voice import Line, Part
from tests.voice.kit import CUSTOMER, Calling, spoken
from tests.waiting import eventually

BILLING = ("1", "se lasku")


async def test_a_message_after_the_tone(calling: Calling) -> None:
    said = (Line("inbound", "Soittakaa minulle."), Line("inbound", "Kiitos."))
    part = Part(answers=("1", "3"), message=23, leaves="message", talk=said)
    phone = await calling.phone(part).ring()
    [story] = await calling.story(phone.sid, "Voicemail, 23 s")
    assert story[-1] == ("inbound", "message", "Voicemail, 23 s")
    heard = [text for way, kind, text in story if (way, kind) == ("system", "call")]
    assert [text for text in heard if text.startswith("customer")] == [
        "customer: Soittakaa minulle.",
        "customer: Kiitos.",
    ]
    assert ("system", "call", "the customer hung up") in story
    [conversation] = await calling.conversations(phone.sid)
    assert conversation["state"] == "open"  # work for an agent
    found = await calling.desk.get(f"conversations/{conversation['id']}")
    assert found["context"]["voicemail"] == "23"

    async def fetched() -> bool:
        return bool((await calling.messages(conversation))[-1]["attachments"][0]["blob"])

    await eventually(fetched)


async def test_nobody_says_anything_after_the_tone(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=("1", "3"))).ring()
    [story] = await calling.story(phone.sid, "we hung up")
    assert spoken(story)[-3:-1] == ["no message was left", "we hung up"]
    assert [one["state"] for one in await calling.conversations(phone.sid)] == ["closed"]


@pytest.mark.parametrize(
    ("answers", "leaves"),
    [(BILLING, "Jätä viesti."), (BILLING, "message"), (("1", "3"), "Jätä viesti."), (("1", "3"), "message")],
)
async def test_a_caller_hangs_up_without_a_word(
    calling: Calling, answers: tuple[str, str], leaves: str
) -> None:
    """In the words before the tone, or after it: nothing is left for an agent to do."""
    phone = await calling.phone(Part(answers=answers, agent="no-answer", leaves=leaves)).ring()
    await calling.story(phone.sid, "the customer left")
    [conversation] = await calling.conversations(phone.sid)
    assert (conversation["state"], conversation["stateReason"]) == ("closed", "the customer left")


@pytest.mark.parametrize("outcome", ["no-answer", "failed"])
async def test_no_agent_answers(calling: Calling, outcome: str) -> None:
    phone = await calling.phone(Part(answers=BILLING, agent=outcome, message=12)).ring()
    [story] = await calling.story(phone.sid, "Voicemail, 12 s")
    assert f"not connected: {outcome}" in spoken(story)
    assert phone.said[-2:] == ["Jätä viesti.", "Kuulemiin."]
    [conversation] = await calling.conversations(phone.sid)
    assert (conversation["state"], conversation["agentQueue"]) == ("open", "billing")


async def test_outside_the_hours(calling: Calling) -> None:
    phone = await calling.phone(Part(message=5), "night", number="+358454900010").ring()
    [story] = await calling.story(phone.sid, "Voicemail, 5 s")
    assert phone.said == [
        "Tervetuloa.",
        "Olemme kiinni. Puhelu tallennetaan.",
        "Jätä viesti.",
        "Kuulemiin.",
    ]
    assert spoken(story)[2:5] == [
        "outside the hours",
        "told that the call is recorded or transcribed",
        "voicemail",
    ]


async def test_a_call_back_that_is_asked_for_in_the_menu(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=("1", "4"))).ring()
    await calling.story(phone.sid, "we hung up")
    [conversation] = await calling.conversations(phone.sid)
    found = await calling.desk.get(f"conversations/{conversation['id']}")
    assert (found["state"], found["agentQueue"]) == ("open", "callbacks")
    assert found["context"]["callback"] == CUSTOMER


async def test_a_call_back_that_is_asked_for_in_the_line(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=(*BILLING, "9"), agent="busy")).ring()
    [waited, asked] = await calling.story(phone.sid, "we hung up", conversations=2)
    assert ("system", "left", "left the line for a call-back") in waited
    assert spoken(asked)[0] == "The caller asks to be called back."
    states = [(one["state"], one["agentQueue"]) for one in await calling.conversations(phone.sid)]
    assert states == [("closed", "billing"), ("open", "callbacks")]


async def test_a_caller_who_hides_is_nobody_known(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=("1", "4"), message=4, hidden=True)).ring()
    await calling.story(phone.sid, "Voicemail, 4 s")
    [conversation] = await calling.conversations(phone.sid)
    assert conversation["customer"]["phone"] == ""
    assert conversation["customer"]["id"] == f"hidden-{phone.sid}"
