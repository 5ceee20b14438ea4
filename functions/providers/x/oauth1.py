"""OAuth 1.0a: signing a request on behalf of a user. Its tokens do not expire.

Follows RFC 5849, with HMAC-SHA1 and the parameters in the Authorization header. A JSON body is not signed.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, quote

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Keys:
    """Whose app it is, and for which user it acts."""

    consumer_key: str
    consumer_secret: SecretStr
    token: SecretStr
    token_secret: SecretStr


def authorization(method: str, url: str, keys: Keys, at: datetime, nonce: str) -> str:
    """Give the value of the header; a nonce must be another one for each request of the same second."""
    oauth = {
        "oauth_consumer_key": keys.consumer_key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(at.timestamp())),
        "oauth_token": keys.token.get_secret_value(),
        "oauth_version": "1.0",
    }
    signed = {**oauth, "oauth_signature": _signature(method, url, oauth, keys)}
    return "OAuth " + ", ".join(f'{name}="{_quoted(value)}"' for name, value in signed.items())


def _signature(method: str, url: str, oauth: Mapping[str, str], keys: Keys) -> str:
    place, _, query = url.partition("?")
    pairs = [*oauth.items(), *parse_qsl(query, keep_blank_values=True)]
    quoted = sorted((_quoted(name), _quoted(value)) for name, value in pairs)
    parameters = "&".join(f"{name}={value}" for name, value in quoted)
    text = "&".join(_quoted(part) for part in (method, place, parameters))
    secrets = (keys.consumer_secret, keys.token_secret)
    key = "&".join(_quoted(secret.get_secret_value()) for secret in secrets)
    return b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="~")
