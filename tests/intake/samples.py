"""Messages and requests for the tests: real shapes, ids of their own."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from functions.message import Address, Inbound, Kind

NOW = datetime(2026, 8, 1, 12, 0, 0, tzinfo=UTC)


def inbound(**fields: Any) -> Inbound:
    """A text message of a customer and thread that nobody else uses."""
    customer = f"+35840{uuid4().int % 10**7:07d}"
    given = {
        "channel": "sms",
        "provider": "twilio",
        "account": "support",
        "thread": f"{customer}-{uuid4().hex}",
        "event": f"SM{uuid4().hex}",
        "kind": Kind.MESSAGE,
        "sender": Address(id=customer, phone=customer),
        "text": "moi",
        "received_at": NOW,
    }
    return Inbound.model_validate(given | fields)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
