"""Meta's error codes in plain words, for agents and administrators.

Follows https://developers.facebook.com/docs/graph-api/guides/error-handling,
https://developers.facebook.com/docs/messenger-platform/error-codes and
https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes.
"""

# Try again later, too many calls (of the app, the user, the page, the business), temporary send failure.
_GRAPH = {"1", "2", "4", "17", "32", "341", "613", "1200", "80007"}
_WHATSAPP = {"130429", "131000", "131016", "131056", "131057", "133004"}
PASSING = frozenset(_GRAPH | _WHATSAPP)

_REASONS = {
    "10/2018278": "the reply window is closed: the customer must write first",
    "10": "the app lacks a permission for this account or message",
    "100": "Meta does not accept a value of the message",
    "190": "the access token has expired or was withdrawn: make a new one",
    "200": "the app lacks a permission for this page",
    "230": "the customer does not allow messages from this page",
    "368": "Meta has blocked the account or app for its policies",
    "551": "the customer cannot be reached: they left, or blocked the page",
    "613": "Meta asks to send more slowly",
    "10904": "the page has messages switched off",
    "130429": "the number sends more than its throughput: Meta asks to send more slowly",
    "130472": "the customer is in an experiment of Meta's and gets no marketing messages",
    "131000": "Meta could not send the message, and does not say why",
    "131016": "WhatsApp is out of service for the moment",
    "131026": "the customer cannot be reached on WhatsApp",
    "131031": "Meta has locked the WhatsApp account",
    "131042": "the WhatsApp account has a problem with its payment method",
    "131045": "the phone number is not registered for the Cloud API",
    "131047": "the reply window is closed: the customer must write first, or a template be sent",
    "131048": "too many of the number's messages were blocked or reported as spam",
    "131049": "WhatsApp held the message back to keep its customers content",
    "131050": "the customer has stopped marketing messages of this business",
    "131051": "WhatsApp does not know this type of message",
    "131052": "the customer's medium cannot be fetched",
    "131053": "Meta cannot fetch the medium, or does not take its type",
    "131056": "too many messages to this customer in a short time",
    "131057": "Meta is at work on the WhatsApp account: it takes messages again in some minutes",
    "132001": "the template does not exist in this language, or is not approved",
    "132015": "the template is paused for its quality",
    "133004": "WhatsApp's servers are out of service for the moment",
    "133010": "the phone number is not registered at WhatsApp",
}


def reason(code: str, subcode: str = "") -> str:
    """Say in plain words what an error code of Meta means."""
    full = f"{code}/{subcode}" if subcode else code
    return _REASONS.get(full) or _REASONS.get(code) or f"Meta refused the message with error {full}"
