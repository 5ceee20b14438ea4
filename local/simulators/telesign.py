"""TeleSign's stand-in: https://developer.telesign.com/enterprise/reference/sendsms and its callbacks."""

import hmac
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from functions.providers.payload import text
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken


def _answer(status: int, code: int, description: str, **more: str) -> Reply:
    return Reply(status, {**more, "status": _status(code, description)})


def _status(code: int, description: str) -> dict[str, Any]:
    return {"code": code, "description": description, "updated_on": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Telesign:
    """Takes text messages; statuses go to the message's callback_url, or the account's."""

    name = "telesign"
    path = "/v1/messaging"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: _answer(429, 10019, "Rate Limit Exceeded"),
        Behaviour.ERROR: _answer(500, 500, "Transaction not attempted"),
        Behaviour.PERMANENT: _answer(200, 229, "Message blocked by customer request", reference_id="0" * 32),
    }

    async def read(self, request: web.Request) -> Taken:
        """Read the form; raises Rejected with TeleSign's codes."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        if not form.get("phone_number", "").isdigit() or not 1 <= len(form.get("message", "")) <= 1600:
            raise Rejected(_answer(400, 10033, "Missing or invalid parameter"))
        if form.get("message_type") not in ("OTP", "ARN", "MKT"):
            raise Rejected(_answer(400, 10033, "Missing or invalid parameter"))
        return Taken(
            provider="telesign",
            account=_customer(request.headers.get("Authorization", "")),
            id=secrets.token_hex(16).upper(),
            recipient=form["phone_number"],
            text=form["message"],
            content={**form},
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer that it is on its way, with its reference id."""
        external = text(taken.content, "external_id")
        return _answer(200, 290, "Message in progress", reference_id=taken.id, external_id=external)

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell that the gateway, then the phone has it; to whom it was sent is not told."""
        callback = text(taken.content, "callback_url") or registered.callback
        common: dict[str, Any] = {
            "reference_id": taken.id,
            "sub_resource": "sms",
            "external_id": text(taken.content, "external_id") or None,
            "submit_timestamp": _now(),
            "errors": [],
        }
        states = (_status(203, "Delivered to gateway"), _status(200, "Delivered to handset"))
        told = [
            _signed(callback, taken.account, registered.secret, {**common, "status": now}) for now in states
        ]
        return told if callback else []


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming text message."""
    stop = {"STOP": "stop", "START": "start"}
    response = {
        "phone_number": words.sender,
        "sender_id": setting(settings, "sender"),
        "iso_country_code": "FI",
        "mo_message": words.text,
        "action": stop.get(words.text.strip().upper(), "generic"),
    }
    content = {
        "reference_id": words.id or secrets.token_hex(16).upper(),
        "sub_resource": "mo_sms",
        "errors": {},
        "submit_timestamp": _now(),
        "status": _status(1500, "Inbound message"),
        "user_response": response,
    }
    return _signed(callback, setting(settings, "customer_id"), setting(settings, "api_key"), content)


def _signed(url: str, customer: str, key: str, content: Mapping[str, Any]) -> SignedRequest:
    body = json.dumps(content, ensure_ascii=False).encode()
    signature = b64encode(hmac.digest(b64decode(key), body, "sha256")).decode()
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"TSA {customer}:{signature}",
        "X-TS-Authorization": signature,
    }
    return SignedRequest(url, headers, body)


def _customer(authorization: str) -> str:
    """Read the customer's id of Basic authentication, or of the digest that TeleSign's SDKs make."""
    scheme, _, proof = authorization.partition(" ")
    try:
        login = b64decode(proof).decode() if scheme == "Basic" else proof if scheme == "TSA" else ""
    except ValueError:
        login = ""
    customer, _, secret = login.partition(":")
    if not customer or not secret:
        raise Rejected(_answer(401, 10008, "Invalid signature"))
    return customer
