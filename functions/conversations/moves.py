"""Moving a conversation from state to state: its head and the message of it are one transaction."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from functions.conversations import layout
from functions.conversations.indexes import Indexes
from functions.conversations.listing import bounded
from functions.conversations.model import Conversation, State, StoredMessage
from functions.conversations.news import EVENTS, announcement, carries, stated
from functions.conversations.states import OVER, idled, moved, transferred
from functions.conversations.store import Store, persist
from functions.errors import Conflict, NotFound
from functions.message import Outbound
from functions.ports import Entity, Op, Write

Send = Callable[[Outbound], Awaitable[None]]
Told = Callable[[Conversation, StoredMessage], Awaitable[None]]
log = logging.getLogger("monikanava.conversations")


@dataclass(frozen=True, slots=True)
class Moved:
    """A conversation in its state. `news` must go on its queue; it is given again until it has gone out."""

    conversation: Conversation
    message: StoredMessage | None  # stored just now, None: the conversation was in that state already
    news: Outbound | None


class Mover:
    """Moves conversations. `told` hears of every state message, before this returns."""

    def __init__(self, store: Store, indexes: Indexes, clock: Callable[[], datetime], told: Told) -> None:
        self._store = store
        self._indexes = indexes
        self._clock = clock
        self._told = told

    async def move(
        self, conversation: str, change: Callable[[Conversation], Conversation], agent: str
    ) -> Moved:
        """Change the state as `change` says; raises NotFound and whatever `change` raises."""
        before, after, message = await persist(lambda: self._attempt(conversation, change, agent))
        # Nothing changed: it may be a repetition of a call that was cut off before it wrote the indexes.
        await self._indexes.moved(None if before == after else before, after, self._store.head)
        return await self._moved(after, message)

    async def close_idle(self, now: datetime, send: Send) -> int:
        """Close what rested too long, send the news of it, and tell how many were closed."""
        ready = await self._indexes.due.ready(now)
        closed = await bounded([partial(self._close, *due, now, send) for due in ready])
        await self._indexes.due.passed(now)
        return sum(closed)

    async def _close(self, conversation: str, row: Entity, now: datetime, send: Send) -> bool:
        closed = False
        with suppress(NotFound):
            idle = partial(idled, now=now)
            before, after, message = await persist(lambda: self._attempt(conversation, idle, ""))
            closed = before != after
            cut_off = not closed and after.state is State.CLOSED
            await self._indexes.moved(None if cut_off else before, after, self._store.head)
            # Activity since the row was written has put the time off: the row moves there.
            await self._indexes.due.put(after)
            if after.state in OVER and (news := (await self._moved(after, message)).news):
                await send(news)
        # Last: as long as the row is there, whoever was cut off is followed by another run.
        await self._indexes.due.done(row)
        if closed:
            log.info("closed by the timer: conversation=%s", conversation)
        return closed

    async def _attempt(
        self, conversation: str, change: Callable[[Conversation], Conversation], agent: str
    ) -> tuple[Conversation, Conversation, StoredMessage | None]:
        version = await self._store.version(conversation)
        after, message = stated(version.head, change(version.head), self._clock(), agent=agent)
        ops = version.replaced_by(after)
        if message:
            ops.append(Op(Write.INSERT, layout.message_row(message)))
        if ops:
            await self._store.table.commit(ops)
        return version.head, after, message

    async def _moved(self, head: Conversation, message: StoredMessage | None) -> Moved:
        if message:
            await self._told(head, message)
        return Moved(head, message, announcement(head, message or await self._earlier(head)))

    async def _earlier(self, head: Conversation) -> StoredMessage | None:
        """Read the message of the state it is in, where that may still have to go out."""
        if not head.stated or not carries(head, EVENTS.get(head.state)):
            return None
        return (await self._store.message(layout.message_id(head.id, head.stated)))[0]


def moving(to: State, at: datetime, agent: str, reason: str) -> Callable[[Conversation], Conversation]:
    """Give the change to a state; a conversation that is in it stays as it is."""

    def change(head: Conversation) -> Conversation:
        return head if head.state is to else moved(head, to, at=at, reason=reason, agent=agent)

    return change


def transferring(queue: str, at: datetime, reason: str) -> Callable[[Conversation], Conversation]:
    """Give the change to another agent queue; a conversation that waits there stays as it is."""
    return partial(transferred, queue=queue, at=at, reason=reason)


def accepting(at: datetime, agent: str) -> Callable[[Conversation], Conversation]:
    """Give the change that makes a conversation an agent's; raises Conflict when another agent has it."""

    def change(head: Conversation) -> Conversation:
        taken = head.state in (State.ACTIVE, State.WAITING)
        if taken and head.agent and head.agent != agent:
            raise Conflict("another agent has the conversation")
        if head.state is State.ACTIVE:
            return head.model_copy(update={"agent": agent})
        return moved(head, State.ACTIVE, at=at, agent=agent)

    return change
