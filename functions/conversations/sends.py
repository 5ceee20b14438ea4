"""The send index: whose thread a provider's message id belongs to, for statuses that do not say it.

Most providers name the customer in a status, and so the thread; TeleSign names only the message. Its
adapter says so (`Capabilities.threadless_receipts`), and only then is a row written per send.
"""

from functions.errors import Unavailable
from functions.message import Inbound, Kind, Outbound, digest
from functions.ports import Entity, Op, Table, Write

ROW = "send"


class NotYetKnown(Unavailable):
    """A status came for a message that we do not know to have sent; we may come to know it."""

    code = "unknown-message"


class Sends:
    """Remembers threads by (channel, account, provider's message id)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def remember(self, outbound: Outbound, provider_ids: list[str]) -> None:
        """Write a row for each call that the provider took."""
        for provider_id in provider_ids:
            partition = digest(outbound.channel, outbound.account, provider_id)
            await self._table.commit([Op(Write.UPSERT, Entity(partition, ROW, {"thread": outbound.thread}))])

    async def located(self, item: Inbound) -> Inbound:
        """Give the item with its thread, or the item itself when it names one.

        Raises NotYetKnown while the message is not: its status may be faster than our note of it.
        """
        if item.thread or item.kind is not Kind.RECEIPT or item.receipt is None:
            return item
        row = await self._table.get(digest(item.channel, item.account, item.receipt.message), ROW)
        if row is None:
            raise NotYetKnown("a status of a message that we do not know to have sent")
        return item.model_copy(update={"thread": str(row.values["thread"])})
