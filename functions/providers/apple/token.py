"""The tokens between Apple and a messaging service provider: Apple's are checked, ours are made.

Follows https://register.apple.com/resources/messages/msp-rest-api. Both are JWTs (HS256) with the API
secret, which Apple hands out in base64.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeGuard

import jwt
from pydantic import SecretStr

from functions.errors import NotAuthentic

FRESH = timedelta(hours=1)  # a token's age; Apple gives it no end
AHEAD = timedelta(minutes=5)  # by which Apple's clock may be ahead of ours
# Base64 in the one spelling of 32 bytes: otherwise several proofs would stand for the same.
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])")


def made(msp_id: str, secret: SecretStr, now: datetime) -> str:
    """Give the Authorization header of a call of ours."""
    claims = {"iss": msp_id, "iat": int(now.timestamp())}
    return f"Bearer {jwt.encode(claims, _key(secret), 'HS256')}"


def check(proof: str, msp_id: str, secret: SecretStr, now: datetime) -> None:
    """Check Apple's Authorization header: signature, audience and age; raises NotAuthentic."""
    claims = _claims(proof, msp_id, secret)
    issued, ends = claims.get("iat"), claims.get("exp", now.timestamp())
    if not _is_number(issued) or not _is_number(ends):
        raise NotAuthentic("the token's times are not numbers")
    moment = now.timestamp()  # nothing is taken from theirs: it may be beyond what a float can be
    if issued < moment - FRESH.total_seconds() or ends < moment:
        raise NotAuthentic("the token is too old: it may be a recorded call")
    if issued > moment + AHEAD.total_seconds():
        raise NotAuthentic("the token is from the future: compare the clocks")


def _claims(proof: str, msp_id: str, secret: SecretStr) -> Mapping[str, Any]:
    token = _BEARER.fullmatch(proof)
    if not token:
        raise NotAuthentic("the Authorization header does not match the form of Apple's")
    try:
        found: dict[str, Any] = jwt.decode(
            token[1],
            _key(secret),
            algorithms=["HS256"],
            audience=msp_id,
            # PyJWT would take the clock of the machine; the times are checked by `check`.
            options={
                "require": ["aud", "iat"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidAudienceError:
        raise NotAuthentic("the token is for another messaging service provider: check the MSP id") from None
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise NotAuthentic(
            "the token's signature does not match: check the API secret (copied as it is, in base64)"
        ) from None
    return found


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _key(secret: SecretStr) -> bytes:
    key = secret.get_secret_value()
    if not key:
        raise NotAuthentic("the account has no API secret to check the token with")
    return b64decode(key)
