"""A home-made channel, by the official Standard Webhooks library: it checks what it is sent, and signs.

Its secrets are those of local/configuration.yaml.
"""

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

from functions.providers.payload import text
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken

OUTGOING = "whsec_bG9jYWwtY3VzdG9tLW91dGdvaW5nLXNlY3JldA=="


class Custom:
    """Takes messages and news of conversations; its customer sees a message at once."""

    name = "webhook"
    path = "/events"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: Reply(429, {"error": "slow down"}, {"Retry-After": "1"}),
        Behaviour.ERROR: Reply(500, {"error": "out of paper"}),
        Behaviour.PERMANENT: Reply(410, {"error": "gone"}),
    }

    async def read(self, request: web.Request) -> Taken:
        """Check the signature of a webhook of ours, and read it."""
        body, event = await request.read(), request.headers.get("webhook-id", "")
        stamp = request.headers.get("webhook-timestamp", "")
        at = datetime.fromtimestamp(int(stamp) if stamp.isdigit() else 0, UTC)
        expected = Webhook(OUTGOING).sign(event, at, body.decode(errors="replace"))
        if expected not in request.headers.get("webhook-signature", "").split(" "):
            raise Rejected(Reply(401, {"error": "not authentic"}))
        content = json.loads(body)
        return Taken(
            provider="webhook",
            account=str(request.url),
            id=f"custom-{secrets.token_hex(8)}",
            recipient=text(content, "recipient"),
            text=text(content, "text"),
            attachments=tuple(one["url"] for one in content.get("attachments", ())),
            content=content,
            key=event,
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer with the channel's own id."""
        return Reply(200, {"id": taken.id})

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell that the customer got a message, and saw it."""
        if text(taken.content, "type") != "message" or not registered.callback:
            return []
        about = {"thread": text(taken.content, "thread"), "replyTo": taken.id}
        events = ({"type": "status", "state": "delivered"}, {"type": "read"})
        return [_signed(registered.callback, registered.secret, {**about, **event}) for event in events]


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign a customer's message."""
    content = {
        "type": "message",
        "thread": words.sender,
        "sender": {"id": words.sender, "name": words.name},
        "text": words.text,
        "attachments": [{"kind": "image", "url": url} for url in words.media],
        "sentAt": datetime.now(UTC).isoformat(),
    }
    return _signed(callback, setting(settings, "incoming_secrets"), content, words.id)


def _signed(url: str, secret: str, content: Mapping[str, Any], event: str = "") -> SignedRequest:
    event, now = event or f"msg_{secrets.token_hex(12)}", datetime.now(UTC)
    body = json.dumps({"id": event, **content})
    headers = {
        "Content-Type": "application/json",
        "webhook-id": event,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(event, now, body),
    }
    return SignedRequest(url, headers, body.encode())
