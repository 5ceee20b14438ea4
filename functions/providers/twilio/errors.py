"""Twilio's error codes in plain words, for agents and administrators.

Follows https://www.twilio.com/docs/api/errors.
"""

_REASONS = {
    "20003": "Twilio does not accept the account SID and token (or API key)",
    "20404": "Twilio does not know this account SID",
    "20429": "Twilio asks to send more slowly",
    "21211": "the recipient is not a valid phone number",
    "21408": "the account may not send to the recipient's country",
    "21606": "the sender number cannot send messages",
    "21610": "the recipient has opted out with STOP",
    "21611": "the sender's queue at Twilio is full",
    "21612": "the sender cannot reach this recipient",
    "21614": "the recipient is not a mobile number",
    "21617": "the text is longer than Twilio takes",
    "21620": "a media address is not valid",
    "21623": "Twilio takes at most ten media",
    "21659": "the sender is not a number of this account",
    "21660": "the sender belongs to another account",
    "21703": "the messaging service has no sender for this recipient",
    "30001": "the queue at Twilio overflowed",
    "30002": "the Twilio account is suspended",
    "30003": "the recipient's phone cannot be reached now",
    "30004": "the recipient or the carrier blocks the message",
    "30005": "the recipient's number is unknown or out of service",
    "30006": "the recipient is a landline, or its carrier cannot be reached",
    "30007": "the carrier filtered the message",
    "30008": "the carrier gave no reason",
    "30034": "the sender number is not registered for A2P messaging",
    "30036": "the message was not delivered within its validity period",
    "63003": "the recipient's address is not known on this channel",
    "63005": "the channel does not take this content",
    "63007": "the sender is not set up for this channel",
    "63013": "the channel's policy forbids the message",
    "63015": "the recipient has not joined the sandbox",
    "63016": "outside the reply window only an approved template can be sent",
    "63018": "the sender is over the channel's rate limit",
    "63024": "the recipient cannot be reached on this channel",
    "63049": "Meta held the message back to keep its customers content",
}

# Codes that time alone cures.
PASSING = frozenset({"20429", "21611", "30001", "63018"})


def reason(code: str) -> str:
    """Say in plain words what an error code of Twilio means."""
    return _REASONS.get(code) or f"Twilio error {code}: see https://www.twilio.com/docs/api/errors/{code}"
