"""Tokens as the Bot Framework gives them to its calls, made with PyJWT."""

import json
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.channels.vectors.teams import APP
from tests.desk.issuers import KEY

ISSUER = "https://api.botframework.com"


def claims(body: bytes, now: datetime, **changes: Any) -> dict[str, Any]:
    """A good token's claims for an activity; a change to None leaves the claim out."""
    good = {
        "serviceurl": json.loads(body).get("serviceUrl"),
        "nbf": int(now.timestamp()),
        "exp": int((now + timedelta(hours=1)).timestamp()),
        "iss": ISSUER,
        "aud": APP,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def token(
    body: bytes, now: datetime, key: RSAPrivateKey = KEY, kid: str | None = "one", **changes: Any
) -> str:
    return jwt.encode(claims(body, now, **changes), key, "RS256", {"kid": kid} if kid else None)
