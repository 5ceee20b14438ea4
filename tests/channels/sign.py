"""Signs webhooks as the providers do, by the providers' own SDKs, never by the code under test."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from pywa.utils import webhook_updates_validator

from tests.channels.twilio_sdk import RequestValidator

FORM = "application/x-www-form-urlencoded"


class MultiDict(dict[str, str]):
    """Repeated names, in the way that Twilio's validator reads Flask's."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def getall(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]


def sign(channel: str, callback_url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    """Give the headers, in lower case, of a webhook of `channel`.

    `secrets` holds `auth_token` (sms), `app_secret` (facebook) or `secret_token` (telegram).
    `callback_url` is the full one, with its query.
    """
    return _SIGNERS[channel](callback_url, secrets, body)


def _twilio(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    form = MultiDict(parse_qsl(body.decode(), keep_blank_values=True))
    signature = RequestValidator(secrets["auth_token"]).compute_signature(url, form)
    return {"content-type": FORM, "x-twilio-signature": signature}


def _meta(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    signature = "sha256=" + hmac.new(secrets["app_secret"].encode(), body, hashlib.sha256).hexdigest()
    assert webhook_updates_validator(
        secrets["app_secret"], body, signature
    )  # pywa only checks; it has no signer
    return {"content-type": "application/json", "x-hub-signature-256": signature}


def _telegram(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    return {"content-type": "application/json", "x-telegram-bot-api-secret-token": secrets["secret_token"]}


_SIGNERS = {"sms": _twilio, "facebook": _meta, "whatsapp-meta": _meta, "telegram": _telegram}
