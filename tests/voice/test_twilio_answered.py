"""Calls at Twilio that an agent answers, from the first ring to the last status, through the platform."""

import pytest

from local.desk import DeskError
from local.simulators.twilio_voice import Line, Part
from tests.voice.kit import CUSTOMER, NUMBER, SID, Calling, spoken
from tests.voice.steps import talking
from tests.voice.twiml_sdk import canonical, rebuilt
from tests.waiting import eventually

TALK = (Line("outbound", "Miten voin auttaa?"), Line("inbound", "Laskussa on virhe."))
BILLING = ("1", "se lasku")
RING = [("system", "call", "an incoming call"), ("system", "call", "the call is taken")]
CHOSEN = [
    ("system", "call", "menu language: 1 language=fi"),
    ("system", "call", "menu reason: 1 reason=billing"),
]
IN_LINE = [
    ("system", "call", "told that the call is recorded or transcribed"),
    ("inbound", "message", "A caller waits for an agent."),
]
RUNG = [("system", "call", "rings the agent queue billing")]
ANSWERED = [("system", "call", "answered by the agent queue billing"), ("system", "state", "active")]


async def test_a_call_from_the_first_ring_to_the_hang_up(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, talk=TALK)).ring()
    [story] = await calling.story(phone.sid, "Recording")
    assert [(way, kind) for way, kind, _ in story] == [
        (way, kind) for way, kind, _ in [*RING, *CHOSEN, *IN_LINE, *RUNG, *ANSWERED]
    ] + [
        ("outbound", "echo"),
        ("inbound", "message"),
        ("system", "left"),
        ("system", "state"),
        ("system", "call"),
    ]
    texts = spoken(story)
    assert texts[:4] == spoken(RING + CHOSEN)
    assert texts[9:12] == ["Miten voin auttaa?", "Laskussa on virhe.", "the customer hung up"]
    assert phone.said == [
        "Tervetuloa.",
        "Suomeksi, paina 1. For English, press 2.",
        "Laskut 1, muut 2, viesti 3, takaisinsoitto 4.",
        "Puhelu tallennetaan.",
    ]


async def test_what_an_agent_reads_of_a_call(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, talk=TALK)).ring()
    await calling.story(phone.sid, "Recording")
    [conversation] = await calling.conversations(phone.sid)
    found = await calling.desk.get(f"conversations/{conversation['id']}")
    assert (found["state"], found["agentQueue"], found["workstream"]) == ("wrapUp", "billing", "calls")
    assert found["customer"]["phone"] == CUSTOMER
    assert found["context"]["menu.reason"] == "billing"
    assert found["context"] | {"call": "inbound", "to": NUMBER, "menu.language": "fi"} == found["context"]
    [sound] = (await calling.messages(conversation))[-1]["attachments"]
    assert sound["kind"] == "audio"

    async def fetched() -> bool:
        return bool((await calling.messages(conversation))[-1]["attachments"][0]["blob"])

    await eventually(fetched)
    [sound] = (await calling.messages(conversation))[-1]["attachments"]
    assert sound["contentType"] == "audio/mpeg"
    assert sound["url"].startswith(f"{calling.simulators}/twilio/2010-04-01/Accounts/{SID}/Recordings/RE")


async def test_every_document_is_as_the_library_would_write_it(calling: Calling) -> None:
    parts = (
        Part(answers=BILLING, talk=TALK),
        Part(answers=BILLING, agent="busy", leaves="Olet jonossa"),
        Part(answers=("1", "3"), message=9),
        Part(answers=("1", "2"), talk=TALK, last="agent"),  # a SIP address is rung
    )
    for part in parts:
        phone = await calling.phone(part).ring()
        for document in phone.documents:
            assert rebuilt(document) == canonical(document)


async def test_the_agent_hangs_up_first(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, talk=TALK, last="agent")).ring()
    [story] = await calling.story(phone.sid, "the agent hung up")
    assert phone.documents[-1].endswith("<Response><Hangup /></Response>")
    assert [one["state"] for one in await calling.conversations(phone.sid)] == ["wrapUp"]
    assert spoken(story).count("the agent hung up") == 1


async def test_a_line_of_the_transcript_overtakes_another(calling: Calling) -> None:
    phone = calling.phone(Part(answers=BILLING))
    await talking(phone)
    await phone.say(Line("inbound", "kaksi"), sequence=3)
    await phone.say(Line("outbound", "yksi"), sequence=2)
    await phone.over()
    [story] = await calling.story(phone.sid, "the customer hung up")
    assert [text for text in spoken(story) if text in ("yksi", "kaksi")] == ["yksi", "kaksi"]


async def test_an_answer_that_was_not_told_is_known_from_the_end(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, told=False, last="agent")).ring()
    [story] = await calling.story(phone.sid, "the agent hung up")
    answered = spoken(story).index(ANSWERED[0][2])
    assert spoken(story)[answered + 1 : answered + 3] == ["an agent took it", "the agent hung up"]


async def test_nothing_is_written_on_a_call(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, talk=TALK)).ring()
    await calling.story(phone.sid, "Recording")
    [conversation] = await calling.conversations(phone.sid)
    with pytest.raises(DeskError, match="cannot be answered in writing"):
        await calling.desk.reply(conversation["id"], "moi", "k")
