"""One account per adapter, requests to it, and messages from it: what the tests of the channels share.

`CHANNELS` lists the adapters by the names that the tests give them: the channel's, or channel-provider
where a channel has several.
"""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from functions.channels import adapter
from functions.channels.contract import Account, Adapter, Request, Standing
from functions.message import Inbound, Outbound
from tests.channels.google_sdk import key_file
from tests.channels.sign import WECHAT_KEY, sealed, sign, signed_query
from tests.channels.vectors import teams
from tests.desk.issuers import KEY

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BASE = "https://omni.example.com/api/channels"
SECRETS = {
    "auth_token": "twilio-token",
    "app_secret": "meta-secret",
    "secret_token": "telegram_secret-1",
    "delivery_secret": "acs-secret",
    "client_token": "google-client-token",
    "channel_secret": "line-secret",
    "api_secret": "bW9uaWthbmF2YS1hcHBsZS1hcGktc2VjcmV0LTEyMzQ=",
    "token": "wechat-token",
}
ACS_CONNECTION = "endpoint=https://acs-1.communication.azure.com/;accesskey=bG9jYWwtYWNzLWFjY2Vzcy1rZXk="
SECRETS |= {"api_key": "dGVsZXNpZ24ta2V5LWRnZXM1"}
SECRETS |= {"consumer_secret": "x-consumer-secret"}
SECRETS |= {"client_secret": "x-client-secret"}
SECRETS |= {"incoming_secret": "whsec_" + b64encode(b"monikanava-custom-incoming-1").decode()}
SECRETS |= {"bot_key": "bot-framework-key-1"}
SECRETS |= {"dataverse_key": "dataverse-header-key"}
SETTINGS: dict[str, dict[str, Any]] = {
    "teams": {
        "appId": teams.APP,
        "tenantId": teams.TENANT,
        "clientSecret": "local-bot-secret",
        "apiBase": "https://smba.trafficmanager.net",
    },
    "sms": {"accountSid": "AC" + "1" * 32, "authToken": SECRETS["auth_token"], "sender": "+15005550006"},
    "sms-acs": {
        "sender": "+15005550006",
        "connectionString": ACS_CONNECTION,
        "deliverySecret": SECRETS["delivery_secret"],
    },
    "facebook": {
        "pageId": "682498171943165",
        "appSecret": SECRETS["app_secret"],
        "verifyToken": "verify-me",
        "pageToken": "page-token",
    },
    "instagram": {
        "instagramId": "17841405822304914",
        "appSecret": SECRETS["app_secret"],
        "verifyToken": "verify-me",
        "accessToken": "instagram-token",
    },
    "whatsapp-meta": {
        "phoneNumberId": "106540352242922",
        "appSecret": SECRETS["app_secret"],
        "verifyToken": "verify-me",
        "accessToken": "system-user-token",
    },
    "whatsapp-twilio": {
        "accountSid": "AC" + "4" * 32,
        "authToken": SECRETS["auth_token"],
        "sender": "+15005550006",
    },
    "whatsapp-acs": {
        "channelId": "11111111-2222-3333-4444-555555555555",
        "connectionString": ACS_CONNECTION,
        "deliverySecret": SECRETS["delivery_secret"],
    },
    "telegram": {"botToken": "123456789:AAbot-token_", "secretToken": SECRETS["secret_token"]},
    "rcs": {
        "agentId": "monikanava_demo",
        "clientToken": SECRETS["client_token"],
        "serviceAccount": key_file(),
    },
    "line": {
        "botUserId": "U00000000000000000000000000000b07",
        "channelSecret": SECRETS["channel_secret"],
        "channelAccessToken": "line-access-token",
    },
    "apple": {"mspId": "msp-1", "apiSecret": SECRETS["api_secret"], "businessId": "business-1"},
    "wechat": {
        "originalId": "gh_0001",
        "appId": "wx1",
        "appSecret": "wechat-app-secret",
        "token": SECRETS["token"],
        "encodingAesKey": WECHAT_KEY,
    },
    "sms-telesign": {
        "customerId": "440813A4-1234-5678-9012-345678901234",
        "apiKey": SECRETS["api_key"],
        "sender": "15005550006",
    },
    "x": {
        "userId": "3001969357",
        "consumerKey": "x-consumer-key",
        "consumerSecret": SECRETS["consumer_secret"],
        "clientSecret": SECRETS["client_secret"],
        "accessToken": "3001969357-x-access-token",
        "accessTokenSecret": "x-access-token-secret",
    },
    "custom-webhook": {
        "url": "https://channel.example.com/hook",
        "incomingSecrets": [SECRETS["incoming_secret"]],
        "outgoingSecrets": ["whsec_bG9jYWwtY3VzdG9tLW91dGdvaW5nLXNlY3JldA=="],
    },
    "records": {"headers": {"X-Monikanava-Key": [SECRETS["dataverse_key"]]}},
}
ADAPTERS = {
    "sms": ("sms", "twilio"),
    "sms-acs": ("sms", "acs"),
    "facebook": ("facebook", "meta"),
    "instagram": ("instagram", "meta"),
    "whatsapp-meta": ("whatsapp", "meta"),
    "whatsapp-twilio": ("whatsapp", "twilio"),
    "whatsapp-acs": ("whatsapp", "acs"),
    "telegram": ("telegram", "telegram"),
    "rcs": ("rcs", "google"),
    "line": ("line", "line"),
    "apple": ("apple", "apple"),
    "wechat": ("wechat", "wechat"),
    "sms-telesign": ("sms", "telesign"),
    "x": ("x", "x"),
    "teams": ("teams", "botframework"),
    "custom-webhook": ("custom", "webhook"),
    "records": ("records", "dataverse"),
}
PROVIDERS = {name: provider for name, (_, provider) in ADAPTERS.items()}
WEBHOOKS = list(ADAPTERS)
CHANNELS = [name for name in WEBHOOKS if name != "records"]  # on which somebody writes and reads
FORMS = ("sms", "whatsapp-twilio")  # whose webhooks are forms; the others' are JSON
THREADS = {
    "sms": "+358401234567",
    "sms-acs": "+358401234567",
    "facebook": "5411230000001",
    "instagram": "5411230000002",
    "whatsapp-meta": "FI.13491208655302741918",
    "whatsapp-twilio": "+358401234567",
    "whatsapp-acs": "+358401234567",
    "telegram": "42",
    "rcs": "+358401234567",
    "line": "U4af4980629000000000000000000a140",
    "apple": "urn:mbid:AQAAY",
    "wechat": "oUser-1_a",
    "sms-telesign": "358401234567",
    "x": "2244994945",
    "teams": teams.CHAT,
    "custom-webhook": "kiosk-7",
    "records": "incident/6420f0cc-916b-ee11-9ae6-000d3a688809",
}


