"""Entra ID's stand-in: access tokens for applications that prove themselves, as msal asks for them.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow. An account's
authority is http://simulators/entra. Any secret that begins with `local-` is right, and any assertion
that is made as Entra ID wants it; tokens are signed, and the key is published.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import RSAAlgorithm

LIFETIME = timedelta(hours=1)
KID = "local-entra"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Made for this file, and known to nobody else: it signs for the simulators only.
PEM = b"""-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDDAP/3vOxhHDH9
RiI1e5VIb1kp9AL+qLTDO4tUHhVGcV+hZZBpRL1z7MPxWWTm6qCEk+OIMEpWfoSD
0fQndD+S15Hc9bWefd5RnGHY+RMneB5pdv03+9B67lXNo+sP+OR29xGQZQVOhymL
7HJfyhY5yaAZMzxpDWcfa68vM1j4n6Rreax+DkzVR3ntcidSqGXMp3OCWrNrZgsJ
88bxCF7po4RUMsy/gzSYXrgB7V5dm+XfyCzKfiMDQBICkV24XPIkievxpo2vVu8Z
mpa79lTMkAZuiR/PzhZOo/2lUzmpy2RJF1cyasnGPuD5iyuyvb2sUHE2gJXvarRb
GgW4rbmzAgMBAAECggEAEa/uh6b1fcgT6gLJfuELD6Xh3YH0yj+9HZQyCrAr19bY
CLNF9PZiL2NDUTR9iCBcl4necm+G3poyeiO5/zYhFLhEJ67gXql7V8WqblwGgRGj
wzHNZ/Le3GJFGsDfxPQbV4WzbHhtPHaFWIawHRYfC/YeH7Ww/gpULIUU6mAVlX9P
ifuxztvsElNUJT8+bEvc9PcD58jSN8seGFaZFL/7SREE6UK1EnmTCQw5B37vMUTd
BMa3irVsQJ7ETdZFkvbOHMNOUMRu7nCyPF1LsTdHrsc1alegOERd3nJdYnjYrvbY
LwnvAQj5plovgOyT5BVUhB5tvV3aqB2DSZI4PEVKCQKBgQDgYYwN/weUlD2srZp8
GuFRVAqMl8mwzJPetdnT3Cwjhn2yI8PrX3lvhhYENJ5xVSiGs/PZGFL83a1t/cms
Wdk+RNW38GFEgWlz86PQxd2VLnqJ54IlNuCwb6/dQaF0Hv4IgwHYCMfD7s+aFDU3
3tisozol0WSFkfrf33P31ACfhQKBgQDee69MA8+gbYIqejHdG75a9q7sc6THDDWI
IEb24pISBvy8oTJqWLtsuuuTU+uoRrUqIQ9UDQaEA9KKNdnKqul2/y6CAlRUNbXA
wUuY0frLCrr3nZ7zIx2vBQ6iRRQoLAij1B5WexNwce9GpabTDfed22kaQ+Tz15Rn
lEoWZjYN1wKBgQDZC0LQ3xrUDDlEaYF//vhpFSRHLyR4EswOqFWW6+j+TEAWKyZ+
7ZGn4Uo2szd4ZWmYM0Xzf+X2l/AE73M/doIAC9G35ZwRCiWZddnGPz/B6H28G+b2
XIkn4kF5gtzMWJZeYWtNL+EclErYvidkbfmltRawMkZMNhM4rwucdMRNiQKBgHX7
XTCQbNCEghyIhFze04lle8nEYcN0hAbWJwvRhuisb+aQDS48M9grH7YXMMciB/x5
X6mQ5r2nUUUd3YsOK5SBKmajWZj2ipXXa4F1COwXmqKpIZuKKbmgkuwWeeP7xfEr
EZOG3P4qTVtHiTovE/rQWeIl0wpEblynVMqgFVYtAoGAdjfQegElm8IyGk/2bfdR
SBuKkfk0MBG6R7R3bDExj2D4FOyBKazICdRSYoCCH75A6SdOLvNERDVcmQnJbBNr
mWgfjbXQNy0D2TwFS3MU+0YJDk9ImbNgdaTon7iBXAN0iMzOUDjtZh5c8nxRMAgv
eCJZ/mDpJhaFZOI3NiCgs6Q=
-----END PRIVATE KEY-----"""


def _key() -> RSAPrivateKey:
    key = load_pem_private_key(PEM, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the key is not RSA")
    return key


KEY = _key()


def jwk(kid: str = KID) -> dict[str, Any]:
    """Give the public key as one of a JWKS (RFC 7517)."""
    return {**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": kid, "use": "sig"}


def routes() -> list[web.RouteDef]:
    """Serve what msal asks of a tenant, and the keys."""
    return [
        web.get("/entra/{tenant}/v2.0/.well-known/openid-configuration", _metadata),
        web.get("/entra/{tenant}/discovery/v2.0/keys", _keys),
        web.post("/entra/{tenant}/oauth2/v2.0/token", _token),
    ]


def claims(token: str) -> dict[str, Any]:
    """Read a token of ours; raises jwt.PyJWTError when it is none, or has ended."""
    found: dict[str, Any] = jwt.decode(token, KEY.public_key(), ["RS256"], options={"verify_aud": False})
    return found


async def _metadata(request: web.Request) -> web.Response:
    # msal takes none but https addresses, and strips them again for this machine.
    base = f"https://{request.host}/entra/{request.match_info['tenant']}"
    content = {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
    }
    return web.json_response(content)


async def _keys(_: web.Request) -> web.Response:
    return web.json_response({"keys": [jwk()]})


async def _token(request: web.Request) -> web.Response:
    form = {name: str(value) for name, value in (await request.post()).items()}
    if form.get("grant_type") != "client_credentials" or not form.get("scope", "").endswith("/.default"):
        return _refusal("invalid_request", "AADSTS900144: the request lacks a parameter.")
    if not _proven(form):
        return _refusal("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
    now, tenant, client = datetime.now(UTC), request.match_info["tenant"], form["client_id"]
    said = {
        "aud": form["scope"].removesuffix("/.default"),
        "iss": f"https://{request.host}/entra/{tenant}/v2.0",
        "tid": tenant,
        "appid": client,
        "azp": client,
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "uti": uuid4().hex,
    }
    token = jwt.encode(said, KEY, "RS256", {"kid": KID})
    seconds = int(LIFETIME.total_seconds())
    return web.json_response({"token_type": "Bearer", "expires_in": seconds, "access_token": token})


def _proven(form: dict[str, str]) -> bool:
    if form.get("client_secret", "").startswith("local-"):
        return True
    try:
        head = jwt.get_unverified_header(form.get("client_assertion", ""))
    except jwt.PyJWTError:
        return False
    named = bool({"x5t", "x5t#S256"} & set(head))
    return form.get("client_assertion_type") == ASSERTION and named and head["alg"] in ("RS256", "PS256")


def _refusal(error: str, description: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)
