"""What every adapter is tried with. Where a provider can send no such thing, the table says why.

A new adapter fails here until its vectors hold each case, or the reason stands here why it cannot occur.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from functions.channels.contract import Request
from functions.errors import NotAuthentic
from functions.message import AttachmentKind, Inbound, Kind
from tests.channels.samples import WEBHOOKS, account, parsed, room, signed
from tests.channels.test_authentic import BODIES, SIGNS_THE_BODY
from tests.channels.test_handshake import ASKED
from tests.channels.test_parse import VECTORS

CALLS = {name: [parsed(name, case.body) for case in cases.values()] for name, cases in VECTORS.items()}
ITEMS = {name: [item for call in calls for item in call] for name, calls in CALLS.items()}
SPOKEN = {Kind.MESSAGE, Kind.POSTBACK, Kind.RECORD}


def kinds(channel: str) -> set[Kind]:
    return {item.kind for item in ITEMS[channel]}


def has(found: Callable[[Inbound], object]) -> Callable[[str], bool]:
    return lambda channel: any(map(found, ITEMS[channel]))


def is_refused_a_day_later(channel: str) -> bool:
    good = signed(channel, BODIES[channel])
    try:
        room(channel).authenticate(
            replace(good, received_at=good.received_at + timedelta(days=1)), account(channel)
        )
    except NotAuthentic:
        return True
    return False


CASES: dict[str, Callable[[str], bool]] = {
    "a message": lambda channel: bool(kinds(channel) & SPOKEN),
    "something unknown": lambda channel: Kind.UNSUPPORTED in kinds(channel),
    "letters of four bytes": has(lambda item: any(letter > "\uffff" for letter in item.text)),
    "several at once": lambda channel: max(map(len, CALLS[channel])) > 1,
    "another account's": has(lambda item: "another" in item.context.get("note", "")),
    "an attachment": has(lambda item: item.attachments),
    "an answer to a message": has(lambda item: item.target and item.kind in SPOKEN),
    "a button": lambda channel: Kind.POSTBACK in kinds(channel),
    "an opt-out": lambda channel: bool(kinds(channel) & {Kind.OPT_OUT, Kind.LEFT}),
    "the provider's time": has(lambda item: item.sent_at),
    "a status": lambda channel: Kind.RECEIPT in kinds(channel),
    "a signed body": lambda channel: channel in SIGNS_THE_BODY,
    "a proof that ages": is_refused_a_day_later,
    "a handshake": lambda channel: channel in ASKED,
}
_SMS = ("sms", "sms-acs", "sms-telesign")
_TWILIO = ("sms", "whatsapp-twilio")
_EVENT_GRID = ("sms-acs", "whatsapp-acs")
_SILENT = "a record says nothing"
_UNNAMED = "the provider names no message that is answered"
CANNOT: dict[str, dict[str, str]] = {
    "letters of four bytes": {"records": _SILENT},
    "several at once": dict.fromkeys(
        (*_TWILIO, "rcs", "apple", "wechat", "sms-telesign", "custom-webhook"), "one item a call"
    ),
    "another account's": dict.fromkeys(
        (*_TWILIO, "telegram", "teams", "custom-webhook", "records"),
        "the proof is this account's own, or names it",
    ),
    "an attachment": {"sms-acs": "text only", "records": _SILENT},
    "an answer to a message": dict.fromkeys((*_SMS, "rcs", "apple", "wechat", "x", "records"), _UNNAMED),
    "a button": {**dict.fromkeys(_SMS, "an SMS has no buttons"), "records": _SILENT},
    "an opt-out": {
        **dict.fromkeys(("instagram", "whatsapp-acs"), "the provider tells of none"),
        "records": _SILENT,
    },
    "the provider's time": dict.fromkeys((*_TWILIO, "apple"), "the provider tells none"),
    "a status": dict.fromkeys(
        ("telegram", "line", "apple", "records"), "the provider tells nothing of what became of a message"
    ),
    "a signed body": {
        **dict.fromkeys(_EVENT_GRID, "Event Grid signs nothing: it brings a token, or a secret of ours"),
        **dict.fromkeys(("telegram", "records"), "the provider repeats a secret of ours"),
        **dict.fromkeys(("apple", "teams"), "the token vouches for the sender only"),
    },
    "a proof that ages": {
        **dict.fromkeys(
            (*_TWILIO, "facebook", "instagram", "whatsapp-meta", "rcs", "line", "sms-telesign", "x"),
            "the signature holds no time: repeats are told by the item's id",
        ),
        **dict.fromkeys((*_EVENT_GRID, "telegram", "records"), "the secret stays the same"),
    },
    "a handshake": dict.fromkeys(
        (*_TWILIO, "telegram", "apple", "sms-telesign", "teams", "custom-webhook", "records"),
        "the address is entered at the provider, which asks nothing",
    ),
}


@pytest.mark.parametrize("channel", WEBHOOKS)
@pytest.mark.parametrize("case", CASES)
def test_each_case_is_held_or_cannot_occur(case: str, channel: str) -> None:
    why = CANNOT.get(case, {}).get(channel)
    assert CASES[case](channel) == (why is None), why or f"{channel} is not tried with it"


_FILES = frozenset({AttachmentKind.IMAGE, AttachmentKind.AUDIO, AttachmentKind.VIDEO, AttachmentKind.FILE})
_PLACE, _STICKER = {AttachmentKind.LOCATION}, {AttachmentKind.STICKER}
_CARD, _LINK = {AttachmentKind.CONTACT}, {AttachmentKind.LINK}
BROUGHT: dict[str, set[AttachmentKind] | frozenset[AttachmentKind]] = {
    "sms": _FILES,
    "facebook": _FILES | _PLACE | _STICKER | _LINK,
    "instagram": _FILES | _LINK,
    "whatsapp-meta": _FILES | _PLACE | _STICKER | _CARD,
    "whatsapp-twilio": _FILES | _PLACE | _STICKER,
    "whatsapp-acs": _FILES | _STICKER,
    "telegram": _FILES | _PLACE | _STICKER | _CARD,
    "rcs": _FILES | _PLACE,
    "line": _FILES | _PLACE | _STICKER,
    "apple": _FILES,
    "wechat": _FILES - {AttachmentKind.FILE} | _PLACE | _LINK,
    "sms-telesign": {AttachmentKind.IMAGE, AttachmentKind.VIDEO},
    "x": {AttachmentKind.IMAGE, AttachmentKind.VIDEO},
    "teams": {AttachmentKind.IMAGE, AttachmentKind.FILE},
    "custom-webhook": _FILES | _PLACE | _STICKER | _CARD | _LINK,
}


@pytest.mark.parametrize("channel", BROUGHT)
def test_every_kind_of_medium_that_is_brought_is_read(channel: str) -> None:
    assert {one.kind for item in ITEMS[channel] for one in item.attachments} == BROUGHT[channel]


def test_the_table_names_no_other_case_or_channel() -> None:
    assert CANNOT.keys() <= CASES.keys()
    assert {channel for reasons in CANNOT.values() for channel in reasons} <= set(WEBHOOKS)


@pytest.mark.parametrize("channel", WEBHOOKS)
def test_all_states_that_are_promised_are_read(channel: str) -> None:
    states = {item.receipt.state for item in ITEMS[channel] if item.receipt}
    assert room(channel).capabilities.receipts <= states


def without_one(call: Request) -> Iterator[Request]:
    for name in call.headers:
        yield replace(call, headers={one: value for one, value in call.headers.items() if one != name})
    for name in call.parameters():
        rest = {one: value for one, value in call.parameters().items() if one != name}
        yield replace(call, query=urlencode(rest))


@pytest.mark.parametrize("channel", WEBHOOKS)
def test_without_any_of_its_headers_a_call_is_refused_or_says_the_same(channel: str) -> None:
    adapter, ours = room(channel), account(channel)
    good = signed(channel, BODIES[channel])
    refused = 0
    for less in without_one(good):
        try:
            adapter.authenticate(less, ours)
        except NotAuthentic:
            refused += 1
        else:
            assert list(adapter.parse(less, ours)) == list(adapter.parse(good, ours))
    assert refused
