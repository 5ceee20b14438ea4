"""What each channel's payloads become: every item of every kind, nothing dropped."""

import json
from importlib import import_module
from typing import Any

import pytest

from functions.errors import Invalid
from functions.message import Inbound, Kind
from tests.channels.samples import ADAPTERS, NOW, WEBHOOKS, account, parsed, request, room
from tests.channels.vectors.case import Case

VECTORS: dict[str, dict[str, Case]] = {
    name: import_module(f"tests.channels.vectors.{name.replace('-', '_')}").CASES for name in WEBHOOKS
}
TABLE = [
    pytest.param(channel, case, id=f"{channel}: {name}")
    for channel, cases in VECTORS.items()
    for name, case in cases.items()
]


def as_json(item: Inbound) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(item.json_text())
    return found


@pytest.mark.parametrize(("channel", "case"), TABLE)
def test_items(channel: str, case: Case) -> None:
    items = parsed(channel, case.body)
    assert len(items) == len(case.items)
    for item, expected in zip(items, case.items, strict=True):
        found = as_json(item)
        assert {name: found.get(name) for name in expected} == expected
        assert (item.channel, item.provider, item.account) == (*ADAPTERS[channel], f"{channel}-1")
        assert item.received_at == NOW
        assert item.event
        assert item.sender.id or item.kind is Kind.RECEIPT
        assert item.thread or item.kind is Kind.RECEIPT
        assert (item.raw is not None) or item.kind is not Kind.UNSUPPORTED
        assert Inbound.model_validate_json(item.json_text()) == item  # as the router reads it


@pytest.mark.parametrize(("channel", "case"), TABLE)
def test_a_repeated_delivery_gives_the_same_ids(channel: str, case: Case) -> None:
    ids = [item.id for item in parsed(channel, case.body)]
    assert ids == [item.id for item in parsed(channel, case.body)]
    assert len(set(ids)) == len(ids)


def test_statuses_of_one_message_differ() -> None:
    form = b"MessageSid=SM1&To=%%2B358401234567&From=%%2B15005550006&MessageStatus=%b"
    states = [parsed("sms", form % state)[0].id for state in (b"sent", b"delivered", b"failed")]
    assert len(set(states)) == 3


def test_a_batch_gives_every_item() -> None:
    entries = [
        {
            "id": page,
            "messaging": [
                {"sender": {"id": str(number)}, "message": {"mid": f"{page}-{entry}-{number}", "text": "x"}}
                for number in range(50)
            ],
        }
        for entry in range(10)
        for page in ("682498171943165", "999")
    ]
    items = parsed("facebook", json.dumps({"object": "page", "entry": entries}).encode())
    assert len({item.event for item in items}) == 1000


OBJECTS = [
    "facebook",
    "instagram",
    "whatsapp-meta",
    "telegram",
    "line",
    "sms-telesign",
    "x",
    "teams",
    "custom-webhook",
    "records",
]
UNREADABLE = {
    "empty": b"",
    "not UTF-8": b"\xff\xfe{",
    "not JSON": b"hello",
    "UTF-16": '{"update_id":1}'.encode("utf-16"),
    "deep array": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "over the limit by six": b'{"a":' * 70 + b"1" + b"}" * 70,
    "NaN": b'{"entry":[NaN]}',
}


@pytest.mark.parametrize("channel", WEBHOOKS)
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_whole_is_invalid(channel: str, body: bytes) -> None:
    """Twilio can send JSON too; for it this table is read as such."""
    with pytest.raises(Invalid):
        list(
            room(channel).parse(
                request(channel, body, {"content-type": "application/json"}), account(channel)
            )
        )


@pytest.mark.parametrize("channel", OBJECTS)
@pytest.mark.parametrize("body", [b"[1,2]", b"7", b"null", b'"x"'])
def test_json_that_is_no_object_is_invalid(channel: str, body: bytes) -> None:
    with pytest.raises(Invalid):
        parsed(channel, body)


@pytest.mark.parametrize("body", [b"", b"&&", b"Body=%FF%FE&MessageSid=SM1", b"Body=\xff", b"a=1&" * 2000])
def test_an_unreadable_form_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        parsed("sms", body)


def test_json_from_twilio_is_kept_raw() -> None:
    [item] = room("sms").parse(
        request("sms", b'{"a":1}', {"content-type": "application/json"}), account("sms")
    )
    assert (item.kind, item.raw) == (Kind.UNSUPPORTED, {"a": 1})


@pytest.mark.parametrize("channel", OBJECTS)
def test_hostile_values_survive_the_queue(channel: str) -> None:
    strange = rb'"\ud800 \udc00\ud800","\u0000",' + b"9" * 5000 + b',1e999,-1e999,{"\\udfff":0.1}'
    body = b'{"update_id":%b,"object":"x","x":[%b],"x":[%b]}' % (b"1" * 40, strange, strange)
    [item] = parsed(channel, body)
    assert item.raw == {
        "update_id": "1" * 40,
        "object": "x",
        "x": ["\ufffd \ufffd\ufffd", "\0", "9" * 5000, "1e999", "-1e999", {"\ufffd": 0.1}],
    }
    assert Inbound.model_validate_json(item.json_text()) == item
