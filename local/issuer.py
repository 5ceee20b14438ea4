"""The development issuer: tokens like Entra ID's, for a laptop, from a key in the data folder.

Anybody who can read the data folder can be an administrator: never point a deployed app at it.
Claims: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from aiohttp import web
from jwt.algorithms import RSAAlgorithm

from local.keys import kept_key

# No name of a machine in them: a token stays good when the platform starts on other ports.
ISSUER = "urn:monikanava:development"
AUDIENCE = "api://monikanava"
JWKS_PATH = "/issuer/keys"
LIFETIME = timedelta(hours=12)
FILE = "issuer.pem"


class Issuer:
    """Signs tokens with the data folder's key, which is made at the first use."""

    def __init__(self, data: Path) -> None:
        self._key = kept_key(data / FILE)
        public = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self.kid = hashlib.sha256(public["n"].encode()).hexdigest()[:16]
        self._jwk = {"kty": "RSA", "n": public["n"], "e": public["e"], "kid": self.kid, "use": "sig"}

    def token(self, role: str, subject: str, lifetime: timedelta = LIFETIME) -> str:
        """Sign a token for one app role."""
        now = datetime.now(UTC)
        claims: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "oid": subject}
        times = {"iat": now, "nbf": now, "exp": now + lifetime}
        return jwt.encode({**claims, **times, "roles": [role]}, self._key, "RS256", {"kid": self.kid})

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Give the public key as a JWKS (RFC 7517)."""
        return {"keys": [self._jwk]}

    def routes(self) -> list[web.RouteDef]:
        """Serve the JWKS at JWKS_PATH; bind the server to loopback."""

        async def keys(_: web.Request) -> web.Response:
            return web.json_response(self.jwks())

        return [web.get(JWKS_PATH, keys)]
