"""Export and erasure of one customer at one account, for an administrator, and of what was kept long enough.

Erasing goes from the outside in: indexes, files and other rooms' rows first, a thread's own rows after, by
which the rest is found. Whatever cuts it off, the same call again does the rest. What stays is a note without
personal data: when, by whom, and how much.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from uuid import uuid4

from functions.conversations import layout
from functions.conversations.model import Conversation, Decision
from functions.conversations.threads import Threads
from functions.erasure.leftovers import forget_leftovers
from functions.erasure.persons import forget_person
from functions.erasure.rooms import (
    TableOf,
    forget_blobs,
    forget_customer,
    forget_deliveries,
    forget_rooms,
)
from functions.erasure.threads import Share, drop, expired, refuse_open, shares
from functions.errors import NotFound
from functions.identity.identities import Identities
from functions.identity.merging import Who
from functions.identity.records import Records
from functions.message import Model
from functions.ports import Blobs, Entity, Op, Write

NOTES = "erasures"  # a partition of the identities' table


class Erased(Model):
    """What was taken away, without a word of whose it was."""

    id: str
    channel: str
    account: str
    by: str
    at: datetime
    conversations: int
    messages: int
    files: int
    unrouted: int  # messages that were parked or in the spool
    identity: bool


class Erasure:
    """Gives and takes away. Every method raises Unavailable when a table or the blobs do not answer."""

    def __init__(
        self,
        table: TableOf,
        blobs: Blobs,
        threads: Threads,
        identities: Identities,
        records: Records,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._blobs = blobs
        self._threads = threads
        self._identities = identities
        self._records = records
        self._clock = clock

    async def export(self, who: Who) -> Iterator[str]:
        """Give all that is kept of a customer as JSON texts, each with its `type`; raises NotFound."""
        identity = await self._identities.get(who.channel, who.account, who.id)
        found = await self._shares(who)
        if identity is None and not found:
            raise NotFound("nothing is kept of such a customer")
        return _lines(identity, found)

    async def erase(self, who: Who, by: str) -> Erased:
        """Take everything of a customer away; again is well, and finds nothing more.

        Raises Conflict as long as one of the conversations is not closed.
        """
        found = await self._shares(who)
        refuse_open(found)
        conversations = frozenset(head.id for share in found for head in share.heads)
        files, messages = 0, sum(len(share.messages) for share in found)
        for share in found:
            files += await self._forget(who, share)
            for head in share.heads:
                await self._threads.indexes.closings.erase(head)
        unrouted = await forget_leftovers(self._table, who, conversations)
        for share in found:
            await drop(self._table("threads"), share.rows)
        await forget_customer(self._table, who)
        identity = await forget_person(self._table, self._identities, self._records, who)
        await self._threads.indexes.erase_customer(who.channel, who.account, who.id)
        erased = Erased(
            id=uuid4().hex,
            channel=who.channel,
            account=who.account,
            by=by,
            at=self._clock(),
            conversations=len(conversations),
            messages=messages,
            files=files,
            unrouted=unrouted,
            identity=identity,
        )
        await self._note(erased)
        return erased

    async def expire(self, partition: str, before: datetime) -> int:
        """Take away what closed in a thread before a moment; give how many conversations. May be repeated.

        A customer of whom no conversation is left is forgotten too, unless they opted out or are merged.
        """
        share = await expired(self._table("threads"), partition, before)
        customers = list(dict.fromkeys(_customer(head) for head in share.heads))
        for who in customers[:1]:  # of a thread that several share, its rooms are forgotten once
            await self._forget(who, share)
        gone = frozenset(head.id for head in share.heads)
        for who in customers:
            await self._forget_unless_known(who, gone)
        for head in share.heads:
            await self._threads.indexes.erase_of_customer(head)
        await drop(self._table("threads"), share.rows)
        return len(share.heads)

    async def _forget_unless_known(self, who: Who, gone: frozenset[str]) -> None:
        left = await self._threads.indexes.of_customer(who.channel, who.account, who.id)
        known = await self._identities.get(who.channel, who.account, who.id)
        kept = known and (known.opted_out_at or known.aliases or known.merged_into)
        if not kept and gone.issuperset(left):
            await forget_customer(self._table, who)
            await forget_person(self._table, self._identities, self._records, who)

    async def _forget(self, who: Who, share: Share) -> int:
        for head in share.heads:
            await self._threads.indexes.erase(head)
        files = await forget_blobs(self._blobs, share)
        await forget_deliveries(self._table, share)
        await forget_rooms(self._table, self._clock, who, share)
        return files

    async def _shares(self, who: Who) -> list[Share]:
        conversations = await self._threads.indexes.of_customer(who.channel, who.account, who.id)
        return await shares(self._table("threads"), who, conversations)

    async def _note(self, erased: Erased) -> None:
        row = Entity(NOTES, f"{erased.at.isoformat()}:{erased.id}", {"json": erased.json_text().encode()})
        await self._table("identities").commit([Op(Write.UPSERT, row)])


def _customer(head: Conversation) -> Who:
    return Who(channel=head.channel, account=head.account, id=head.customer.id)


def _lines(identity: Model | None, found: Sequence[Share]) -> Iterator[str]:
    if identity:
        yield _line("identity", identity)
    for share in found:
        reasons = {row.key: layout.read(Decision, row) for row in share.rows if row.key.startswith("x:")}
        for head in sorted(share.heads, key=lambda head: head.id):
            where = layout.place(head.id)
            decision = reasons.get(layout.trace_key(where.number))
            yield _line("conversation", _with(head, decision))
            for message in share.messages:
                if message.conversation == head.id:
                    yield _line("message", message)


def _with(head: Conversation, decision: Decision | None) -> Conversation:
    return head.model_copy(update={"decision": decision})


def _line(kind: str, value: Model) -> str:
    return json.dumps({"type": kind, **json.loads(value.json_text())}, ensure_ascii=False)
