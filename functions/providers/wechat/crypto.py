"""WeChat's safe mode: who sent a webhook, when, and what it says under its encryption.

Follows https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Message_encryption_and_decryption_instructions.html.
SHA-1 and CBC are WeChat's choice; the plain mode, which signs no body, is not taken.
"""

import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import AfterValidator, SecretStr

from functions.errors import NotAuthentic
from functions.providers.payload import text
from functions.providers.signatures import same
from functions.providers.wechat.xml import read_xml

FRESH = timedelta(minutes=5)  # WeChat repeats a webhook for some seconds only
BLOCK = 32  # bytes to which WeChat pads, twice the cipher's own


def _aes_key(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9]{43}", secret.get_secret_value()):
        raise ValueError("must be the 43 letters and digits of EncodingAESKey")
    return secret


AesKey = Annotated[SecretStr, AfterValidator(_aes_key)]
"""EncodingAESKey, as WeChat's page shows it."""


def check(name: str, given: Mapping[str, str], token: SecretStr, *more: str) -> None:
    """Check the signature `name` over token, timestamp, nonce and `more`; raises NotAuthentic."""
    secret = token.get_secret_value()
    signature = given.get(name, "")
    if not signature:
        raise NotAuthentic(f"{name} is missing from the query")
    if not secret:
        raise NotAuthentic("the account has no token to check the signature with")
    parts = sorted(
        part.encode("utf-8", "surrogatepass")
        for part in (secret, given.get("timestamp", ""), given.get("nonce", ""), *more)
    )
    if not same(signature, hashlib.sha1(b"".join(parts)).hexdigest()):  # noqa: S324 (WeChat's algorithm)
        raise NotAuthentic("the signature does not match: check the token (Basic configuration > Token)")


def check_fresh(given: Mapping[str, str], now: datetime) -> None:
    """Refuse a recorded call; the timestamp is signed. Raises NotAuthentic."""
    stamp = given.get("timestamp", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        raise NotAuthentic("the timestamp is not a number of seconds")
    if abs(now.timestamp() - int(stamp)) > FRESH.total_seconds():
        raise NotAuthentic("the timestamp is too far from our clock: it may be a recorded call")


@lru_cache(maxsize=1)  # `authenticate` and `parse` read the same body, one right after the other
def encrypted(body: bytes) -> str:
    """Give the one field of the envelope that is signed; raises Invalid when the body is no XML."""
    return text(read_xml(body), "Encrypt")


@lru_cache(maxsize=1)
def decrypted(encrypted: str, key: SecretStr, app_id: str) -> bytes:
    """Give the message under the encryption; raises NotAuthentic when it is not for this app."""
    secret = b64decode(key.get_secret_value() + "=")
    try:
        data = b64decode(encrypted, validate=True)
    except ValueError:
        raise NotAuthentic("Encrypt is not base64") from None
    if len(secret) != 32 or not data or len(data) % 16:
        raise NotAuthentic("Encrypt is not a whole number of blocks")
    reader = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).decryptor()
    padded = reader.update(data) + reader.finalize()
    content = padded[16 : len(padded) - padded[-1]] if 1 <= padded[-1] <= BLOCK else b""
    size = int.from_bytes(content[:4], "big")
    message, app = content[4 : 4 + size], content[4 + size :]
    if len(message) != size or not same(app, app_id):
        raise NotAuthentic("the decrypted message is not for this app: check the AppID and EncodingAESKey")
    return message
