"""Tokens as Entra ID gives them to Event Grid, made with PyJWT."""

from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from functions.channels.contract import Account
from functions.providers.eventgrid import PUBLIC_CLOUD_APP, ROLE
from tests.channels.samples import NOW, account
from tests.desk.issuers import KEY

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
AUDIENCE = "api://omni.example.com"
V1 = f"https://sts.windows.net/{TENANT}/"
V2 = f"https://login.microsoftonline.com/{TENANT}/v2.0"


def claims(now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """A good token's claims; a change to None leaves the claim out."""
    good = {
        "aud": AUDIENCE,
        "iss": V1,
        "tid": TENANT,
        "appid": PUBLIC_CLOUD_APP,
        "roles": [ROLE],
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + timedelta(hours=1)).timestamp()),
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def token(key: RSAPrivateKey = KEY, kid: str | None = "one", now: datetime = NOW, **changes: Any) -> str:
    headers = {"kid": kid} if kid else None
    return jwt.encode(claims(now, **changes), key, "RS256", headers)


def entra(channel: str = "sms-acs", secret: str = "") -> Account[Any]:
    """An account whose deliveries carry tokens."""
    return account(channel, tenantId=TENANT, audience=AUDIENCE, deliverySecret=secret)
