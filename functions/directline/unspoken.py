"""Chats in which nobody said a word: what their visitors told of themselves is dropped when none can be said.

Where something was said, the conversation's end or its customer's erasure takes the session along.
"""

from datetime import datetime, timedelta

from functions.conversations.feed import Mark
from functions.conversations.layout import read
from functions.conversations.threads import Threads
from functions.directline.sessions import ROW, SHARDS, Session, begun, moment
from functions.directline.tokens import LONGEST
from functions.errors import Stale
from functions.lazy import CHAT
from functions.message import thread_key
from functions.ports import Entity, Op, Table, Write

KEPT = LONGEST[True] + timedelta(days=1)  # no chat's tokens are renewed for longer
PAGE = 100


async def forget(table: Table, threads: Threads, now: datetime) -> None:
    """Drop the sessions of silent chats that were opened over eight days ago; raises Unavailable."""
    before = now - KEPT
    for shard in SHARDS:
        place = begun(shard)
        while rows := await table.range(place, end=moment(before), limit=PAGE):
            for row in rows:
                await _look(row, table, threads, before)
            await table.commit([Op(Write.DELETE, Entity(place, row.key, {})) for row in rows])


async def _look(row: Entity, table: Table, threads: Threads, before: datetime) -> None:
    found = await table.get(row.key.rpartition(":")[2], ROW)
    if found is None:
        return
    session = read(Session, found)
    thread = thread_key(CHAT, str(row.values["account"]), session.conversation)
    again = session.opened_at is not None and session.opened_at >= before
    if again or (await threads.feed(thread, Mark(), 1)).messages:
        return
    try:
        await table.commit([Op(Write.DELETE, found)])
    except Stale:  # it is opened again just now: there is another row that tells of it
        return
