"""The limits of each channel as its provider documents them: what is just within goes, just over does not.

They are written here once more, by hand: a slip in a room's figure shows.
"""

from typing import Any

import pytest

from functions.channels.contract import Call
from functions.channels.text import Measure, octets, units
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice
from functions.providers.payload import children
from tests.channels.samples import CHANNELS, room
from tests.channels.test_send import rendered

TEXTS: dict[str, tuple[int, Measure]] = {
    "sms": (1600, units),
    "sms-acs": (2048, octets),
    "sms-telesign": (1600, units),
    "facebook": (2000, units),
    "instagram": (1000, octets),
    "whatsapp-meta": (4096, units),
    "whatsapp-twilio": (1600, units),
    "whatsapp-acs": (4096, units),
    "telegram": (4096, units),
    "rcs": (3072, units),
    "line": (5000, units),
    "wechat": (2048, octets),
    "x": (10_000, units),
    "teams": (20_000, units),
    "apple": (5000, units),
}
UNSPLIT = {"custom-webhook"}  # what a queue takes goes whole
# How many there may be, and the characters of a title and of a payload; None: as many as there are.
CHOICES: dict[str, tuple[int, int | None, int | None]] = {
    "facebook": (13, 20, 1000),
    "instagram": (13, 20, 1000),
    "whatsapp-meta": (3, 20, 256),
    "telegram": (100, None, 64),
    "rcs": (11, 25, 2048),
    "line": (13, 20, 300),
    "apple": (5, None, None),
    "wechat": (10, None, None),
    "teams": (6, 100, 2000),
    "custom-webhook": (20, None, None),
}
HOURS = {
    **dict.fromkeys(("facebook", "instagram", "whatsapp-meta", "whatsapp-twilio", "whatsapp-acs"), 24),
    "wechat": 48,
}
CAPTIONS = ("whatsapp-meta", "whatsapp-twilio", "telegram")  # whose pictures have a caption of 1024
PHOTO = Attachment(kind=AttachmentKind.IMAGE, url="https://files.example.com/1.jpg")


def parts(calls: list[Call]) -> int:
    """Count the messages: LINE takes several in one call."""
    return sum(len(children(call.json, "messages")) or 1 for call in calls)


def choice(title: int = 1, payload: int = 1) -> Choice:
    return Choice(title="t" * title, payload="p" * payload)


def test_no_channel_is_forgotten() -> None:
    assert TEXTS.keys() | UNSPLIT == set(CHANNELS)
    assert CHOICES.keys() == {name for name in CHANNELS if room(name).capabilities.choices}
    assert HOURS.keys() == {name for name in CHANNELS if room(name).capabilities.reply_window}


@pytest.mark.parametrize("channel", TEXTS)
@pytest.mark.parametrize("letter", ["a", "ä", "漢", "👋"])
def test_a_text_is_split_by_what_the_provider_counts(channel: str, letter: str) -> None:
    limit, measure = TEXTS[channel]
    most = limit // measure(letter)
    assert parts(rendered(channel, text=letter * most)) == 1
    assert parts(rendered(channel, text=letter * (most + 1))) == 2


@pytest.mark.parametrize("channel", CAPTIONS)
def test_a_caption_has_1024_units(channel: str) -> None:
    assert parts(rendered(channel, text="👋" * 512, attachments=(PHOTO,))) == 1
    assert parts(rendered(channel, text="👋" * 512 + "a", attachments=(PHOTO,))) == 2


@pytest.mark.parametrize("channel", CHOICES)
def test_choices_have_limits(channel: str) -> None:
    most, title, payload = CHOICES[channel]
    assert rendered(channel, text="?", choices=(choice(title or 20, payload or 20),) * most)
    over: list[tuple[tuple[Choice, ...], str]] = [((choice(),) * (most + 1), "too-many-choices")]
    over += [((choice(title + 1),) * 2, "choice-length")] if title else []
    over += [((choice(1, payload + 1),) * 2, "choice-length")] if payload else []
    for choices, code in over:
        assert refused(channel, text="?", choices=choices) == code


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_window_closes_to_the_hour(channel: str) -> None:
    hours = HOURS.get(channel)
    assert rendered(channel, hours, text="x")
    if hours:
        assert refused(channel, hours + 0.001, text="x") == "window-closed"
        assert refused(channel, None, text="x") == "never-wrote"


def refused(channel: str, hours: float | None = 1, **message: Any) -> str:
    """Give the code of the rule that a message breaks."""
    with pytest.raises(NotDeliverable) as broken:
        rendered(channel, hours, **message)
    return broken.value.code
