"""What the providers' APIs answer, and whether to try again."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from functions.channels.contract import Answer, Outcome, Refused, Sent, Unsure
from tests.channels.samples import CHANNELS, room


def read(channel: str, status: int, body: object, headers: dict[str, str] | None = None) -> Outcome:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return room(channel).receipt(Answer(status, headers or {}, octets))


def item(status: int, **more: object) -> dict[str, object]:
    """Give a recipient's result, as it stands behind a 202 of ACS."""
    found = {"to": "+358401234567", "messageId": "Outgoing_1", "successful": status < 300}
    return {**found, "httpStatusCode": status, "errorMessage": "+358401234567 …", **more}


@pytest.mark.parametrize(
    ("channel", "status", "body", "name"),
    [
        ("sms", 201, {"sid": "SM1", "status": "queued"}, "SM1"),
        ("sms-acs", 202, {"value": [item(202)]}, "Outgoing_1"),
        ("whatsapp-acs", 202, {"receipts": [{"messageId": "out-7", "to": "358401234567"}]}, "out-7"),
        ("facebook", 200, {"recipient_id": "1", "message_id": "m_1"}, "m_1"),
        ("telegram", 200, {"ok": True, "result": {"message_id": 7, "chat": {"id": -42}}}, "-42:7"),
        ("custom-webhook", 202, {"id": "k-7"}, "k-7"),
        ("custom-webhook", 204, b"", ""),
        ("rcs", 200, {"name": "phones/+358401234567/agentMessages/7f5e"}, "7f5e"),
        (
            "telegram",
            200,
            {"ok": True, "result": {"message_id": 7, "chat": {"id": 42}, "business_connection_id": "bc"}},
            "bc:42:7",
        ),
    ],
)
def test_taken(channel: str, status: int, body: object, name: str) -> None:
    assert read(channel, status, body) == Sent(name)


def twilio(code: int) -> dict[str, object]:
    return {"code": code, "message": "The number +358401234567 …", "more_info": "x", "status": 400}


def meta(code: int, subcode: int | None = None, **more: object) -> dict[str, object]:
    return {"error": {"message": "secret +358401234567", "code": code, "error_subcode": subcode, **more}}


def acs(code: str) -> dict[str, object]:
    return {"error": {"code": code, "message": "+358401234567 …", "target": "to"}}


def telegram(code: int, **parameters: int) -> dict[str, object]:
    return {"ok": False, "error_code": code, "description": "+358401234567", "parameters": parameters}


def wechat(code: int) -> dict[str, object]:
    return {"errcode": code, "errmsg": "to +358401234567"}


def google(code: int, status: str) -> dict[str, object]:
    return {"error": {"code": code, "message": "phone +358401234567", "status": status}}


@pytest.mark.parametrize(
    ("channel", "status", "body", "code", "retryable"),
    [
        ("sms", 400, twilio(21211), "21211", False),
        ("sms", 400, twilio(21610), "21610", False),
        ("sms", 400, twilio(99999), "99999", False),
        ("sms", 401, twilio(20003), "20003", False),
        ("sms", 429, twilio(20429), "20429", True),
        ("sms", 500, twilio(20500), "20500", True),
        ("sms-acs", 202, {"value": [item(400)]}, "400", False),
        ("sms-acs", 202, {"value": [item(429)]}, "429", True),
        ("sms-acs", 202, {"value": [item(500)]}, "500", True),
        ("sms-acs", 401, acs("Denied"), "Denied", False),
        ("sms-acs", 400, acs("+358401234567 is wrong"), "400", False),
        ("whatsapp-acs", 403, acs("Forbidden"), "Forbidden", False),
        ("whatsapp-acs", 429, acs("TooManyRequests"), "TooManyRequests", True),
        ("facebook", 400, meta(100), "100", False),
        ("facebook", 400, meta(10, 2018278), "10/2018278", False),
        ("facebook", 401, meta(190, 463), "190/463", False),
        ("facebook", 400, meta(551), "551", False),
        ("facebook", 400, meta(613), "613", True),
        ("facebook", 403, meta(4), "4", True),
        ("facebook", 500, meta(2, is_transient=True), "2", True),
        ("facebook", 400, meta(77777), "77777", False),
        ("whatsapp-meta", 400, meta(130429), "130429", True),
        ("whatsapp-meta", 400, meta(131047), "131047", False),
        ("whatsapp-meta", 400, meta(131056), "131056", True),
        ("whatsapp-meta", 400, meta(131057), "131057", True),
        ("instagram", 400, meta(190), "190", False),
        ("telegram", 400, telegram(400), "400", False),
        ("telegram", 400, telegram(400, migrate_to_chat_id=-100), "migrated", False),
        ("telegram", 401, telegram(401), "401", False),
        ("telegram", 403, telegram(403), "403", False),
        ("telegram", 429, telegram(429, retry_after=35), "429", True),
        ("telegram", 500, telegram(500), "500", True),
        ("rcs", 400, google(400, "INVALID_ARGUMENT"), "INVALID_ARGUMENT", False),
        ("rcs", 401, google(401, "UNAUTHENTICATED"), "UNAUTHENTICATED", False),
        ("rcs", 403, google(403, "PERMISSION_DENIED"), "PERMISSION_DENIED", False),
        ("rcs", 404, google(404, "NOT_FOUND"), "NOT_FOUND", False),
        ("rcs", 429, google(429, "RESOURCE_EXHAUSTED"), "RESOURCE_EXHAUSTED", True),
        ("rcs", 503, google(503, "UNAVAILABLE"), "503", True),
        ("wechat", 200, wechat(-1), "-1", True),
        ("wechat", 200, wechat(40001), "40001", False),
        ("wechat", 200, wechat(45015), "45015", False),
        ("wechat", 200, wechat(45047), "45047", False),
        ("wechat", 200, wechat(77777), "77777", False),
        ("apple", 400, {}, "400", False),
        ("apple", 401, {}, "401", False),
        ("apple", 404, {}, "404", False),
        ("apple", 429, {}, "429", True),
        ("custom-webhook", 400, {}, "400", False),
        ("custom-webhook", 401, {}, "401", False),
        ("custom-webhook", 301, {}, "301", False),
        ("custom-webhook", 410, {}, "410", False),
        ("custom-webhook", 429, {}, "429", True),
    ],
)
def test_refused(channel: str, status: int, body: object, code: str, retryable: bool) -> None:
    answer = read(channel, status, body)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.retryable) == (code, retryable)
    assert len(answer.reason) > 15
    assert "358401234567" not in answer.reason  # the provider's own sentence may tell of the customer


