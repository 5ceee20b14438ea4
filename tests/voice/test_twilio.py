"""Calls at Twilio through the running platform, from the first ring to the last status."""

import json
from typing import Any
from urllib.parse import urldefrag

import pytest

from local.desk import DeskError
from local.simulators.twilio import signed
from local.simulators.twilio_voice import Line, Part, Phone
from tests.channels.twilio_sdk import RequestValidator
from tests.voice.kit import CUSTOMER, NUMBER, SID, TOKEN, Calling, spoken
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
BYE = [("system", "left", "the customer hung up")]


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
        Part(answers=BILLING, agent="busy", leaves="line"),
        Part(answers=("1", "3"), message=9),
        Part(answers=("1", "2"), talk=TALK, last="agent"),  # a SIP address is rung
    )
    for part in parts:
        phone = await calling.phone(part).ring()
        for document in phone.documents:
            assert rebuilt(document) == canonical(document)


async def test_the_simulator_signs_as_twilios_sdk_does(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, talk=TALK)).ring()
    validator = RequestValidator(TOKEN)
    for url, form, _ in phone.posted:
        signature = signed(url, TOKEN, form).headers["X-Twilio-Signature"]
        assert validator.validate(url, form, signature)


async def test_a_message_after_the_tone(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=("1", "3"), message=23, leaves="message")).ring()
    [story] = await calling.story(phone.sid, "Voicemail, 23 s")
    assert story[-1] == ("inbound", "message", "Voicemail, 23 s")
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
    assert phone.said == ["Tervetuloa.", "Olemme kiinni. Jätä viesti.", "Kuulemiin."]
    assert spoken(story)[2:4] == ["outside the hours", "voicemail"]


async def test_a_caller_gives_up_in_the_line(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, agent="busy", leaves="line")).ring()
    [story] = await calling.story(phone.sid, "the customer hung up")
    assert spoken(story).count("not connected: busy") >= 1
    assert "Olet jonossa sijalla 1." in phone.said
    assert [one["state"] for one in await calling.conversations(phone.sid)] == ["closed"]
    [closed] = await calling.conversations(phone.sid)
    assert closed["stateReason"] == "the customer left"


async def test_a_caller_gives_up_in_the_menu(calling: Calling) -> None:
    phone = await calling.phone(Part(leaves="menu")).ring()
    await eventually(lambda: _states(calling, phone, "closed"))
    [conversation] = await calling.conversations(phone.sid)
    assert not conversation["lastInboundAt"]  # nothing was for an agent to do


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


async def test_the_agent_hangs_up_first(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, talk=TALK, last="agent")).ring()
    [story] = await calling.story(phone.sid, "the agent hung up")
    assert phone.documents[-1].endswith("<Response><Hangup /></Response>")
    assert [one["state"] for one in await calling.conversations(phone.sid)] == ["wrapUp"]
    assert spoken(story).count("the agent hung up") == 1


async def test_two_callers_have_their_places(calling: Calling) -> None:
    first = calling.phone(Part(answers=("1", "2"), agent="busy"))
    second = calling.phone(Part(answers=("1", "2"), agent="busy"), customer="+358401234568")
    await _in_line(first)
    await _in_line(second)
    for _ in range(6):  # rung, busy, told, rung again …
        await _go_on(first)
        await _go_on(second)
    assert "Olet jonossa sijalla 1." in first.said
    assert "Olet jonossa sijalla 2." in second.said
    assert not any("<Dial" in document for document in second.documents)
    await first.over()
    for _ in range(2):
        await _go_on(second)
    assert any("<Dial" in document for document in second.documents)
    await second.over()


async def test_everything_twice_and_in_another_order(calling: Calling) -> None:
    """What Twilio sends again is answered the same, and changes nothing."""
    phone = await calling.phone(Part(answers=BILLING, talk=TALK)).ring()
    [story] = await calling.story(phone.sid, "Recording")
    for url, form, status in reversed(list(phone.posted)):
        await phone.post(url, **form)
        assert phone.posted[-1][2] == status
    await phone.status("completed", sequence=0, again="1")
    [after] = await calling.story(phone.sid, "Recording")
    assert after == story


async def test_a_line_of_the_transcript_overtakes_another(calling: Calling) -> None:
    phone = calling.phone(Part(answers=BILLING))
    await _talking(phone)
    await phone.say(Line("inbound", "kaksi"), sequence=3)
    await phone.say(Line("outbound", "yksi"), sequence=2)
    await phone.over()
    [story] = await calling.story(phone.sid, "the customer hung up")
    assert [text for text in spoken(story) if text in ("yksi", "kaksi")] == ["yksi", "kaksi"]


