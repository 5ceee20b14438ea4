"""Meta, for all its channels: the handshake, the webhook signature, and the Graph API's answers.

Follows https://developers.facebook.com/docs/graph-api/webhooks/getting-started and
https://developers.facebook.com/docs/graph-api/guides/error-handling.
"""

import re

from pydantic import JsonValue, SecretStr

from functions.channels.contract import Answer, Call, Outcome, Refused, Request, Response, Sent
from functions.errors import Forbidden, Invalid, NotAuthentic
from functions.providers.answers import UNNAMED, by_status, retry_after
from functions.providers.payload import child, read_answer, text
from functions.providers.signatures import header, keyed_hash, same

_CHALLENGE = re.compile(r"[0-9A-Za-z_-]{1,256}")
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")

# Try again later, too many calls (of the app, the user, the page, the business), temporary send failure.
_PASSING = frozenset({"1", "2", "4", "17", "32", "341", "613", "1200", "80007"})
_REASONS = {
    "10/2018278": "the reply window is closed: the customer must write first",
    "10": "the app lacks a permission for this page or message",
    "100": "Meta does not accept a value of the message",
    "190": "the access token has expired or was withdrawn: make a new one",
    "200": "the app lacks a permission for this page",
    "230": "the customer does not allow messages from this page",
    "368": "Meta has blocked the page or app for its policies",
    "551": "the customer cannot be reached: they left, or blocked the page",
    "613": "Meta asks to send more slowly",
    "10904": "the page has messages switched off",
}


def handshake(request: Request, verify_token: SecretStr) -> Response | None:
    """Answer the GET that proves the URL is ours; raises Forbidden when the verify token is wrong."""
    given = request.parameters()
    if request.method != "GET" or "hub.mode" not in given:
        return None
    token = verify_token.get_secret_value()
    if given["hub.mode"] != "subscribe" or not same(given.get("hub.verify_token", ""), token):
        raise Forbidden("the verify token at Meta is not the one of this account")
    challenge = given.get("hub.challenge", "")
    if not _CHALLENGE.fullmatch(challenge):  # echoing anything else would let a link run scripts here
        raise Invalid("hub.challenge has other characters than letters, digits, _ and -")
    return Response(200, challenge)


def authenticate(request: Request, app_secret: SecretStr) -> None:
    """Check X-Hub-Signature-256 over the raw body; raises NotAuthentic."""
    found = _SIGNATURE.fullmatch(header(request.headers, "X-Hub-Signature-256"))
    if not found:
        raise NotAuthentic("X-Hub-Signature-256 is not sha256= and 64 hexadecimal digits")
    if not same(found[1], keyed_hash("sha256", app_secret, request.body).hex()):
        raise NotAuthentic("the signature does not match: check the app secret (Meta app > Settings > Basic)")


def graph_call(url: str, token: SecretStr, content: JsonValue) -> Call:
    """Build a call of the Graph API; the token goes in a header, for addresses are logged."""
    return Call(url=url, headers={"Authorization": f"Bearer {token.get_secret_value()}"}, json=content)


def receipt(answer: Answer) -> Outcome:
    """Read the Send API's answer. Meta's own sentence is left out: it may quote the message."""
    content = read_answer(answer.body)
    error = child(content, "error")
    if answer.status < 300 and not error:
        message = text(content, "message_id")
        return Sent(message) if message else UNNAMED
    code = text(error, "code")
    if not code:
        return by_status("Meta", answer)
    retryable = code in _PASSING or error.get("is_transient") is True or answer.status == 429
    after = retry_after(answer) if retryable else None
    return Refused(_full(code, error), _reason(code, error), retryable, after)


def _full(code: str, error: JsonValue) -> str:
    subcode = text(error, "error_subcode")
    return f"{code}/{subcode}" if subcode else code


def _reason(code: str, error: JsonValue) -> str:
    full = _full(code, error)
    return _REASONS.get(full) or _REASONS.get(code) or f"Meta refused the message with error {full}"
