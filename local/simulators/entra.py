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
from jwt.algorithms import RSAAlgorithm

from local.child import ROOT
from local.keys import kept_key

LIFETIME = timedelta(hours=1)
KID = "local-entra"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Several processes sign and check with it: it lies in the folder that is never committed.
KEY = kept_key(ROOT / ".data" / "entra.pem")


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
