"""Meta, for all its channels: the handshake, the webhook signature, and the Graph API's answers.

Follows https://developers.facebook.com/docs/graph-api/webhooks/getting-started.
"""

import re
from collections.abc import Callable

from pydantic import JsonValue, SecretStr

from functions.channels.contract import Answer, Call, Outcome, Refused, Request, Response, Sent
from functions.errors import Forbidden, Invalid, NotAuthentic
from functions.providers.answers import AMBIGUOUS, UNNAMED, by_status, retry_after
from functions.providers.meta.errors import PASSING, reason
from functions.providers.payload import child, read_answer, text
from functions.providers.signatures import header, keyed_hash, same

MEDIA_HOSTS = ("fbcdn.net", "fbsbx.com", "cdninstagram.com")
_MEDIA_ID = re.compile(r"[0-9]{1,64}")
_CHALLENGE = re.compile(r"[0-9A-Za-z_-]{1,256}")
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")


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


def authenticate(request: Request, *app_secrets: SecretStr) -> None:
    """Check X-Hub-Signature-256 over the raw body, made with one of the secrets; raises NotAuthentic."""
    given = header(request.headers, "X-Hub-Signature-256")
    for secret in app_secrets:
        if same(given, "sha256=" + keyed_hash("sha256", secret, request.body).hex()):
            return
    if not _SIGNATURE.fullmatch(given):
        raise NotAuthentic("X-Hub-Signature-256 is not sha256= and 64 hexadecimal digits")
    raise NotAuthentic("the signature does not match: check the app secret (Meta app > Settings > Basic)")


def graph_call(url: str, token: SecretStr, content: JsonValue) -> Call:
    """Build a call of the Graph API; the token goes in a header, for addresses are logged."""
    return Call(url=url, headers=_bearer(token), json=content)


def message_id(answer: JsonValue) -> str:
    """Find the id in the answer of Messenger's Send API."""
    return text(answer, "message_id")


def receipt(answer: Answer, named: Callable[[JsonValue], str] = message_id) -> Outcome:
    """Read the answer of a send call, in which `named` finds the message's id.

    Meta's own sentence is left out: it may quote the message.
    """
    content = read_answer(answer.body)
    error = child(content, "error")
    if answer.status < 300 and not error:
        message = named(content)
        return Sent(message) if message else UNNAMED
    code, subcode = text(error, "code"), text(error, "error_subcode")
    if not code or answer.status in AMBIGUOUS:
        return by_status("Meta", answer)
    retryable = code in PASSING or error.get("is_transient") is True or answer.status == 429
    after = retry_after(answer) if retryable else None
    return Refused(f"{code}/{subcode}" if subcode else code, reason(code, subcode), retryable, after)


def media_call(base: str, token: SecretStr, name: str) -> Call | None:
    """Ask the Graph API where a medium is; None for what is no media id."""
    if not _MEDIA_ID.fullmatch(name):
        return None
    return Call(url=f"{base}/{name}", headers=_bearer(token), method="GET")


def media_place(answer: Answer, token: SecretStr) -> Call | Refused:
    """Build the GET of a medium from what the Graph API says of it; the token goes to Meta's hosts only."""
    content = read_answer(answer.body)
    url, error = text(content, "url"), child(content, "error")
    if url and not error:
        return Call(url=url, headers=_bearer(token), method="GET")
    refused = receipt(answer)
    if isinstance(refused, Refused):
        return refused
    return Refused(str(answer.status), "Meta does not say where the medium is", retryable=False)


def _bearer(token: SecretStr) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.get_secret_value()}"}
