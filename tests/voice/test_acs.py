"""Calls at ACS through the running platform, from the first ring to the recording."""

from functions.message import digest
from local.simulators.acs_call import Part
from tests.voice.acs import Exchange
from tests.voice.kit import Calling, spoken


async def test_a_call_through_menu_line_and_talk(calling: Calling) -> None:
    exchange = Exchange(calling.http, calling.simulators)
    talk = (("agent", "Miten voin auttaa?"), ("customer", "Laskussa on virhe."))
    name = await exchange.call(Part(answers=("1", "se lasku"), talk=talk), "+358401230001")
    [story] = await calling.story(digest("acs-call", "acs-line", name), "Recording")

    shown = await exchange.shown(name)

    assert spoken(story)