def room(channel: str) -> Adapter[Any]:
    return adapter(*ADAPTERS[channel])


MEDIA = [name for name in CHANNELS if room(name).capabilities.attachments]  # which carry attachments


def account(channel: str, **settings: Any) -> Account[Any]:
    values = room(channel).Settings.model_validate({**SETTINGS[channel], **settings})
    return Account(f"{channel}-1", *ADAPTERS[channel], callback(channel), values)


def callback(channel: str) -> str:
    """Give the webhook's public URL."""
    return f"{BASE}/{ADAPTERS[channel][0]}/{channel}-1"


def request(channel: str, body: bytes, headers: dict[str, str] | None = None, query: str = "") -> Request:
    """Give an unsigned webhook call."""
    return Request("POST", callback(channel), query, headers or {}, body, NOW)


def signed(channel: str, body: bytes, secrets: dict[str, str] = SECRETS) -> Request:
    body = sealed(channel, body)
    headers, query = sign(channel, callback(channel), secrets, body), signed_query(channel, secrets, body)
    return keyed(channel, request(channel, body, headers, query))


def keyed(channel: str, call: Request, key: RSAPrivateKey = KEY) -> Request:
    """Give a call with the key that intake would have fetched, where the provider publishes one."""
    if channel != "teams":
        return call
    return replace(call, key=key.public_key(), endorsements=frozenset({"msteams", "webchat"}))


def proof(call: Request, name: str) -> str:
    """Give the proof of a call: a header, or with `?` before its name a parameter of the query."""
    return call.parameters()[name[1:]] if name.startswith("?") else call.headers[name]


def with_proof(call: Request, name: str, value: str) -> Request:
    """Give the call with another proof."""
    if not name.startswith("?"):
        return replace(call, headers={**call.headers, name: value})
    query = urlencode({**call.parameters(), name[1:]: value}, errors="replace")
    return replace(call, query=query)


def parsed(channel: str, body: bytes) -> list[Inbound]:
    headers = {
        "content-type": "application/x-www-form-urlencoded" if channel in FORMS else "application/json"
    }
    return list(room(channel).parse(request(channel, sealed(channel, body), headers), account(channel)))


def outbound(channel: str, **more: Any) -> Outbound:
    facts: dict[str, Any] = {
        "id": "out-1",
        "conversation": "c-1",
        "channel": ADAPTERS[channel][0],
        "provider": PROVIDERS[channel],
        "account": f"{channel}-1",
        "thread": THREADS[channel],
        "recipient": THREADS[channel],
        "created_at": NOW,
    }
    return Outbound(**{**facts, **more})


def standing(hours: float | None = 1) -> Standing:
    return Standing(NOW, None if hours is None else NOW - timedelta(hours=hours))
