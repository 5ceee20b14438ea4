"""Authentic webhooks for the accounts of the local platform's configuration, signed as providers sign."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from functions.channels import adapter
from functions.channels.contract import Account, Adapter, Request
from local.filling import filled
from local.simulators import entra
from local.simulators.compose import PLAYS, compose

CONFIGURATION = Path(__file__).parent.parent / "local" / "configuration.yaml"
WORKSTREAM = "service"  # which TEXT reaches there by SMS
ORIGIN = "https://bench.invalid"
NOW = datetime.now(UTC)
TEXT = "Moi! Missä tilaukseni 4711 viipyy? Maksoin sen jo viime viikolla."


@dataclass(frozen=True, slots=True)
class Sample:
    """A webhook, and the adapter and account that it is for."""

    adapter: Adapter[Any]
    account: Account[Any]
    request: Request

    @property
    def name(self) -> str:
        """The channel, and the provider where it has another name."""
        account = self.account
        return (
            account.channel
            if account.channel == account.provider
            else f"{account.channel} {account.provider}"
        )


def configuration() -> str:
    """Give the document; the providers' addresses lead nowhere, for nothing is sent to them."""
    with TemporaryDirectory() as folder:
        return filled(CONFIGURATION.read_text(), "http://127.0.0.1:1", Path(folder))


def every() -> list[Sample]:
    """Give a text message to each account that has a webhook."""
    entries = _entries().values()
    return [_sample(one, ORIGIN) for one in entries if (one["channel"], one["provider"]) in PLAYS]


def sms(number: int, customer: int, origin: str = ORIGIN) -> Sample:
    """Give the SMS of that number, from one of many customers."""
    return _sample(_entries()["sms-twilio"], origin, id=f"SM{number:032x}", sender=f"+35850{customer:07d}")


def facebook(items: int) -> Sample:
    """Give one webhook of so many messages, each from another customer."""
    one = _sample(_entries()["facebook-meta"], ORIGIN)
    content = json.loads(one.request.body)
    (item,) = content["entry"][0]["messaging"]
    content["entry"][0]["messaging"] = [_another(item, number) for number in range(items)]
    body = json.dumps(content, separators=(",", ":")).encode()
    key = one.account.settings.app_secret.get_secret_value().encode()
    headers = {
        **one.request.headers,
        "x-hub-signature-256": "sha256=" + hmac.digest(key, body, "sha256").hex(),
    }
    return replace(one, request=replace(one.request, headers=headers, body=body))


def _another(item: Mapping[str, Any], number: int) -> dict[str, Any]:
    message = {**item["message"], "mid": f"m_{number:054d}"}
    return {**item, "sender": {"id": str(10**15 + number)}, "message": message}


@cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    return {entry["id"]: entry for entry in yaml.safe_load(configuration())["accounts"]}


def _sample(entry: Mapping[str, Any], origin: str, **words: str) -> Sample:
    channel, provider = entry["channel"], entry["provider"]
    callback = f"{origin}/api/channels/{channel}/{entry['id']}"
    signed = compose(channel, provider, entry["settings"], callback, text=TEXT, **words)
    found = adapter(channel, provider)
    settings = found.Settings.model_validate(entry["settings"])
    headers = {name.lower(): value for name, value in signed.headers.items()}
    address, _, query = signed.url.partition("?")
    request = Request(signed.method, address, query, headers, signed.body, NOW)
    if provider == "botframework":  # intake has the key in memory
        request = replace(request, key=entra.KEY.public_key(), endorsements=frozenset({"msteams"}))
    return Sample(found, Account(entry["id"], channel, provider, callback, settings), request)