# What time alone cures, by the providers' lists of codes; nothing else of theirs is tried again.
PASSING = {
    "sms": (20429, 21611, 30001, 63018),
    "whatsapp-twilio": (20429, 63018),
    "facebook": (1, 2, 4, 17, 32, 341, 613, 1200, 80007),
    "instagram": (1, 2, 4, 17, 32, 613),
    "whatsapp-meta": (4, 80007, 130429, 131000, 131016, 131056, 131057, 133004),
    "wechat": (-1, 45011),
}
FINAL = {
    "sms": (20003, 20404, 21211, 21408, 21606, 21610, 21612, 21614, 21617, 30003, 30005, 30007, 30034),
    "whatsapp-twilio": (21610, 63003, 63007, 63016, 63024),
    "facebook": (10, 100, 190, 200, 230, 368, 551, 10904),
    "instagram": (10, 100, 190, 551),
    "whatsapp-meta": (
        100,
        190,
        131026,
        131031,
        131047,
        131048,
        131049,
        131050,
        131051,
        132000,
        132001,
        132015,
    ),
    "wechat": (40003, 40007, 40013, 40125, 40164, 45002, 45009, 45015, 45047, 48001),
}
ERRORS = {"sms": twilio, "whatsapp-twilio": twilio, "wechat": wechat}


@pytest.mark.parametrize(
    ("channel", "code", "again"),
    [
        (channel, code, again)
        for again, table in ((True, PASSING), (False, FINAL))
        for channel, codes in table.items()
        for code in codes
    ],
)
def test_a_code_is_tried_again_or_not(channel: str, code: int, again: bool) -> None:
    answer = read(channel, 200 if channel == "wechat" else 400, ERRORS.get(channel, meta)(code))
    assert isinstance(answer, Refused)
    assert (answer.code, answer.retryable) == (str(code), again)


PAGES = [
    b"",
    b"<html>Bad Gateway</html>",
    b"null",
    b"[]",
    b"\xff",
    b'{"ok":1}',
    b'{"error":[]}',
    b"[" * 100_000,
]


DOUBLES = {("teams", 500), ("teams", 503)}  # what is known to be sent now and then, although it failed


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("status", "retryable"), [(500, True), (503, True), (429, True), (404, False)])
def test_a_page_of_something_between_us(channel: str, page: bytes, status: int, retryable: bool) -> None:
    answer = read(channel, status, page, {"retry-after": "7"})
    if (channel, status) in DOUBLES:
        assert isinstance(answer, Unsure)
        return
    assert isinstance(answer, Refused)
    assert (answer.retryable, answer.retry_after) == (retryable, 7.0 if retryable else None)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("status", [408, 502, 504])
def test_an_ambiguous_answer_is_not_repeated(channel: str, status: int) -> None:
    assert isinstance(read(channel, status, b""), Unsure)


@pytest.mark.parametrize(
    ("channel", "body"),
    [
        ("sms", twilio(20504)),
        ("facebook", meta(2)),
        ("whatsapp-meta", meta(131000)),
        ("teams", {"error": {}}),
    ],
)
@pytest.mark.parametrize("status", [408, 502, 504])
def test_an_ambiguous_answer_stays_so_with_a_code(channel: str, body: object, status: int) -> None:
    assert isinstance(read(channel, status, body), Unsure)


OURS = ("apple", "custom-webhook")  # whose messages have the id that we gave them


@pytest.mark.parametrize("channel", [channel for channel in CHANNELS if channel not in OURS])
def test_success_without_a_name_is_uncertain(channel: str) -> None:
    assert isinstance(read(channel, 200, {"ok": True}), Unsure)


def test_a_recipient_whose_outcome_is_open_is_uncertain() -> None:
    for open_ in (item(504), item(202, messageId=""), item(202, successful=False)):
        assert isinstance(read("sms-acs", 202, {"value": [open_]}), Unsure)


def test_telegram_says_how_long_to_wait() -> None:
    answer = read("telegram", 429, telegram(429, retry_after=35))
    assert isinstance(answer, Refused)
    assert answer.retry_after == 35


@pytest.mark.parametrize("value", ["", "soon", "-5", "1e9", "٣", "Wed, 99 Nov 2026"])
def test_an_unreadable_wait_is_none(value: str) -> None:
    answer = read("sms", 429, twilio(20429), {"retry-after": value})
    assert isinstance(answer, Refused)
    assert answer.retry_after is None


def test_a_wait_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    answer = read("sms", 429, twilio(20429), {"retry-after": later})
    assert isinstance(answer, Refused)
    assert answer.retry_after is not None
    assert 50 < answer.retry_after <= 60
