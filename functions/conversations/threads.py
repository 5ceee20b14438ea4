"""The repository of conversations: everything that happens to a thread goes through here.

A thread is one table partition, so that every change of it is one transaction. See `layout` for the rows,
`fold` for what a customer's item does, and `states` for the state machine.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial

from functions.conversations import layout
from functions.conversations.attachments import change_attachment
from functions.conversations.feed import Feed, Mark, follow, note_typing
from functions.conversations.fold import AutoCloseOf
from functions.conversations.following import Known, Look, look
from functions.conversations.indexes import Indexes
from functions.conversations.listing import bounded
from functions.conversations.model import Conversation, Decision, Link, State, StoredMessage
from functions.conversations.moves import Moved, Mover, Send, accepting, moving, transferring
from functions.conversations.notes import note
from functions.conversations.opening import Opening, Received
from functions.conversations.progress import seen_until
from functions.conversations.receiving import Receiver
from functions.conversations.replies import Draft, Recorder, Replied
from functions.conversations.sending import COPY, Progress
from functions.conversations.signs import agent_types
from functions.conversations.store import Store
from functions.errors import Invalid
from functions.message import Attachment, Delivery, Inbound, Outbound
from functions.paging import Page, decode_cursor, encode_cursor
from functions.ports import Entity, Table

__all__ = ["Draft", "Moved", "Replied", "Threads"]
# Hears of messages of a channel that were stored or changed; what it raises is its own affair.
Told = Callable[[str, Sequence[StoredMessage]], Awaitable[None]]


async def nobody(channel: str, messages: Sequence[StoredMessage]) -> None:
    """Tell nobody."""


class Threads:
    """All threads. Every method raises Unavailable when the table does not answer."""

    def __init__(
        self, table: Table, indexes: Indexes, clock: Callable[[], datetime], told: Told = nobody
    ) -> None:
        self._store = Store(table)
        self._told = told
        self._indexes = indexes
        self._clock = clock
        self._recorder = Recorder(self._store, indexes, clock)
        self._progress = Progress(self._store, clock)
        self._mover = Mover(self._store, indexes, clock, lambda head, news: told(head.channel, [news]))

    async def receive(
        self,
        batch: Sequence[Inbound],
        open_conversation: Callable[[Inbound], Awaitable[Opening | None]],
        auto_close: AutoCloseOf,
    ) -> Received:
        """Store items of one session, in order, each once for good: duplicates are dropped.

        For plain messages this is one read and one transaction, whatever their number up to the table's
        limits. When it raises, the same batch may come again.
        """
        received = await Receiver(self._store, self._indexes, open_conversation, auto_close).receive(batch)
        if news := [*received.stored, *(after for _, after in received.changed)]:
            await self._told(batch[0].channel, news)
        return received

    async def feed(self, thread: str, after: Mark, limit: int = 100) -> Feed:
        """Read what came after a mark in a thread (its key, see `thread_key`): one range read."""
        return await follow(self._store, thread, after, limit)

    async def typing(self, thread: str, who: str) -> None:
        """Note that the customer, or an agent, types."""
        await note_typing(self._store, thread, who, self._clock())

    async def agent_types(self, conversation: str) -> Outbound | None:
        """Note that the agent types; give what the channel shall be told: nothing if it was a moment ago.

        Raises NotFound, or Conflict when the conversation is closed.
        """
        return await agent_types(self._store, conversation, self._clock())

    async def look(self, conversation: str, known: Known) -> Look:
        """Read what is new or has changed in a conversation for somebody who follows it; see `following`."""
        return await look(self._store, conversation, known, self._clock)

    async def conversation(self, conversation: str) -> Conversation:
        """Read a conversation with its decision; raises NotFound."""
        where = layout.place(conversation)
        trace = self._store.table.get(where.partition, layout.trace_key(where.number))
        version, row = await asyncio.gather(self._store.version(conversation), trace)
        decision = layout.read(Decision, row) if row else None
        return version.head.model_copy(update={"decision": decision})

    async def message(self, message: str) -> StoredMessage:
        """Read a message as far as it has come; raises NotFound."""
        where, _ = layout.message_place(message)
        newest = self._store.newest(where.partition)
        (found, _), head = await asyncio.gather(self._store.message(message), newest)
        return _seen(found, head)

    async def messages(self, conversation: str, cursor: str | None, limit: int) -> Page[StoredMessage]:
        """List a conversation's messages in their order; raises NotFound, or Invalid for a bad cursor."""
        where, after = layout.place(conversation), _sequence(cursor)
        start = layout.message_key(where.number, after + 1)
        head, newest, rows = await asyncio.gather(
            self._store.version(conversation),
            self._store.newest(where.partition),
            self._store.table.range(where.partition, start, f"m:{where.number:06d};", limit),
        )
        found = [layout.read(StoredMessage, row) for row in rows]
        shown = tuple(_seen(message, newest) for message in found if message.kind != COPY)
        more = bool(found) and found[-1].sequence < head.head.messages
        return Page(items=shown, cursor=encode_cursor(str(found[-1].sequence)) if more else None)

    async def reply(self, conversation: str, draft: Draft, *, key: str, agent: str) -> Replied:
        """Record a reply as queued; an open or waiting conversation becomes the agent's.

        The same key with the same draft gives the recorded one again. Raises Conflict when the key was used
        for another draft or the conversation is closed, Invalid for a bad `reply_to`, TooLarge, NotFound.
        """
        replied = await self._recorder.record(conversation, draft, key, agent)
        if replied.created:
            news = [*([replied.state] if replied.state else []), replied.message]
            await self._told(replied.outbound.channel, news)
        return replied

    async def earlier_reply(self, conversation: str, draft: Draft, *, key: str) -> Replied | None:
        """Give the reply that was recorded under the key, if there is one. Raises as `reply`."""
        return await self._recorder.earlier(conversation, draft, key)

    async def note(self, conversation: str, text: str, *, key: str, agent: str) -> tuple[StoredMessage, bool]:
        """Record an agent's private note once for its key, and tell whether it was just now.

        Raises NotFound, or Conflict when the conversation is closed or the key was used for something else.
        """
        head, message, created = await note(
            self._store, self._clock, conversation, text, key=key, agent=agent
        )
        if created:
            await self._told(head.channel, [message])
        return message, created

    async def attempt(self, message: str, at: datetime) -> StoredMessage:
        """Note, before a provider call, that it is about to be made."""
        return await self._progress.attempted(message, at)

    async def retry_later(self, message: str) -> StoredMessage:
        """Note that the attempt surely had no effect, so that another may be made."""
        return await self._progress.attempted(message, None)

    async def part_sent(self, message: str, provider_id: str) -> StoredMessage:
        """Note that the provider took one of several calls; the attempt has its outcome."""
        return await self._progress.part_taken(message, provider_id)

    async def sent(self, message: str, provider_ids: Sequence[str]) -> StoredMessage:
        """Note that the provider took all calls; receipts that came before are merged."""
        return await self._progress.all_taken(message, provider_ids)

    async def failed(self, message: str, code: str, reason: str) -> StoredMessage:
        """Note that the message, or the rest of it, will never be sent."""
        return await self._progress.ended(message, Delivery.FAILED, code, reason)

    async def again(self, message: str) -> StoredMessage:
        """Queue a message once more that had failed; any other stays as it is."""
        return await self._progress.again(message)

    async def uncertain(self, message: str, reason: str) -> StoredMessage:
        """Note that nobody knows whether the provider took it."""
        return await self._progress.ended(message, Delivery.UNCERTAIN, "uncertain", reason)

    async def change_attachment(
        self, message: str, index: int, url: str, change: Callable[[Attachment], Attachment]
    ) -> StoredMessage | None:
        """Change an attachment; None when the message has it no more there. Raises NotFound."""
        return await change_attachment(self._store, message, (index, url), change)

    async def transition(self, conversation: str, to: State, *, agent: str, reason: str = "") -> Moved:
        """Move a conversation; raises Conflict, naming both states, when there is no such way.

        To the state that it is in: nothing changes, and news that may not have gone out are given again.
        """
        change = moving(to, self._clock(), agent, reason)
        return await self._mover.move(conversation, change, agent)

    async def accept(self, conversation: str, agent: str) -> Moved:
        """Make an open or waiting conversation the agent's; raises Conflict when another agent has it."""
        return await self._mover.move(conversation, accepting(self._clock(), agent), agent)

    async def transfer(self, conversation: str, queue: str, *, agent: str, reason: str = "") -> Moved:
        """Have a conversation wait in another agent queue; raises NotFound, or Conflict when it cannot."""
        return await self._mover.move(conversation, transferring(queue, self._clock(), reason), agent)

    async def link(self, conversation: str, link: Link) -> Conversation:
        """Link a record, in place of a former link to the same one."""

        def change(head: Conversation) -> Conversation:
            others = _without(head, link.entity, link.id)
            return head if link in head.links else head.model_copy(update={"links": (*others, link)})

        return await self._change(conversation, change)

    async def unlink(self, conversation: str, entity: str, record: str) -> Conversation:
        """Take a link away; one that is not there is well."""

        def change(head: Conversation) -> Conversation:
            return head.model_copy(update={"links": _without(head, entity, record)})

        return await self._change(conversation, change)

    async def forget(self, entity: str, record: str) -> None:
        """Unlink a record from all conversations, closed ones too, also as a candidate; may be repeated."""

        def change(head: Conversation) -> Conversation:
            left = tuple(one for one in head.customer.candidates if (one.entity, one.id) != (entity, record))
            customer = head.customer.model_copy(update={"candidates": left})
            return head.model_copy(update={"links": _without(head, entity, record), "customer": customer})

        while found := await self._indexes.mentioning(entity, record, self._store.head):
            await bounded([partial(self._change, head.id, change) for head in found])

    async def inbox(
        self, workstream: str, state: State, cursor: str | None, limit: int
    ) -> Page[Conversation]:
        """List a workstream's conversations in one state, the newest first, without their decisions."""
        return await self._indexes.inbox(workstream, state, cursor, limit, self._store.head)

    async def of_agent(self, agent: str, cursor: str | None, limit: int) -> Page[Conversation]:
        """List the conversations that an agent has and that are not closed, without their decisions."""
        return await self._indexes.of_agent(agent, cursor, limit, self._store.head)

    async def of_record(self, entity: str, record: str, cursor: str | None, limit: int) -> Page[Conversation]:
        """List a record's conversations, the newest first, without their decisions."""
        return await self._indexes.of_record(entity, record, cursor, limit, self._store.head)

    @property
    def indexes(self) -> Indexes:
        """The ways to find conversations."""
        return self._indexes

    async def close_idle(self, now: datetime, send: Send) -> int:
        """Close what rested too long, send the news of it, and tell how many; safe to run twice at once."""
        return await self._mover.close_idle(now, send)

    async def _change(
        self, conversation: str, change: Callable[[Conversation], Conversation]
    ) -> Conversation:
        before, after = await self._store.change_head(conversation, change)
        # Nothing changed: it may be a repetition of a call that was cut off before it wrote the indexes.
        await self._indexes.moved(None if before == after else before, after, self._store.head)
        return after


def _seen(message: StoredMessage, newest: Entity | None) -> StoredMessage:
    return seen_until(message, layout.read(Conversation, newest)) if newest else message


def _without(head: Conversation, entity: str, record: str) -> tuple[Link, ...]:
    return tuple(link for link in head.links if (link.entity, link.id) != (entity, record))


def _sequence(cursor: str | None) -> int:
    text = decode_cursor(cursor) or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 8):
        raise Invalid("the cursor is not one of ours")
    return int(text)
