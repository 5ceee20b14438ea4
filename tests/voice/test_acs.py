"""Calls at ACS through the running platform, from the first ring to the recording."""

from typing import Any

import pytest

from functions.message import digest
from functions.voice.acs.sounds import RINGING
from local.simulators.acs_call import Part
from local.simulators.acs_calls import SOUND
from tests.voice.acs import LONE, NIGHT, NUMBER, SPEECH, Exchange
from tests.voice.kit import TARGET, TEAMS_USER, Calling, spoken
from tests.waiting import eventually

Story = list[tuple[str, str, str]]
MENUS = ["menu language: 1 language=fi", "menu reason: 1 reason=billing"]
ASKED = "Suomeksi, paina 1. For English, press 2."


def exchange(calling: Calling) -> Exchange:
    return Exchange(calling.http, calling.simulators)


def thread(name: str, account: str = "acs-line") -> str:
    return digest("acs-call", account, name)


async def played(calling: Calling, part: Part, customer: str, until: str) -> tuple[Story, Any]:
    """Give the only conversation of a call, and the call as the service saw it."""
    name = await exchange(calling).call(part, customer)
    [story] = await calling.story(thread(name), until)
    return story, await exchange(calling).shown(name)


def actions(shown: Any) -> list[str]:
    return [one["action"] for one in shown["asked"]]


def content(shown: Any, action: str, place: int = 0) -> Any:
    return [one["content"] for one in shown["asked"] if one["action"] == action][place]


async def test_a_call_from_the_first_ring_to_the_recording(calling: Calling) -> None:
    talk = (("agent", "Miten voin auttaa?"), ("customer", "Laskussa on virhe."))
    name = await exchange(calling).call(Part(answers=("1", "se lasku"), talk=talk), "+358401230001")
    [story] = await calling.story(thread(name), "Recording")
    assert story == [
        ("system", "call", "an incoming call"),
        ("system", "call", "the call is taken"),
        *(("system", "call", menu) for menu in MENUS),
        ("system", "call", "told that the call is recorded or transcribed"),
        ("inbound", "message", "A caller waits for an agent."),
        ("system", "call", "rings the agent queue billing"),
        ("system", "call", "answered by the agent queue billing"),
        ("system", "state", "an agent took it"),
        ("outbound", "echo", "Miten voin auttaa?"),
        ("inbound", "message", "Laskussa on virhe."),
        ("system", "left", "the customer hung up"),
        ("system", "state", "the customer left"),
        ("system", "call", "Recording, 12 s"),
    ]
    [conversation] = await calling.conversations(thread(name))
    assert conversation["context"]["menu.reason"] == "billing"
    assert (conversation["customer"]["phone"], conversation["state"]) == ("+358401230001", "wrapUp")
    assert (await exchange(calling).shown(name))["state"] == "over"


async def test_what_the_service_is_asked_for(calling: Calling) -> None:
    """The requests are the SDK's; here is what is in them."""
    _, shown = await played(calling, Part(answers=("1", "1")), "+358401230002", "Recording")
    assert actions(shown)[:5] == ["answer", "play", "recognize", "recognize", "play"]
    assert actions(shown)[-6:] == ["record", "startTranscription", "play", "add", "cancel", "terminate"]
    answer = content(shown, "answer")
    assert answer["callIntelligenceOptions"] == {"cognitiveServicesEndpoint": SPEECH}
    assert answer["callbackUri"].startswith(f"{calling.url}/api/channels/voice/acs-line/calls/")
    assert answer["transcriptionOptions"]["locale"] == "fi-FI"
    assert answer["transcriptionOptions"]["startTranscription"] is False
    assert answer["transcriptionOptions"]["transportUrl"].startswith("ws://127.0.0.1")
    [source] = content(shown, "play")["playSources"]
    assert source["text"] == {"text": "Tervetuloa.", "sourceLocale": "fi-FI", "voiceKind": "female"}
    language, reason, line = (content(shown, "recognize", place) for place in range(3))
    assert language["recognizeInputType"] == "choices"
    assert language["recognizeOptions"]["targetParticipant"]["phoneNumber"] == {"value": "+358401230002"}
    assert language["recognizeOptions"]["initialSilenceTimeoutInSeconds"] == 6
    assert reason["recognizeOptions"]["choices"][0] == {
        "label": "1",
        "phrases": ["laskut", "lasku"],
        "tone": "one",
    }
    assert line["recognizeInputType"] == "dtmf"
    assert not line.get("playPrompts")
    added = content(shown, "add")
    assert added["participantToAdd"]["phoneNumber"] == {"value": TARGET}
    assert (added["sourceCallerIdNumber"], added["invitationTimeoutInSeconds"]) == ({"value": NUMBER}, 15)
    ringing = content(shown, "play", -1)
    assert ringing["playSources"][0]["file"]["uri"] == f"{calling.url}/api/channels/voice/acs-line/{RINGING}"
    assert (ringing["playTo"][0]["phoneNumber"], ringing["playOptions"]) == (
        {"value": "+358401230002"},
        {"loop": True},
    )
    record = content(shown, "record")
    assert (record["recordingContentType"], record["recordingFormatType"]) == ("audio", "mp3")
    contexts = [one["content"].get("operationContext") for one in shown["asked"]]
    steps = [int(one.partition(":")[0]) for one in contexts if one]
    assert steps == sorted(steps)


