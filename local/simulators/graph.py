"""What Meta's products share on the wire: signed webhooks, and the errors of the Graph API."""

import hmac
import json
import secrets
import time
from typing import Any

from local.simulators.provider import Reply
from local.simulators.signed import SignedRequest, Words


def error(status: int, code: int, message: str, **more: Any) -> Reply:
    """Refuse as the Graph API does."""
    content = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1b2C3", **more}
    return Reply(status, {"error": content})


def signed(url: str, secret: str, content: dict[str, Any]) -> SignedRequest:
    """Sign a webhook. Meta escapes slashes, and all that is not ASCII."""
    body = json.dumps(content, separators=(",", ":")).replace("/", "\\/").encode()
    headers = {
        "Content-Type": "application/json",
        "X-Hub-Signature": "sha1=" + hmac.digest(secret.encode(), body, "sha1").hex(),
        "X-Hub-Signature-256": "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex(),
        "User-Agent": "facebookexternalua",
    }
    return SignedRequest(url, headers, body)


def milliseconds() -> int:
    """Tell the time as Messenger does."""
    return time.time_ns() // 1_000_000


def person_said(place: str, words: Words, prefix: str) -> dict[str, Any]:
    """Write a customer's message, as Messenger and Instagram do, to a page or profile."""
    message: dict[str, Any] = {"mid": words.id or prefix + secrets.token_urlsafe(40)}
    if words.text:
        message["text"] = words.text
    if words.media:
        message["attachments"] = [{"type": "image", "payload": {"url": url}} for url in words.media]
    return item(place, words.sender, {"message": message})


def item(place: str, person: str, fact: dict[str, Any]) -> dict[str, Any]:
    """Write something that a person did, or that became of a message to that person."""
    return {"sender": {"id": person}, "recipient": {"id": place}, "timestamp": milliseconds(), **fact}


def echo(place: str, person: str, name: str, message: dict[str, Any]) -> dict[str, Any]:
    """Write that the page or profile itself said something: what was sent by the API comes back so."""
    said = {field: message[field] for field in ("text", "metadata", "reply_to") if field in message}
    media = {"attachments": [message["attachment"]]} if "attachment" in message else {}
    facts = {"mid": name, "is_echo": True, "app_id": 1517776481860111}
    return item(person, place, {"message": {**facts, **said, **media}})


def batch_of(kind: str, place: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Wrap items up; `kind` is page or instagram."""
    return {"object": kind, "entry": [{"time": milliseconds(), "id": place, "messaging": items}]}
