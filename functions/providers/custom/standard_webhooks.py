"""Webhooks signed by the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. A sender in the
middle of changing its secret signs with both: one signature that fits is enough.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from functions.errors import NotAuthentic
from functions.providers.signatures import header, keyed_hash, same

TOLERANCE = timedelta(minutes=5)
PREFIX = "whsec_"
SMALLEST, LARGEST = 24, 64  # bytes of a secret, by the specification
MOST = 10  # signatures that are looked at
ID_LIMIT = 256  # characters


def _key(secret: SecretStr) -> bytes:
    return b64decode(secret.get_secret_value().removeprefix(PREFIX), validate=True)


def _checked(secret: SecretStr) -> SecretStr:
    try:
        size = len(_key(secret))
    except (ValueError, binascii.Error):
        size = 0
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"is not {PREFIX} and the base64 of {SMALLEST} to {LARGEST} random bytes")
    return secret


SigningSecret = Annotated[SecretStr, AfterValidator(_checked)]
"""A secret as the specification writes it: `whsec_` and base64."""


def signed(message: str, at: datetime, body: bytes, secrets: Sequence[SecretStr]) -> dict[str, str]:
    """Give the three headers of a webhook; it is signed with every secret."""
    stamp = str(int(at.timestamp()))
    signatures = [_signature(secret, message, stamp, body) for secret in secrets]
    return {"webhook-id": message, "webhook-timestamp": stamp, "webhook-signature": " ".join(signatures)}


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[SecretStr], now: datetime) -> str:
    """Give the id of an authentic webhook; raises NotAuthentic."""
    message, stamp = header(headers, "webhook-id"), header(headers, "webhook-timestamp")
    given = header(headers, "webhook-signature").split(" ")
    if len(message) > ID_LIMIT or len(given) > MOST:
        raise NotAuthentic("webhook-id or webhook-signature is too long")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise NotAuthentic("webhook-timestamp is not a Unix time in seconds")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
        raise NotAuthentic("webhook-timestamp is more than five minutes off: check the sender's clock")
    expected = [_signature(secret, message, stamp, body) for secret in secrets]
    # An empty one stands where white space was: a header as the specification writes it has none.
    fitting = [same(one, ours) for one in given for ours in expected]
    if "" in given or not any(fitting):
        raise NotAuthentic("the signature does not match: check the account's incomingSecrets")
    return message


def _signature(secret: SecretStr, message: str, stamp: str, body: bytes) -> str:
    content = f"{message}.{stamp}.".encode("utf-8", "surrogatepass") + body
    return "v1," + b64encode(keyed_hash("sha256", _key(secret), content)).decode()
