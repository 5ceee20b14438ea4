"""Signs webhooks as the providers do, by the providers' own SDKs, never by the code under test."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode
from xml.etree.ElementTree import fromstring

import jwt
from linebot.v3.webhook import SignatureValidator
from pywa.utils import webhook_updates_validator
from standardwebhooks import Webhook
from telesign.util import verify_telesign_callback_signature
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]
from wechatpy.utils import WeChatSigner  # type: ignore[import-untyped]

from tests.channels.bot_tokens import token
from tests.channels.twilio_sdk import RequestValidator
from tests.desk.issuers import KEY, OTHER

FORM = "application/x-www-form-urlencoded"
STAMP = "1795348800"  # the samples' NOW
WECHAT_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class MultiDict(dict[str, str]):
    """Repeated names, in the way that Twilio's validator reads Flask's."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def getall(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]


def sealed(channel: str, body: bytes) -> bytes:
    """Put a body into the envelope that its provider sends it in, where there is one."""
    return _ENVELOPES[channel](body) if channel in _ENVELOPES else body


def signed_query(channel: str, secrets: Mapping[str, str], body: bytes) -> str:
    """Give the query of a webhook of `channel`, where the proof stands there."""
    return _QUERIES[channel](secrets, body) if channel in _QUERIES else ""


def sign(channel: str, callback_url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    """Give the headers, in lower case, of a webhook of `channel`.

    `secrets` holds the secrets by the names of their settings.
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


def _pubsub(body: bytes) -> bytes:
    """As Google sends it; the attributes are not signed."""
    message = {"attributes": {"product": "RBM"}, "data": b64encode(body).decode(), "messageId": "1"}
    return json.dumps({"message": message, "subscription": "projects/x/subscriptions/y"}).encode()


def _google(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    """As Google's sample for node does; there is no verifier of Google's for Python."""
    data = b64decode(json.loads(body)["message"]["data"])
    digest = hmac.new(secrets["client_token"].encode(), data, hashlib.sha512).digest()
    return {"content-type": "application/json", "x-goog-signature": b64encode(digest).decode()}


def _event_grid(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    return {"content-type": "application/json", "x-delivery-secret": secrets["delivery_secret"]}


def _apple(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    """As any holder of the secret does; PyJWT makes the token."""
    secret = secrets["api_secret"]
    key = b64decode(secret[:44]) + secret[44:].encode()
    token = jwt.encode({"aud": "msp-1", "iat": int(STAMP)}, key, "HS256")
    ends = {"id": "0f8fad5b", "source-id": "urn:mbid:AQAAY", "destination-id": "business-1"}
    return {"content-type": "application/json", "authorization": f"Bearer {token}", **ends}


def _safe_mode(body: bytes) -> bytes:
    """As wechatpy encrypts replies; WeChat's own webhooks look the same."""
    sealed: str = WeChatCrypto("", WECHAT_KEY, "wx1").encrypt_message(body, "17", STAMP)
    return sealed.encode()


def _wechat(secrets: Mapping[str, str], body: bytes) -> str:
    signer, encrypted = WeChatSigner(), fromstring(body).findtext("Encrypt", "")
    signer.add_data(secrets["token"], STAMP, "17", encrypted)
    return urlencode({"timestamp": STAMP, "nonce": "17", "msg_signature": signer.signature})


def _unsigned(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    return {"content-type": "text/xml"}


_ENVELOPES = {"rcs": _pubsub, "wechat": _safe_mode}
_QUERIES = {"wechat": _wechat}


def _line(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    digest = hmac.new(secrets["channel_secret"].encode(), body, hashlib.sha256).digest()
    signature = b64encode(digest).decode()
    checker = SignatureValidator(secrets["channel_secret"])  # it has no signer, too
    assert checker.validate(body.decode(), signature)
    return {"content-type": "application/json", "x-line-signature": signature}


def _telesign(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    key = secrets["api_key"] + "A" * (-len(secrets["api_key"]) % 4)  # whatever is made of the right one
    signature = b64encode(hmac.digest(b64decode(key), body, "sha256")).decode()
    assert verify_telesign_callback_signature(key, signature, body.decode())  # it has no signer, too
    return {"content-type": "application/json", "x-ts-authorization": signature}


def _x(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    """As X's quick start does; its SDKs have no verifier."""
    signature = b64encode(hmac.digest(secrets["client_secret"].encode(), body, "sha256")).decode()
    return {"content-type": "application/json", "x-twitter-webhooks-signature-oauth2": f"sha256={signature}"}


def _standard(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    secret = secrets["incoming_secret"]
    if secret.endswith("x"):  # whatever is made of the right one
        secret = b64encode(secret.encode()).decode()
    signature = Webhook(secret).sign("msg_1", datetime.fromtimestamp(int(STAMP), UTC), body.decode())
    names = {"webhook-id": "msg_1", "webhook-timestamp": STAMP, "webhook-signature": signature}
    return {"content-type": "application/json", **names}


def _bot_framework(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    """As the connector does; `bot_key` stands for its private key."""
    key = KEY if secrets["bot_key"] == "bot-framework-key-1" else OTHER
    bearer = token(body, datetime.fromtimestamp(int(STAMP), UTC), key)
    return {"content-type": "application/json", "authorization": f"Bearer {bearer}"}


def _dataverse(url: str, secrets: Mapping[str, str], body: bytes) -> dict[str, str]:
    """As it is registered: nothing is signed."""
    return {"content-type": "application/json", "x-monikanava-key": secrets["dataverse_key"]}


_SIGNERS = {
    "records": _dataverse,
    "teams": _bot_framework,
    "sms": _twilio,
    "sms-acs": _event_grid,
    "whatsapp-acs": _event_grid,
    "facebook": _meta,
    "instagram": _meta,
    "whatsapp-meta": _meta,
    "whatsapp-twilio": _twilio,
    "telegram": _telegram,
    "rcs": _google,
    "line": _line,
    "apple": _apple,
    "sms-telesign": _telesign,
    "x": _x,
    "wechat": _unsigned,
    "custom-webhook": _standard,
}
