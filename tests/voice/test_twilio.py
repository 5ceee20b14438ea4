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
