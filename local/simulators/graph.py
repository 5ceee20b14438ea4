"""What Meta's products share on the wire: signed webhooks, and the errors of the Graph API."""

import hmac
import json
import time
from typing import Any

from local.simulators.provider import Reply
from local.simulators.signed import SignedRequest


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
