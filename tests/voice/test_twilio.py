"""Calls at Twilio through the running platform, from the first ring to the last status."""

from local.simulators.twilio_voice import Line, Part
from tests.voice.kit import Calling, spoken


async def test_a_call_through_menu_line_and_talk(calling: Calling) -> None:
    talk = [Line("outbound", "Miten voin auttaa?"), Line("inbound", "Laskussa on virhe.")]
    phone = await calling.phone(Part(answers=["1", "se lasku"], talk=talk)).ring()
    [story] = await calling.story(phone.sid, "customer hung up")
    print("\n".join(map(str, story)))
    print("\n".join(phone.documents))
    assert spoken(story)


async def test_an_agent_calls_back(calling: Calling) -> None:
    body = {"account": "line", "to": "+358409990001"}
    call = await calling.desk.post("calls", body, **{"Idempotency-Key": "k1"})
    print(call)
    [story] = await calling.story(call["id"], "customer hung up")
    print("\n".join(map(str, story)))
    assert spoken(story)
