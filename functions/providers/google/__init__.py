"""Google, for its channels: the webhook's handshake and signature, and access tokens of a service account.

Follows https://developers.google.com/business-communications/rcs-business-messaging/guides/integrate/webhooks
and https://developers.google.com/identity/protocols/oauth2/service-account.
"""

import binascii
import re
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Annotated

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, SecretStr, ValidationError

from functions.channels.contract import Answer, Call, Refused, Request, Response, Token
from functions.errors import Forbidden, Invalid, NotAuthentic
from functions.message import Model
from functions.providers.answers import by_status
from functions.providers.payload import child, number, read_answer, read_json, text
from functions.providers.signatures import header, keyed_hash, same

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 3600  # seconds of an assertion; Google takes no longer one
LONGEST_TOKEN = 16_000
_SECRET = re.compile(r"[!-~]{1,256}")
_REASONS = {
    "invalid_grant": "Google does not accept the service account's key: it is deleted, or our clock is wrong",
    "invalid_client": "Google does not know the service account",
    "unauthorized_client": "the service account may not ask for this access",
}


class ServiceAccount(Model):
    """What we need of the JSON file that Google makes for a service account's key."""

    client_email: str
    private_key_id: str = ""
    private_key: SecretStr

    def key(self) -> RSAPrivateKey:
        """Read the private key; raises ValueError when it is no RSA key."""
        pem = self.private_key.get_secret_value().encode()
        # Google made the key: checking its mathematics at every start would only cost time.
        key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("the key is not RSA")
        return key


def _key_file(secret: SecretStr) -> SecretStr:
    try:
        service_account(secret).key()
    except (ValidationError, ValueError, TypeError, binascii.Error):
        raise ValueError("is not the JSON file of a service account's key") from None
    return secret


KeyFile = Annotated[SecretStr, AfterValidator(_key_file)]
"""The JSON file of a service account's key, whole."""


def service_account(file: SecretStr) -> ServiceAccount:
    """Read the key file; raises ValidationError."""
    return ServiceAccount.model_validate_json(file.get_secret_value())


def handshake(request: Request, client_token: SecretStr) -> Response | None:
    """Give Google its secret back; raises Forbidden when the client token is not ours."""
    if request.method != "POST" or b"clientToken" not in request.body:
        return None
    content = child(read_answer(request.body))
    if "clientToken" not in content or "message" in content:
        return None
    if not same(text(content, "clientToken"), client_token.get_secret_value()):
        raise Forbidden("the client token at Google is not the one of this account")
    secret = text(content, "secret")
    if not _SECRET.fullmatch(secret):
        raise Invalid("the handshake's secret is missing, or is not plain ASCII")
    return Response(200, secret)


def data(body: bytes) -> bytes:
    """Give the decoded `message.data` of the envelope: all that is signed. Raises Invalid."""
    try:
        return b64decode(text(read_json(body), "message", "data"), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("message.data is not base64") from None


def authenticate(request: Request, client_token: SecretStr) -> None:
    """Check X-Goog-Signature over the decoded data, not over the body; raises NotAuthentic."""
    given = header(request.headers, "X-Goog-Signature")
    try:
        signed = data(request.body)
    except Invalid as unreadable:
        raise NotAuthentic(f"nothing that could be signed: {unreadable.reason}") from None
    if not same(given, b64encode(keyed_hash("sha512", client_token, signed))):
        raise NotAuthentic("the signature does not match: check the client token (webhook of the agent)")


def token_call(base: str, file: SecretStr, scope: str, now: datetime) -> Call:
    """Ask for an access token with a signed assertion, which Google takes for an hour."""
    url, account, stamp = f"{base}/token", service_account(file), int(now.timestamp())
    claims = {
        "iss": account.client_email,
        "scope": scope,
        "aud": url,
        "iat": stamp,
        "exp": stamp + LIFETIME,
    }
    assertion = jwt.encode(claims, account.key(), "RS256", headers={"kid": account.private_key_id})
    return Call(url=url, form=(("assertion", assertion), ("grant_type", GRANT)))


def token(answer: Answer) -> Token | Refused:
    """Read the token endpoint's answer."""
    content = read_answer(answer.body)
    value, seconds = text(content, "access_token"), number(content, "expires_in")
    if answer.status == 200 and value and seconds and len(value) <= LONGEST_TOKEN:
        return Token(value, seconds)
    code = text(content, "error")
    if answer.status in (400, 401) and code in _REASONS:
        return Refused(code, _REASONS[code], retryable=False)
    outcome = by_status("Google's token endpoint", answer)
    # Nothing was sent yet: an answer that got lost may be asked for again.
    return outcome if isinstance(outcome, Refused) else Refused("token", outcome.reason, retryable=True)
