"""Signs of typing: noted in the thread for whoever follows it, and passed on to the customer's channel."""

import asyncio
from datetime import datetime, timedelta

from functions.conversations import layout
from functions.conversations.feed import AGENT, TYPING, note_typing
from functions.conversations.model import State
from functions.conversations.news import carries, told_of
from functions.conversations.store import Store
from functions.errors import Conflict
from functions.message import Event, Outbound

OFTEN = timedelta(seconds=3)  # not more often than this is a channel told


async def agent_types(store: Store, conversation: str, now: datetime) -> Outbound | None:
    """Note that the agent types; give what the channel shall be told, None when it was told a moment ago.

    Raises NotFound, or Conflict when the conversation is closed.
    """
    partition = layout.place(conversation).partition
    version, row = await asyncio.gather(
        store.version(conversation), store.table.get(partition, f"{TYPING}{AGENT}")
    )
    head = version.head
    if head.state is State.CLOSED:
        raise Conflict("the conversation is closed: the customer's next message starts another")
    last = row.values["at"] if row else None
    if isinstance(last, datetime) and timedelta() <= now - last < OFTEN:
        return None
    await note_typing(store, partition, AGENT, now)
    # Two instances that meet here give the same name within the same three seconds: the queue takes one.
    name = f"{conversation}-typing-{int(now.timestamp() / OFTEN.total_seconds())}"
    return told_of(head, Event.TYPING, name, now) if carries(head, Event.TYPING) else None
