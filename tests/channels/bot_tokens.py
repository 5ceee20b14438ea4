"""Tokens as the Bot Framework gives them to its calls, made with PyJWT."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
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


def unsigned(body: bytes, now: datetime) -> str:
    return jwt.encode(claims(body, now), "", "none", {"kid": "one"})


def confused(body: bytes, now: datetime) -> str:
    """HS256 with the public key as the secret: the classic confusion of algorithms (RFC 8725, 2.1)."""
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = [_b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "one"}, claims(body, now))]
    signed = ".".join(parts)
    return f"{signed}.{_b64(hmac.digest(public, signed.encode(), 'sha256'))}"


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
