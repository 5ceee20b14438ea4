"""TeleSign's status codes: how far a message came, and in plain words why it came no further.

Follows https://developer.telesign.com/enterprise/docs/all-status-and-error-codes.
"""

from functions.message import Delivery

# The send API took the message: delivered, with the carrier, in progress, queued here or there, delayed.
TAKEN = frozenset({200, 203, 290, 291, 292, 295})
# Time alone cures these: too many requests, and what carrier and gateway call temporary.
PASSING = frozenset({503, 505, 10019, 10020})

_STATES = {
    200: Delivery.DELIVERED,
    203: Delivery.SENT,
    **dict.fromkeys((290, 291, 292, 295), Delivery.QUEUED),
    # Nobody will tell more: the message went out, and stays at that.
    **dict.fromkeys((250, 251, 599), Delivery.SENT),
    **dict.fromkeys((207, 210, 211, 220, 221, 222, 229, 230, 231, 237, 238), Delivery.FAILED),
    **dict.fromkeys(range(500, 516), Delivery.FAILED),
}
_REASONS = {
    207: "the phone did not take the message",
    210: "the phone could not be reached in time",
    211: "the phone cannot receive the message",
    220: "no carrier takes messages for the number",
    221: "the message expired before it was delivered",
    222: "the number cannot receive text messages",
    229: "the recipient is on the account's block list",
    230: "TeleSign blocked the message",
    231: "the carrier does not support the message's content",
    500: "TeleSign did not try to send the message",
    501: "the account may not send this",
    502: "the sender's campaign is not in order",
    503: "the carrier refuses the message for now",
    504: "the carrier refuses the message",
    505: "the gateway refuses the message for now",
    506: "the gateway refuses the message",
    507: "the recipient is not a valid number",
    508: "the sender is not a valid one",
    510: "the recipient has opted out",
    511: "the recipient's subscription has no credit",
    514: "the recipient's phone is off or out of reach",
    515: "the carrier took the message for spam",
    10002: "TeleSign had this request before",
    10004: "the clocks differ too much",
    10008: "TeleSign does not accept the customer id and API key",
    10019: "TeleSign asks to send more slowly",
    10020: "TeleSign asks to send more slowly",
}


def state(code: int | None) -> Delivery:
    """Give the delivery state; QUEUED, which changes nothing, for a code that we do not know."""
    return _STATES.get(code or 0, Delivery.QUEUED)


def reason(code: int) -> str:
    """Say in plain words what a code means."""
    return _REASONS.get(code) or f"TeleSign status {code}: see its list of status codes"
