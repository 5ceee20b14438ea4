"""How far a message of ours came, in every word that each provider has for it."""

import pytest

from functions.message import Delivery
from tests.channels.samples import parsed
from tests.channels.vectors.sms_telesign import CASES as TELESIGN

TWILIO = {
    Delivery.QUEUED: ("accepted", "scheduled", "queued", "sending"),
    Delivery.SENT: ("sent",),
    Delivery.DELIVERED: ("delivered",),
    Delivery.READ: ("read",),
    Delivery.FAILED: ("undelivered", "failed", "canceled"),
}
# https://developer.telesign.com/enterprise/docs/all-status-and-error-codes
CODES = {
    Delivery.DELIVERED: (200,),
    Delivery.SENT: (203, 250, 251, 599),
    Delivery.QUEUED: (290, 291, 292, 295),
    Delivery.FAILED: (207, 210, 211, 220, 221, 222, 229, 230, 231, 237, 238, *range(500, 516)),
}
REPORT = TELESIGN["delivered"].body


@pytest.mark.parametrize("channel", ["sms", "whatsapp-twilio"])
@pytest.mark.parametrize(
    ("state", "word"), [(state, word) for state, words in TWILIO.items() for word in words]
)
def test_twilios_words(channel: str, state: Delivery, word: str) -> None:
    form = f"MessageSid=SM1&MessageStatus={word}&To=%2B358401234567&From=%2B15005550006"
    [item] = parsed(channel, form.encode())
    assert item.receipt
    assert (item.receipt.state, item.receipt.message) == (state, "SM1")


@pytest.mark.parametrize(
    ("state", "code"), [(state, code) for state, codes in CODES.items() for code in codes]
)
def test_telesigns_codes(state: Delivery, code: int) -> None:
    assert REPORT.count(b'"code":200') == 1
    [item] = parsed("sms-telesign", REPORT.replace(b'"code":200', b'"code":%d' % code))
    assert item.receipt
    assert (item.receipt.state, item.receipt.code) == (state, str(code))
    assert bool(item.receipt.reason) == (state is Delivery.FAILED)