async def test_who_answers_an_earlier_ring_is_not_connected(calling: Calling) -> None:
    phone = calling.phone(Part(answers=BILLING, agent="busy"))
    await _in_line(phone)
    while sum("<Dial" in document for document in phone.documents) < 2:
        await _go_on(phone)
    first, _ = (document for document in phone.documents if "<Dial" in document)
    await phone.answer(first)
    assert (await calling.desk.get(f"calls/{phone.sid}"))["state"] == "connecting"
    await phone.answer(phone.documents[-1])
    assert (await calling.desk.get(f"calls/{phone.sid}"))["state"] == "talking"
    await phone.over()


async def test_an_answer_that_was_not_told_is_known_from_the_end(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, told=False, last="agent")).ring()
    [story] = await calling.story(phone.sid, "the agent hung up")
    answered = spoken(story).index(ANSWERED[0][2])
    assert spoken(story)[answered + 1 : answered + 3] == ["an agent took it", "the agent hung up"]


async def test_an_old_status_is_noted_and_changes_nothing(calling: Calling) -> None:
    phone = calling.phone(Part())
    await phone.post(phone.callback, CallStatus="ringing")
    phone.status_url = f"{phone.callback}/status"
    await phone.status("completed", sequence=3)
    await phone.status("ringing", sequence=1)
    [story] = await calling.story(phone.sid, "late: Rang")
    assert [one["state"] for one in await calling.conversations(phone.sid)] == ["closed"]
    assert spoken(story)[2:] == ["the customer hung up", "the customer left", "late: Rang"]


@pytest.mark.parametrize("path", ["", "/step", "/status", "/leg", "/recording", "/transcription"])
async def test_a_forged_webhook_is_refused_and_changes_nothing(calling: Calling, path: str) -> None:
    phone = calling.phone(Part(answers=BILLING))
    await _in_line(phone)
    [before] = await calling.story(phone.sid, "A caller waits")
    call = await calling.desk.get(f"calls/{phone.sid}")
    query = f"?call={phone.sid}&step=6&end=played"
    form = {"CallSid": phone.sid, "CallStatus": "completed", "SequenceNumber": "9", "Digits": "1"}
    forged = signed(f"{phone.callback}{path}{query}", "another-token", form)
    headers = dict(forged.headers)
    for signature in (headers["X-Twilio-Signature"], "", None):
        headers |= {"X-Twilio-Signature": signature or ""}
        if signature is None:
            del headers["X-Twilio-Signature"]
        async with calling.http.post(forged.url, data=forged.body, headers=headers) as answer:
            assert answer.status == 401
    assert await calling.story(phone.sid, "A caller waits") == [before]
    assert await calling.desk.get(f"calls/{phone.sid}") == call
    await phone.post(f"{phone.callback}{path}{query}", **form)
    assert phone.posted[-1][2] in (200, 204)
    await phone.over()
    failures = (await calling.desk.get("accounts/line/handshake"))["failures"]
    assert failures[0]["code"] == "not-authentic"


async def test_a_signature_over_the_overrides_is_taken_too(calling: Calling) -> None:
    """Twilio does not say whether it signs the fragment with which we ask for repetitions."""
    phone = calling.phone(Part())
    document = await phone.post(phone.callback, CallStatus="ringing")
    address = document.partition('<Redirect method="POST">')[2].partition("<")[0].replace("&amp;", "&")
    assert "#" in address
    form = {"CallSid": phone.sid, "CallStatus": "in-progress"}
    whole = signed(address, TOKEN, form)
    url = urldefrag(address).url
    async with calling.http.post(url, data=whole.body, headers=whole.headers) as answer:
        assert answer.status == 200
        assert "<Gather" in await answer.text()


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/step?call=CA1&step=1&end=played", {}, 404),  # no such call
        ("/step?call=CA1&step=1&end=elsewhere", {}, 400),
        ("/step?call=CA1&step=x&end=played", {}, 400),
        ("/nothing", {}, 404),
        ("", {"CallSid": "SM1"}, 400),
    ],
)
async def test_addresses_that_we_never_gave(
    calling: Calling, path: str, form: dict[str, str], status: int
) -> None:
    phone = calling.phone(Part())
    await phone.post(phone.callback + path, **form)
    assert phone.posted[-1][2] == status


async def test_a_call_belongs_to_its_account(calling: Calling) -> None:
    phone = calling.phone(Part())
    await phone.post(phone.callback, CallStatus="ringing")
    other = phone.callback.replace("/line", "/lone")
    await phone.post(f"{other}/step?call={phone.sid}&step=2&end=played")
    assert phone.posted[-1][2] == 404


async def test_get_is_no_webhook(calling: Calling) -> None:
    async with calling.http.get(f"{calling.url}/api/channels/voice/line") as answer:
        assert answer.status == 405


