"""Issuers for the tests: a real JWKS server on loopback, and tokens that PyJWT signs."""

import asyncio
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://login.example/tenant/v2.0"
AUDIENCE = "api://desk"
KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
WEAK = rsa.generate_private_key(65537, 1024)


def jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


class JwksServer:
    """Serves whatever `status` and `document` say, and counts."""

    def __init__(self) -> None:
        self.keys = [jwk(KEY, "one"), jwk(WEAK, "weak"), {"kty": "EC", "kid": "ec", "crv": "P-256"}]
        self.status = 200
        self.body: bytes | None = None
        self.calls = 0
        self.url = ""
        self.answers = asyncio.Event()  # cleared: it hangs
        self.answers.set()

    async def answer(self, _: web.Request) -> web.Response:
        self.calls += 1
        await self.answers.wait()
        headers = {"Location": "/elsewhere"} if self.status == 302 else {}
        body = self.body if self.body is not None else json.dumps({"keys": self.keys}).encode()
        return web.Response(status=self.status, body=body, headers=headers)


@asynccontextmanager
async def serving() -> AsyncIterator[JwksServer]:
    server = JwksServer()
    app = web.Application()
    app.add_routes([web.get("/keys", server.answer), web.get("/elsewhere", server.answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    yield server
    await runner.cleanup()


def claims(**changes: Any) -> dict[str, Any]:
    """A good token's claims; a change to None leaves the claim out."""
    now = datetime.now(UTC)
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "subject",
        "oid": "agent-7",
        "nbf": now,
        "exp": now + timedelta(hours=1),
        "roles": ["Agent"],
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def token(key: rsa.RSAPrivateKey = KEY, kid: str | None = "one", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, "RS256", {"kid": kid} if kid else {})


def unsigned() -> str:
    return jwt.encode(claims(), "", "none", {"kid": "one"})


def confused() -> str:
    """HS256 with the public key as the secret: the classic confusion of algorithms (RFC 8725, 2.1)."""
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    payload = {n: int(v.timestamp()) if isinstance(v, datetime) else v for n, v in claims().items()}
    parts = [_b64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "one"}, payload)]
    signed = ".".join(parts)
    return f"{signed}.{_b64(hmac.new(public, signed.encode(), sha256).digest())}"


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
