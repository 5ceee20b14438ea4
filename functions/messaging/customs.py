"""What the Messaging API must know before a conversation is routed: a small row, and two that lead there.

A conversation of the API is a thread of ours, and its id (a GUID, as integrations expect) is the thread's
name. So the id can be given at once, before the router has stored anything, everything that is said later is
a range read of the thread's own partition, and no second store of messages is needed. The row keeps who the
customer is and the context, which every message carries along; `customer` rows tell whether a customer has
a conversation already, and the `open` rows of sixteen partitions list an account's conversations.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from functions.errors import AlreadyExists, Stale
from functions.message import Address, Model, digest
from functions.ports import Entity, Op, Table, Write
from functions.rows import pack, unpack

TABLE = "customs"
BUCKETS = "0123456789abcdef"  # by the last digit of a conversation's id
KEY = "row"


class Custom(Model):
    """A conversation as its creator described it."""

    id: str
    customer: Address
    context: Mapping[str, str] = {}
    start: str = ""  # the first words
    created_at: datetime

    @property
    def listed(self) -> str:
        """Its key in the list: the oldest first."""
        return f"{int(self.created_at.timestamp() * 1000):013d}:{self.id}"


class Customs:
    """The rows of all accounts. Every method raises Unavailable."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, account: str, conversation: str) -> Custom | None:
        """Read a conversation's row."""
        row = await self._table.get(digest(account, "conversation", conversation), KEY)
        return Custom.model_validate_json(unpack("json", row.values)) if row else None

    async def put(self, account: str, custom: Custom) -> None:
        """Write a conversation's row, and its place in the list."""
        values = pack("json", custom.json_text())
        row = Entity(digest(account, "conversation", custom.id), KEY, values)
        await self._table.commit([Op(Write.UPSERT, row)])
        await self._table.commit([Op(Write.UPSERT, Entity(_bucket(account, custom.id), custom.listed, {}))])

    async def of_customer(self, account: str, customer: str) -> tuple[str, str]:
        """Give the customer's latest conversation, and the version of the row that says so; empty: none."""
        row = await self._table.get(digest(account, "customer", customer), KEY)
        return (str(row.values["conversation"]), row.etag) if row else ("", "")

    async def claim(self, account: str, customer: str, conversation: str, etag: str) -> bool:
        """Make it the customer's, if nobody else did since `of_customer`."""
        row = Entity(digest(account, "customer", customer), KEY, {"conversation": conversation}, etag)
        try:
            await self._table.commit([Op(Write.REPLACE if etag else Write.INSERT, row)])
        except (AlreadyExists, Stale):
            return False
        return True

    async def listed(self, account: str, after: str, limit: int) -> Sequence[str]:
        """List the keys after one, the oldest first: at most `limit` of each bucket, all together sorted."""
        start = after and f"{after}~"
        pages = await asyncio.gather(
            *(self._table.range(_bucket(account, bucket), start, limit=limit) for bucket in BUCKETS)
        )
        return sorted(row.key for rows in pages for row in rows)[:limit]

    async def unlist(self, account: str, key: str) -> None:
        """Take a closed conversation from the list."""
        await self._table.commit([Op(Write.DELETE, Entity(_bucket(account, key), key, {}))])

    async def erase(self, account: str, conversation: str) -> None:
        """Drop a conversation's rows; may be repeated."""
        if found := await self.get(account, conversation):
            await self.unlist(account, found.listed)
        await self._drop(digest(account, "conversation", conversation))

    async def erase_customer(self, account: str, customer: str) -> None:
        """Drop what leads to a customer's latest conversation, and its rows: it may not be routed yet."""
        conversation, _ = await self.of_customer(account, customer)
        if conversation:
            await self.erase(account, conversation)
        await self._drop(digest(account, "customer", customer))

    async def _drop(self, partition: str) -> None:
        await self._table.commit([Op(Write.DELETE, Entity(partition, KEY, {}))])


def _bucket(account: str, conversation: str) -> str:
    return digest(account, "open", conversation[-1])