async def test_news_come_early_twice_and_in_the_wrong_order(calling: Calling) -> None:
    talk = (("customer", "Hei."), ("agent", "Hei, hei."))
    part = Part(answers=("1", "1"), talk=talk, last="agent", early=True, twice=True, shuffled=True)
    story, shown = await played(calling, part, "+358401230003", "Recording")
    texts = spoken(story)
    assert len(texts) == len(set(texts))
    assert texts[-4:] == ["Hei, hei.", "the agent hung up", "the customer left", "Recording, 12 s"]
    assert set(shown["statuses"]) == {200}
    assert actions(shown).count("answer") == actions(shown).count("add") == 1
    assert shown["said"].count(ASKED) == 1


async def test_nobody_answers_and_a_message_is_left(calling: Calling) -> None:
    part = Part(answers=("1", "1"), agent="no-answer")
    name = await exchange(calling).call(part, "+358401230004")
    [story] = await calling.story(thread(name), "Voicemail, 12 s")
    assert "not connected: no-answer" in spoken(story)
    shown = await exchange(calling).shown(name)
    talk, message = (one for one in shown["asked"] if one["action"] == "record")
    assert talk["name"] != message["name"]
    assert shown["said"][-4:] == ["ringing.wav", "Jätä viesti.", "tone.wav", "Kuulemiin."]
    [conversation] = await calling.conversations(thread(name))
    found: list[Any] = []

    async def fetched() -> bool:
        messages = await calling.messages(conversation)
        found[:] = [
            (message["id"], attachment)
            for message in messages
            for attachment in message["attachments"]
            if message["text"].startswith("Voicemail")
        ]
        return any(attachment.get("blob") for _, attachment in found)

    await eventually(fetched)
    [(message_id, attachment)] = found
    assert (attachment["kind"], attachment["contentType"]) == ("audio", "audio/mpeg")
    path = f"conversations/{conversation['id']}/messages/{message_id}/attachments/0"
    assert await calling.desk.file(path) == SOUND


async def test_a_caller_hangs_up_in_the_message(calling: Calling) -> None:
    part = Part(answers=("1", "1"), agent="declined", leaves="message")
    story, shown = await played(calling, part, "+358401230005", "Voicemail, 12 s")
    assert "not connected: declined" in spoken(story)
    assert "the customer hung up" in spoken(story)
    assert actions(shown)[-1] == "recognize"


async def test_a_message_is_transcribed(calling: Calling) -> None:
    part = Part(answers=("1", "3"), leaves="message", talk=(("customer", "Soittakaa minulle."),))
    story, _ = await played(calling, part, "+358401230014", "Voicemail, 12 s")
    assert ("system", "call", "customer: Soittakaa minulle.") in story


@pytest.mark.parametrize(
    ("answers", "leaves"),
    [
        (("1", "1"), "Jätä viesti."),
        (("1", "1"), "tone.wav"),
        (("1", "1"), "message"),
        (("1", "3"), "Jätä viesti."),
        (("1", "3"), "message"),
    ],
)
async def test_a_caller_hangs_up_without_a_word(
    calling: Calling, answers: tuple[str, str], leaves: str
) -> None:
    """In the words, in the tone, or right after it: nothing is left for an agent to do."""
    part = Part(answers=answers, agent="no-answer", leaves=leaves, message=0)
    name = await exchange(calling).call(part, f"+35840124{len(answers[0] + leaves):04}{answers[1]}")
    await calling.story(thread(name), "the customer left")
    [conversation] = await calling.conversations(thread(name))
    assert (conversation["state"], conversation["stateReason"]) == ("closed", "the customer left")