async def test_a_caller_who_hides_is_nobody_known(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=("1", "4"), message=4, hidden=True)).ring()
    await calling.story(phone.sid, "Voicemail, 4 s")
    [conversation] = await calling.conversations(phone.sid)
    assert conversation["customer"]["phone"] == ""
    assert conversation["customer"]["id"] == f"hidden-{phone.sid}"


async def test_an_agent_calls_back(calling: Calling) -> None:
    asked = await calling.phone(Part(answers=("1", "4"))).ring()
    await calling.story(asked.sid, "we hung up")
    [wish] = await calling.conversations(asked.sid)
    body = {"account": "line", "to": CUSTOMER, "conversation": wish["id"]}
    call = await calling.desk.post("calls", body, **{"Idempotency-Key": "back-1"})
    again = await calling.desk.post("calls", body, **{"Idempotency-Key": "back-1"})
    assert (call["id"], call["way"], call["customer"]) == (again["id"], "outbound", CUSTOMER)
    [story] = await calling.story(call["id"], "Recording")
    assert spoken(story)[:4] == [
        "the customer's phone rings",
        "the customer answers",
        "told that the call is recorded or transcribed",
        "The customer answered our call.",
    ]
    [conversation] = await calling.conversations(call["id"])
    found = await calling.desk.get(f"conversations/{conversation['id']}")
    assert (found["context"]["call"], found["context"]["conversation"]) == ("outbound", wish["id"])
    other = {**body, "to": "+358401234569"}
    with pytest.raises(DeskError, match="idempotency-key was used"):
        await calling.desk.post("calls", other, **{"Idempotency-Key": "back-1"})


async def test_a_customer_whom_we_call_does_not_answer(calling: Calling) -> None:
    body = {"account": "line", "to": "+358401239999"}
    call = await calling.desk.post("calls", body, **{"Idempotency-Key": "back-2"})
    [story] = await calling.story(call["id"], "no-answer")
    assert ("system", "left", "no-answer") in story
    found = await calling.desk.get(f"calls/{call['id']}")
    assert (found["state"], found["reason"]) == ("ended", "no-answer")


async def test_an_agent_ends_a_call(calling: Calling) -> None:
    body = {"account": "line", "to": "+358401237777"}
    call = await calling.desk.post("calls", body, **{"Idempotency-Key": "back-3"})
    ended = await calling.desk.post(f"calls/{call['id']}/hangup", {})
    assert (ended["state"], ended["reason"]) == ("ended", "an agent ended the call")
    assert await calling.desk.post(f"calls/{call['id']}/hangup", {}) == ended
    await calling.story(call["id"], "an agent ended the call")
    phone = calling.phone(Part(answers=BILLING))
    await _in_line(phone)
    gone = await calling.desk.post(f"calls/{phone.sid}/hangup", {})  # Twilio knows no such call any more
    assert gone["state"] == "ended"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"account": "nowhere", "to": CUSTOMER}, "not-found"),
        ({"account": "line", "to": "0401234567"}, "invalid"),
        ({"account": "line", "to": CUSTOMER, "conversation": "0" * 32 + "-000001"}, "not-found"),
    ],
)
async def test_calls_that_cannot_be_made(calling: Calling, body: dict[str, Any], problem: str) -> None:
    with pytest.raises(DeskError, match=problem):
        await calling.desk.post("calls", body, **{"Idempotency-Key": json.dumps(body)})


async def test_nothing_is_written_on_a_call(calling: Calling) -> None:
    phone = await calling.phone(Part(answers=BILLING, talk=TALK)).ring()
    await calling.story(phone.sid, "Recording")
    [conversation] = await calling.conversations(phone.sid)
    with pytest.raises(DeskError, match="cannot be answered in writing"):
        await calling.desk.reply(conversation["id"], "moi", "k")


async def _in_line(phone: Phone) -> None:
    """Go as far as the line."""
    phone.left.extend(phone.part.answers)
    phone.documents.append(await phone.post(phone.callback, CallStatus="ringing"))
    phone.status_url = f"{phone.callback}/status"
    while "<Pause" not in phone.documents[-1] and "<Dial" not in phone.documents[-1]:
        await _go_on(phone)


async def _go_on(phone: Phone) -> None:
    """Do the newest document, and keep what follows it."""
    document = await phone.step(phone.documents[-1])
    phone.documents.append(document)


async def _talking(phone: Phone) -> None:
    """Go as far as the talk."""
    await _in_line(phone)
    while "<Dial" not in phone.documents[-1]:
        await _go_on(phone)
    await phone.answer(phone.documents[-1])


async def _states(calling: Calling, phone: Phone, state: str) -> bool:
    return [one["state"] for one in await calling.conversations(phone.sid)] == [state]
