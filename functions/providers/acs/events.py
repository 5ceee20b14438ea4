"""What the events of Azure Communication Services have in common, whatever the channel.

Follows https://learn.microsoft.com/azure/event-grid/event-schema-communication-services.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.message import Address, Inbound, Kind
from functions.providers.acs import person
from functions.providers.eventgrid.events import Event
from functions.providers.payload import fragment_id, instant, text


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event, and the account that it came to."""

    channel: str
    account: str
    received_at: datetime
    event: Event

    def make(
        self, kind: Kind, customer: str = "from", context: Mapping[str, str] | None = None, **more: Any
    ) -> Inbound:
        """Make the item; `customer` is the end, from or to, at which the customer is."""
        data = self.event.data
        address, phone = person(text(data, customer))
        address = address or self.account  # what names nobody is about the account itself
        return Inbound(
            channel=self.channel,
            provider="acs",
            account=self.account,
            thread=address,
            event=text(data, "messageid") or self.event.id or fragment_id(self.event.raw),
            kind=kind,
            sender=Address(id=address, phone=phone),
            context={name: value for name, value in (context or {}).items() if value},
            sent_at=instant(text(data, "receivedtimestamp")) or self.event.at,
            received_at=self.received_at,
            **more,
        )

    def unsupported(self, note: str = "") -> Inbound:
        """Keep what is not understood, or not for this account, as it came."""
        return self.make(Kind.UNSUPPORTED, context={"note": note}, raw=self.event.raw)
