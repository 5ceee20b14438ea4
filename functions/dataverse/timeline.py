"""Write-back: a conversation that closes becomes a note on the timeline of its case, or of its customer.

A row is written when it closes, and a timer does the rest: each account goes through the rows by itself, for
a record may lie in any of their environments, and the row goes when all are done with it. A note's id follows
from the conversation's, so that it is written once, however often it is tried.
https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/annotation
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from uuid import UUID, uuid5

from functions.conversations.model import Conversation, Link, Relation, StoredMessage
from functions.conversations.threads import Threads
from functions.dataverse import odata
from functions.dataverse.client import Refused
from functions.dataverse.environments import CHANNEL, Environments, Reached
from functions.dataverse.transcript import LONGEST, subject, transcript
from functions.errors import Invalid, MonikanavaError, NotFound, NotGranted, Stale, Unavailable
from functions.message import digest
from functions.ports import Entity, Op, Table, Write
from functions.traces import trace

TABLE = "timeline"
SPREAD = 4  # partitions
PAGE = 200  # rows
DONE = "done"  # of a row: the accounts that are done with it
MESSAGES = 200  # of a page
SECONDS = 200.0  # of one run
NOTES = UUID("5f2a1d0c-8a2e-4c55-9a3e-6d1f0b7c4e21")  # the namespace of the notes' ids
log = logging.getLogger("monikanava.dataverse")


class Timeline:
    """The conversations that wait for their note."""

    def __init__(self, table: Table, environments: Environments) -> None:
        self._table = table
        self._environments = environments

    async def closed(self, conversation: Conversation) -> None:
        """Note that a conversation has closed; nothing where no account writes back. May be repeated."""
        if conversation.channel == CHANNEL or _target(conversation) is None:
            return
        if await self._environments.writing_back():
            await self._table.commit([Op(Write.UPSERT, waiting(conversation.id))])

    async def write(self, threads: Threads) -> int:
        """Write the notes that wait, for at most 200 seconds; give how many were dealt with.

        While an environment does not answer, or does not let us in, its notes stay, and no other waits for
        it; what it refuses is given up.
        """
        deadline = asyncio.get_running_loop().time() + SECONDS
        names = await self._environments.writing_back()
        walks = [self._walk(name, frozenset(names), threads, deadline) for name in names]
        return sum(await asyncio.gather(*walks))

    async def _walk(self, account: str, names: frozenset[str], threads: Threads, deadline: float) -> int:
        """Go through what waits for one account, until its environment is found closed."""
        done = 0
        try:
            where = await self._environments.of(account)
            async for row in self._rows():
                if asyncio.get_running_loop().time() > deadline:
                    break
                if account not in _dealt_with(row):
                    await _deal(where, row.key, threads)
                    await self._mark(row, account, names)
                    done += 1
        except (Unavailable, NotGranted, NotFound) as closed:
            log.warning("no further notes: account=%s: %s", account, closed.reason)
        return done

    async def _rows(self) -> AsyncIterator[Entity]:
        for part in range(SPREAD):
            start = ""
            while rows := await self._table.range(_partition(part), start, limit=PAGE):
                for row in rows:
                    yield row
                start = rows[-1].key + "\0"

    async def _mark(self, row: Entity, account: str, names: frozenset[str]) -> None:
        """Note that an account is done with a conversation; it waits no more when all are."""
        found: Entity | None = row
        while found:
            done = _dealt_with(found) | {account}
            after = Entity(found.partition, found.key, {DONE: " ".join(sorted(done))}, found.etag)
            try:
                await self._table.commit([Op(Write.DELETE if names <= done else Write.REPLACE, after)])
            except Stale:
                found = await self._table.get(row.partition, row.key)
            else:
                return


async def _deal(where: Reached, conversation: str, threads: Threads) -> None:
    try:
        head = await threads.conversation(conversation)
        await _write(where, head, transcript(head, await _messages(threads, conversation)))
    except (Unavailable, NotGranted):
        raise
    except Exception as error:
        said = error.reason if isinstance(error, MonikanavaError) else trace(error)
        log.warning("no note: account=%s conversation=%s: %s", where.account.id, conversation, said)


def _dealt_with(row: Entity) -> frozenset[str]:
    return frozenset(str(row.values.get(DONE, "")).split())


async def _messages(threads: Threads, conversation: str) -> list[StoredMessage]:
    found: list[StoredMessage] = []
    cursor: str | None = None
    while True:
        page = await threads.messages(conversation, cursor, MESSAGES)
        found += page.items
        cursor = page.cursor
        if cursor is None or sum(len(message.text) for message in found) > LONGEST:
            return found


async def _write(where: Reached, head: Conversation, text: str) -> None:
    target = _target(head)
    if target is None or not text:
        return
    try:
        collection = (await where.shapes.of(target.entity)).collection
        content = {
            "subject": subject(head),
            "notetext": text,
            f"objectid_{target.entity}@odata.bind": f"/{odata.row(collection, target.id)}",
        }
        new = await where.client.create(odata.row("annotations", _note(head)), content)
    except Refused as refused:
        if refused.answered in (401, 403):
            raise Unavailable(f"no note may be written: {refused.reason}") from None
        raise
    log.info("note: account=%s conversation=%s new=%s", where.account.id, head.id, new)


def _note(head: Conversation) -> str:
    """Name its note; by its time too, for a thread whose conversations were erased counts from one again."""
    return str(uuid5(NOTES, f"{head.id}:{head.created_at.isoformat()}"))


def _target(head: Conversation) -> Link | None:
    """Give the case, or else the customer, that lies in Dataverse."""
    ranked = [
        link
        for wanted in (Relation.CASE, Relation.CUSTOMER)
        for link in head.links
        if link.relation is wanted
    ]
    return next((link for link in ranked if _is_theirs(link)), None)


def _is_theirs(link: Link) -> bool:
    try:
        odata.guid(link.id)
    except Invalid:
        return False
    return True


def waiting(conversation: str) -> Entity:
    """Give the row by which a conversation waits for its note."""
    return Entity(_partition(int(digest(conversation), 16) % SPREAD), conversation, {})


def _partition(part: int) -> str:
    return f"closed:{part}"
