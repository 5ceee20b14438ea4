"""An agent who types, as each provider shows it; news that a channel does not carry are refused."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.channels.contract import Call
from functions.errors import NotDeliverable
from functions.message import Event
from tests.channels.line_sdk import line_loads
from tests.channels.samples import CHANNELS, SETTINGS, account, outbound, room, standing
from tests.channels.telegram_sdk import telegram_bot


def typing(channel: str, hours: float | None = 1, **more: Any) -> Call:
    to = account(channel)
    [call] = room(channel).render(outbound(channel, event=Event.TYPING, **more), to, standing(hours))
    assert call.url.startswith(room(channel).api_base(to))
    return call


async def test_telegram_as_its_client_does() -> None:
    bot, recorder = telegram_bot(SETTINGS["telegram"]["botToken"])
    await bot.send_chat_action(42, "typing", business_connection_id="bc_1")
    call = typing("telegram", thread="bc_1:42")
    assert [(call.url, call.json)] == recorder.sent


def test_line_as_its_client_does() -> None:
    person = "U" + "1" * 32
    call = typing("line", thread=person)
    address, headers, body = line_loads(SETTINGS["line"]["channelAccessToken"], person, 10)
    assert (f"{call.method} {call.url}", call.json) == (address, body)
    assert call.headers["Authorization"] == headers["Authorization"]


def test_line_shows_it_to_one_person_only() -> None:
    with pytest.raises(NotDeliverable) as refused:
        typing("line", thread="C" + "1" * 32)
    assert refused.value.code == "event"


@pytest.mark.parametrize("channel", ["facebook", "instagram"])
@pytest.mark.parametrize("hours", [1, 48])
def test_meta_takes_the_recipient_and_the_action_alone(channel: str, hours: float) -> None:
    call, message = typing(channel, hours), outbound(channel)
    [text] = room(channel).render(outbound(channel, text="x"), account(channel), standing(1))
    assert (call.url, call.headers) == (text.url, text.headers)
    assert call.json == {"recipient": {"id": message.recipient}, "sender_action": "typing_on"}


def test_rcs_has_an_event_beside_its_messages() -> None:
    call = typing("rcs")
    [text] = room("rcs").render(outbound("rcs", text="x"), account("rcs"), standing(1))
    ours, theirs = urlsplit(call.url), urlsplit(text.url)
    assert ours.path == theirs.path.removesuffix("agentMessages") + "agentEvents"
    assert parse_qs(ours.query)["agentId"] == parse_qs(theirs.query)["agentId"]
    assert parse_qs(ours.query)["eventId"]
    assert call.json == {"eventType": "IS_TYPING"}


def test_teams_has_an_activity_for_it() -> None:
    call = typing("teams")
    [text] = room("teams").render(outbound("teams", text="x"), account("teams"), standing(1))
    assert (call.url, call.json) == (text.url, {"type": "typing"})


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("channel", CHANNELS)
def test_news_that_a_channel_does_not_carry_are_refused(channel: str, event: Event) -> None:
    adapter, to = room(channel), account(channel)
    news = outbound(channel, event=event)
    if event in adapter.capabilities.events:
        adapter.render(news, to, standing(1))
        return
    with pytest.raises(NotDeliverable) as refused:
        adapter.render(news, to, standing(1))
    assert refused.value.code == "event"
