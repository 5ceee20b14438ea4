"""The ways to find a conversation other than by its thread: inbox, agent, linked records, the timer.

Index rows are written after the thread's own transaction, may be written again at any time, and are only
hints: who reads them reads the head too.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from functions.conversations.closings import Closings
from functions.conversations.due import Due
from functions.conversations.listing import Heads, drop, listing, newest_first
from functions.conversations.model import Conversation, Link, State
from functions.conversations.states import is_quiet
from functions.message import EntityRef, digest
from functions.paging import Page
from functions.ports import Entity, Op, Table, Write

MENTIONED = 100  # conversations that are unlinked from a record at a time
SPREAD = 4  # partitions of one workstream's conversations in one state
Closed = Callable[[Conversation], Coroutine[Any, Any, None]]


async def nobody(conversation: Conversation) -> None:
    """Tell nobody."""


class Indexes:
    """The three index tables. `closed` hears of every conversation that closes, at least once."""

    def __init__(
        self,
        inbox: Table,
        records: Table,
        due: Table,
        clock: Callable[[], datetime],
        closed: Closed = nobody,
    ) -> None:
        self._inbox = inbox
        self._records = records
        self.due = Due(due, clock)
        self.closings = Closings(due)
        self._closed = closed

    async def moved(self, before: Conversation | None, after: Conversation, heads: Heads) -> None:
        """Write what a change of a head makes necessary: nothing, where only a message was added.

        `before` is None when the conversation is new, or when its rows may be missing.
        """
        writes = [
            self._link(after, link) for link in after.links if before is None or link not in before.links
        ]
        if before is None or before.customer.id != after.customer.id:
            writes.append(self._customer(after))
        if before is None or before.customer.candidates != after.customer.candidates:
            writes += [self._candidate(after, ref) for ref in after.customer.candidates]
        if before is None or _listed(before) != _listed(after):
            writes += [self._list(after), self.due.put(after)]
        if before is None or _holder(before) != _holder(after):
            writes.append(self._hold(after))
        if after.state is State.CLOSED and (before is None or before.state is not State.CLOSED):
            writes += [self._closed(after), self.closings.put(after)]
        await asyncio.gather(*writes)
        if before and _listed(before) not in (None, _listed(after)):
            await self._retire(before, _inbox_row(before), _listed, heads)
        if before and _holder(before) not in (None, _holder(after)):
            await self._retire(before, _agent_row(before), _holder, heads)

    async def inbox(
        self, workstream: str, state: State, cursor: str | None, limit: int, heads: Heads
    ) -> Page[Conversation]:
        """List a workstream's conversations in one state, the newest first."""
        here = (workstream, state)
        partitions = [_partition(workstream, state, part) for part in range(SPREAD)]
        return await listing(
            self._inbox, partitions, cursor, limit, heads, lambda head: _listed(head) == here
        )

    async def of_agent(self, agent: str, cursor: str | None, limit: int, heads: Heads) -> Page[Conversation]:
        """List the conversations that an agent has and that are not closed, the newest first."""
        return await listing(
            self._inbox, [_agents(agent)], cursor, limit, heads, lambda head: _holder(head) == agent
        )

    async def of_record(
        self, entity: str, record: str, cursor: str | None, limit: int, heads: Heads
    ) -> Page[Conversation]:
        """List the conversations that are linked to a record, the newest first."""

        def linked(head: Conversation) -> bool:
            return any((link.entity, link.id) == (entity, record) for link in head.links)

        return await listing(self._records, [digest(entity, record)], cursor, limit, heads, linked)

    async def mentioning(self, entity: str, record: str, heads: Heads) -> list[Conversation]:
        """Give some of the conversations that are linked to a record or have it as a candidate."""

        def chosen(head: Conversation) -> bool:
            return any((ref.entity, ref.id) == (entity, record) for ref in head.customer.candidates)

        linked = await self.of_record(entity, record, None, MENTIONED, heads)
        candidates = await listing(
            self._records, [_candidates(entity, record)], None, MENTIONED, heads, chosen
        )
        return list({head.id: head for head in (*linked.items, *candidates.items)}.values())

    async def of_customer(self, channel: str, account: str, customer: str) -> list[str]:
        """Give the ids of all conversations that a customer ever had, those of shared threads too."""
        rows = await self._records.range(_customers(channel, account, customer))
        return [row.key[-39:] for row in rows]

    async def erase(self, conversation: Conversation) -> None:
        """Drop every row of a conversation, whatever state it was in; may be repeated.

        What stays is by which its customer's erasure, and the end of its time, find it.
        """
        key = newest_first(conversation)
        records = [digest(ref.entity, ref.id) for ref in conversation.links]
        records += [_candidates(ref.entity, ref.id) for ref in conversation.customer.candidates]
        for partition in records:
            await self._records.commit([Op(Write.DELETE, Entity(partition, key, {}))])
        for state in State:
            row = _inbox_row(conversation.model_copy(update={"state": state}))
            await self._inbox.commit([Op(Write.DELETE, Entity(row.partition, row.key, {}))])
        await self._inbox.commit([Op(Write.DELETE, _agent_row(conversation))])
        await self.due.erase(conversation)

    async def erase_of_customer(self, conversation: Conversation) -> None:
        """Drop a conversation from its customer's."""
        row = _customer_row(conversation)
        await self._records.commit([Op(Write.DELETE, row)])

    async def erase_customer(self, channel: str, account: str, customer: str) -> None:
        """Drop by which a customer's conversations are found."""
        rows = await self._records.range(_customers(channel, account, customer))
        for row in rows:
            await self._records.commit([Op(Write.DELETE, Entity(row.partition, row.key, {}))])

    async def _list(self, conversation: Conversation) -> None:
        if _listed(conversation):
            await self._inbox.commit([Op(Write.UPSERT, _inbox_row(conversation))])

    async def _hold(self, conversation: Conversation) -> None:
        if _holder(conversation):
            await self._inbox.commit([Op(Write.UPSERT, _agent_row(conversation))])

    async def _link(self, conversation: Conversation, link: Link) -> None:
        row = Entity(digest(link.entity, link.id), newest_first(conversation), {})
        await self._records.commit([Op(Write.UPSERT, row)])

    async def _customer(self, conversation: Conversation) -> None:
        await self._records.commit([Op(Write.UPSERT, _customer_row(conversation))])

    async def _candidate(self, conversation: Conversation, ref: EntityRef) -> None:
        row = Entity(_candidates(ref.entity, ref.id), newest_first(conversation), {})
        await self._records.commit([Op(Write.UPSERT, row)])

    async def _retire(
        self, before: Conversation, former: Entity, place: Callable[[Conversation], object], heads: Heads
    ) -> None:
        """Drop the row of the former place, unless the conversation is back in it by now."""
        row = await self._inbox.get(former.partition, former.key)
        # The row is read before the head: whoever moves back after that writes the row anew, and it stays.
        head = await heads(before.id) if row else None
        if row and (head is None or place(head) != place(before)):
            await drop(self._inbox, row)


def _listed(conversation: Conversation) -> tuple[str, State] | None:
    return None if is_quiet(conversation) else (conversation.workstream, conversation.state)


def _holder(conversation: Conversation) -> str | None:
    """Give the agent who has it; None when nobody has, or nobody has any more."""
    return None if conversation.state is State.CLOSED else conversation.agent or None


def _candidates(entity: str, record: str) -> str:
    return digest("candidate", entity, record)


def _customers(channel: str, account: str, customer: str) -> str:
    return digest("customer", channel, account, customer)


def _customer_row(conversation: Conversation) -> Entity:
    partition = _customers(conversation.channel, conversation.account, conversation.customer.id)
    return Entity(partition, newest_first(conversation), {})


def _inbox_row(conversation: Conversation) -> Entity:
    part = int(digest(conversation.id), 16) % SPREAD
    partition = _partition(conversation.workstream, conversation.state, part)
    return Entity(partition, newest_first(conversation), {})


def _agents(agent: str) -> str:
    return digest("agent", agent)


def _agent_row(conversation: Conversation) -> Entity:
    return Entity(_agents(conversation.agent), newest_first(conversation), {})


def _partition(workstream: str, state: State, part: int) -> str:
    return f"{workstream}:{state}:{part}"
