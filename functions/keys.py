"""Token issuers' public keys, fetched over HTTP and cached: a JWKS (RFC 7517), or one key as PEM.

Only the configured URL is ever asked, redirects are not followed, and what a token says about keys
(`jku`, `x5u`, `jwk`) counts for nothing. Entra ID: https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from functions.errors import NotAuthentic, Unavailable

FRESH = timedelta(hours=1)  # after it the keys are fetched again, so that a withdrawn one goes
KEPT = timedelta(hours=24)  # how long known keys are trusted while the issuer does not answer
UNKNOWN_EVERY = timedelta(seconds=30)  # forged key ids must not make us call the issuer at their pace
FAILED_EVERY = timedelta(seconds=2)
LIMIT = 512 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=5)
SMALLEST = 2048  # bits of an RSA key
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
log = logging.getLogger("monikanava.keys")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A published key, and whom its issuer vouches for with it (a list that the Bot Framework adds)."""

    key: RSAPublicKey
    endorsements: frozenset[str] = frozenset()


class Keys:
    """The keys behind one JWKS URL: https, or http on loopback."""

    def __init__(self, url: str, clock: Callable[[], datetime] = _now) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("the JWKS URL must be https")
        self._url = url
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: dict[str, PublicKey] = {}
        self._fetched: datetime | None = None
        self._failed: datetime | None = None

    async def key(self, kid: str) -> RSAPublicKey:
        """Give the key of this id; raises as `published`."""
        return (await self.published(kid)).key

    async def published(self, kid: str) -> PublicKey:
        """Give the key of this id with its endorsements.

        Raises NotAuthentic when the issuer has none, and Unavailable when that cannot be found out.
        """
        # While somebody asks the issuer, perhaps in vain, what is known is good for all others.
        kept = KEPT if self._lock.locked() else FRESH
        if kid in self._keys and self._younger(self._fetched, kept):
            return self._keys[kid]
        async with self._lock:
            await self._renew(kid)
        try:
            return self._keys[kid]
        except KeyError:
            raise NotAuthentic("the token is signed with a key that the issuer does not publish") from None

    async def _renew(self, kid: str) -> None:
        known = kid in self._keys
        if self._younger(self._fetched, FRESH if known else UNKNOWN_EVERY):
            return
        try:
            await self._load()
        except Unavailable:
            if not (known and self._younger(self._fetched, KEPT)):
                raise

    async def _load(self) -> None:
        if self._younger(self._failed, FAILED_EVERY):
            raise Unavailable("the token issuer's keys cannot be fetched")
        try:
            self._keys = _parse(await self._fetch())
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            self._failed = self._clock()
            log.warning("keys not fetched: %s", type(error).__name__)
            raise Unavailable("the token issuer's keys cannot be fetched") from error
        self._fetched, self._failed = self._clock(), None

    async def _fetch(self) -> bytes:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            session.get(self._url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise ValueError(f"status {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(65_536):
                body += chunk
                if len(body) > LIMIT:
                    raise ValueError("too large")
            return bytes(body)

    def _younger(self, moment: datetime | None, age: timedelta) -> bool:
        return moment is not None and self._clock() - moment < age


class KeyRing:
    """The keys of the providers that sign with published ones; each URL is fetched and kept for itself."""

    def __init__(self) -> None:
        self._sources: dict[str, Keys] = {}

    async def key(self, url: str, kid: str) -> RSAPublicKey:
        """Give a key. Raises as `Keys.key`; the URL is an adapter's, never a message's."""
        return (await self.published(url, kid)).key

    async def published(self, url: str, kid: str) -> PublicKey:
        """Give a key with its endorsements. Raises as `Keys.published`."""
        if url not in self._sources:
            self._sources[url] = Keys(url)
        return await self._sources[url].published(kid)


def _parse(body: bytes) -> dict[str, PublicKey]:
    """Read the RSA signing keys of a JWKS, and pass over other kinds; a PEM is one key, without an id."""
    if body.lstrip().startswith(b"-----BEGIN"):
        return {"": _pem(body)}
    document = json.loads(body)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no keys")
    found = ((entry["kid"], _rsa(entry)) for entry in entries if isinstance(entry, dict) and "kid" in entry)
    return {str(kid): key for kid, key in found if key is not None}


def _pem(body: bytes) -> PublicKey:
    key = load_pem_public_key(body.strip())
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST:
        raise ValueError("not an RSA key, or a small one")
    return PublicKey(key)


def _rsa(entry: dict[str, object]) -> PublicKey | None:
    if entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK.from_dict(entry, algorithm="RS256").key
    except jwt.PyJWTError:
        return None
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST:
        return None
    endorsed = entry.get("endorsements")
    return PublicKey(key, frozenset(map(str, endorsed)) if isinstance(endorsed, list) else frozenset())