async def test_outside_the_hours(calling: Calling) -> None:
    name = await exchange(calling).call(Part(), "+358401230006", NIGHT)
    [story] = await calling.story(thread(name, "acs-night"), "Voicemail, 12 s")
    assert "outside the hours" in spoken(story)
    shown = await exchange(calling).shown(name)
    assert shown["said"] == [
        "Tervetuloa.",
        "Olemme kiinni. Puhelu tallennetaan.",
        "Jätä viesti.",
        "tone.wav",
        "Kuulemiin.",
    ]
    assert "add" not in actions(shown)


async def test_a_caller_hangs_up_in_the_line(calling: Calling) -> None:
    story, shown = await played(calling, Part(answers=("1", "1"), leaves="line"), "+358401230007", "hung up")
    assert spoken(story)[-1] in ("the customer hung up", "the customer left")
    assert "add" not in actions(shown)
    assert actions(shown)[-1] == "recognize"


async def test_silence_nonsense_and_a_call_back(calling: Calling) -> None:
    part = Part(answers=("", "2", "pizza", "4"))
    story, shown = await played(calling, part, "+358401230008", "called back")
    assert ("inbound", "message", "The caller asks to be called back.") in story
    assert shown["said"][1:3] == [ASKED, f"Anteeksi. {ASKED}"]
    assert shown["said"][-1] == "We will call you back."


async def test_a_busy_agent_is_rung_again(calling: Calling) -> None:
    """A part has one agent: so the caller gives up in the end."""
    name = await exchange(calling).call(Part(answers=("1", "1"), agent="busy", pace=40), "+358401230009")

    async def rung_twice() -> bool:
        return actions(await exchange(calling).shown(name)).count("add") >= 2

    await eventually(rung_twice)
    shown = await exchange(calling).shown(name)
    names = [one["name"] for one in shown["asked"] if one["action"] == "add"]
    assert len(names) == len(set(names))
    assert actions(shown).count("record") == 1
    [conversation] = await calling.conversations(thread(name))
    await calling.desk.post(f"calls/{thread(name)}/hangup", {})
    assert conversation["agentQueue"] == "billing"


async def test_a_teams_user_is_rung(calling: Calling) -> None:
    name = await exchange(calling).call(Part(answers=("1", "2")), "+358401230010", LONE)
    [story] = await calling.story(thread(name, "acs-lone"), "the customer hung up")
    assert "answered by the agent queue desk" in spoken(story)
    added = content(await exchange(calling).shown(name), "add")["participantToAdd"]
    assert added["microsoftTeamsUser"]["userId"] == TEAMS_USER.removeprefix("teams:")


async def test_a_caller_who_hides(calling: Calling) -> None:
    story, shown = await played(calling, Part(answers=("1", "1"), hidden=True), "+358401230011", "Recording")
    target = content(shown, "recognize")["recognizeOptions"]["targetParticipant"]
    assert target["rawId"] == "4:anonymous"
    assert "the customer hung up" in spoken(story)


async def test_we_call_a_customer(calling: Calling) -> None:
    number = "+358401230012"
    await exchange(calling).waits(number, Part(talk=(("customer", "Niin?"),)))
    body = {"account": "acs-lone", "to": number}
    call = await calling.desk.post("calls", body, **{"Idempotency-Key": "acs-1"})
    again = await calling.desk.post("calls", body, **{"Idempotency-Key": "acs-1"})
    assert again["id"] == call["id"]
    [story] = await calling.story(call["id"], "the customer hung up")
    assert spoken(story)[:2] == ["the customer answers", "The customer answered our call."]
    assert "answered by the agent queue desk" in spoken(story)
    shown = await exchange(calling).shown(number)
    assert actions(shown).count("create") == 1
    assert content(shown, "create")["sourceCallerIdNumber"] == {"value": LONE}
    assert shown["said"][0] == "Hei, soitamme takaisin."


async def test_we_call_somebody_who_is_busy(calling: Calling) -> None:
    number = "+358401230013"
    await exchange(calling).waits(number, Part(takes=False))
    body = {"account": "acs-line", "to": number}
    call = await calling.desk.post("calls", body, **{"Idempotency-Key": "acs-2"})
    [story] = await calling.story(call["id"], "busy")
    assert "busy" in spoken(story)
