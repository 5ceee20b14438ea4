"""Proofs of who sent a webhook: keyed hashes over raw bytes, compared in constant time, closed on doubt."""

import hashlib
import hmac
from collections.abc import Mapping

from pydantic import SecretStr

from functions.errors import NotAuthentic


def keyed_hash(algorithm: str, secret: SecretStr | bytes, data: bytes) -> bytes:
    """Give the HMAC of `data`; raises NotAuthentic when the secret is empty, for it would prove nothing."""
    key = secret if isinstance(secret, bytes) else secret.get_secret_value().encode("utf-8", "surrogatepass")
    if not key:
        raise NotAuthentic("the account has no secret to check the signature with")
    return hmac.digest(key, data, algorithm)


def same(given: str | bytes, expected: str | bytes) -> bool:
    """Compare in constant time, as bytes: a header may hold anything. An empty `expected` is never met."""
    if isinstance(given, str):
        given = given.encode("utf-8", "surrogatepass")
    if isinstance(expected, str):
        expected = expected.encode("utf-8", "surrogatepass")
    return bool(expected) and hmac.compare_digest(given, expected)


def header(headers: Mapping[str, str], name: str) -> str:
    """Give the header that carries the proof; raises NotAuthentic, with its usual spelling, when missing."""
    value = headers.get(name.lower(), "")
    if not value:
        raise NotAuthentic(f"{name} is missing")
    return value


def sha256_hex(data: bytes) -> str:
    """Give the SHA-256 of `data` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()
