"""One authentic webhook per adapter, with the fields that the provider really sends."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1, sha256
from hmac import digest
from typing import Any
from urllib.parse import urlencode

from functions.channels import adapter
from functions.channels.contract import Account, Adapter, Request

ORIGIN, ACCOUNT = "https://bench.invalid", "bench"
SECRET = "bench-secret-0123456789"
PAGE = "1234567890"
TWILIO_SETTINGS = {"accountSid": f"AC{'0' * 32}", "authToken": SECRET, "sender": "+358401234567"}
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
STAMP = int(NOW.timestamp())
TEXT = "Moi! Missä tilaukseni 4711 viipyy? Maksoin laskun jo viime viikolla."


@dataclass(frozen=True, slots=True)
class Sample:
    """A webhook, and the adapter and account that it is for."""

    adapter: Adapter[Any]
    account: Account[Any]
    request: Request


def twilio_sms(origin: str = ORIGIN, number: int = 1, customer: int = 1) -> Sample:
    """An SMS, the `number`th, of a customer; Twilio signs URL and form."""
    sid = f"SM{number:032x}"
    form = {
        "ToCountry": "FI",
        "ToState": "",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "",
        "SmsSid": sid,
        "FromState": "",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": TEXT,
        "FromCountry": "FI",
        "To": TWILIO_SETTINGS["sender"],
        "ToZip": "",
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": TWILIO_SETTINGS["accountSid"],
        "From": f"+35850{customer:07d}",
        "ApiVersion": "2010-04-01",
    }
    callback = f"{origin}/api/channels/sms/{ACCOUNT}"
    signed = callback + "".join(name + form[name] for name in sorted(form))
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": b64encode(digest(SECRET.encode(), signed.encode(), sha1)).decode(),
    }
    return _sample("sms", "twilio", TWILIO_SETTINGS, callback, headers, urlencode(form).encode())


def telegram() -> Sample:
    """A private message; Telegram repeats our secret."""
    person = {"id": 5551, "is_bot": False, "first_name": "Aino", "username": "aino", "language_code": "fi"}
    update = {
        "update_id": 87654321,
        "message": {
            "message_id": 1201,
            "from": person,
            "chat": {"id": 5551, "first_name": "Aino", "username": "aino", "type": "private"},
            "date": STAMP,
            "text": TEXT,
        },
    }
    headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": SECRET}
    settings = {"botToken": "1:bench", "secretToken": SECRET}
    return _sample("telegram", "telegram", settings, _callback("telegram"), headers, _json(update))


def facebook(items: int = 1) -> Sample:
    """A webhook of `items` messages, each from another customer; Meta signs the body."""
    messages = [
        {
            "sender": {"id": f"{10**15 + number}"},
            "recipient": {"id": PAGE},
            "timestamp": STAMP * 1000,
            "message": {"mid": f"m_{number:064d}", "text": TEXT},
        }
        for number in range(items)
    ]
    body = _json({"object": "page", "entry": [{"id": PAGE, "time": STAMP * 1000, "messaging": messages}]})
    settings = {"pageId": PAGE, "appSecret": SECRET, "verifyToken": "v", "pageToken": "p"}
    return _sample("facebook", "meta", settings, _callback("facebook"), _signed_by_meta(body), body)


def _sample(
    channel: str,
    provider: str,
    settings: Mapping[str, str],
    callback: str,
    headers: Mapping[str, str],
    body: bytes,
) -> Sample:
    found = adapter(channel, provider)
    parsed = found.Settings.model_validate(settings)
    return Sample(
        found,
        Account(ACCOUNT, channel, provider, callback, parsed),
        Request("POST", callback, "", headers, body, NOW),
    )


def _callback(channel: str) -> str:
    return f"{ORIGIN}/api/channels/{channel}/{ACCOUNT}"


def _signed_by_meta(body: bytes) -> dict[str, str]:
    signature = digest(SECRET.encode(), body, sha256).hex()
    return {"content-type": "application/json", "x-hub-signature-256": f"sha256={signature}"}


def _json(content: object) -> bytes:
    # Providers escape what is not ASCII; so does json.dumps.
    return json.dumps(content, separators=(",", ":")).encode()
