"""Bearer tokens that a provider signs with a published key: RS256 and nothing else, closed on doubt.

Follows RFC 6750, RFC 7519 and RFC 8725. Times are judged by when the request came, to a minute or as told.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from functions.channels.contract import Request
from functions.errors import NotAuthentic
from functions.providers.signatures import header

LEEWAY = timedelta(seconds=60)
LIMIT = 16_384  # characters of a token
_REASONS: dict[type[jwt.PyJWTError], str] = {
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.InvalidIssuerError: "the token is of another issuer",
    jwt.InvalidSignatureError: "the token's signature does not match",
    jwt.MissingRequiredClaimError: "the token lacks its issuer, audience, or times",
}


def bearer(headers: Mapping[str, str]) -> str:
    """Give the token of the Authorization header; raises NotAuthentic when there is none."""
    scheme, _, token = header(headers, "Authorization").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthentic("the Authorization header holds no bearer token")
    if len(token) > LIMIT:
        raise NotAuthentic("the token is too long")
    return token


def key_name(token: str) -> str:
    """Read which key signed the token; raises NotAuthentic also for another algorithm than RS256."""
    try:
        found = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise NotAuthentic("the token is not a JWT") from None
    kid = found.get("kid")
    if found.get("alg") != "RS256" or not isinstance(kid, str) or not kid:
        raise NotAuthentic("the token must be signed with RS256 and name its key")
    return kid


def claims(
    request: Request, audience: str, issuers: Sequence[str], leeway: timedelta = LEEWAY
) -> dict[str, Any]:
    """Check the request's token with `request.key` and give what it says; raises NotAuthentic."""
    token = bearer(request.headers)
    if request.key is None:
        raise NotAuthentic("the token's key is not known")
    return checked(token, request.key, audience, issuers, request.received_at, leeway)


def checked(
    token: str,
    key: RSAPublicKey,
    audience: str,
    issuers: Sequence[str],
    at: datetime,
    leeway: timedelta = LEEWAY,
) -> dict[str, Any]:
    """Check a token, at a time, and give what it says; raises NotAuthentic."""
    try:
        found: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=audience,
            issuer=issuers,
            # PyJWT would take the clock of the machine; the times are checked below.
            options={
                "require": ["exp", "iss", "aud"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        reason = next((said for kind, said in _REASONS.items() if isinstance(error, kind)), "")
        raise NotAuthentic(reason or "the token cannot be read") from None
    _check_times(found, at.timestamp(), leeway.total_seconds())
    return found


def _check_times(found: Mapping[str, Any], now: float, leeway: float) -> None:
    ends, begins = found.get("exp"), found.get("nbf", 0)
    if type(ends) is not int or type(begins) is not int:
        raise NotAuthentic("the token's times are not whole seconds")
    # Nothing is added to what the token says: it may be beyond what a float can be.
    if ends <= now - leeway:
        raise NotAuthentic("the token has expired")
    if begins > now + leeway:
        raise NotAuthentic("the token is not valid yet")
