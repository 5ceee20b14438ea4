"""Write-back: a conversation that closes becomes a note on the timeline of its case, or of its customer.

A row is written when it closes, and a timer does the rest; the row goes when the note is there. A note's id
follows from the conversation's, so that it is written once, however often it is tried.
https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/annotation
"""

import asyncio
import logging
from uuid import UUID, uuid5

from functions.conversations.model import Conversation, Link, Relation, StoredMessage
from functions.conversations.threads import Threads
from functions.dataverse import odata
from functions.dataverse.client import Refused
from functions.dataverse.environments import CHANNEL, Environments, Reached
from functions.dataverse.transcript import LONGEST, subject, transcript
from functions.errors import Invalid, MonikanavaError, NotGranted, Unavailable
from functions.message import digest
from functions.ports import Entity, Op, Table, Write
from functions.traces import trace

TABLE = "timeline"
SPREAD = 4  # partitions
PAGE = 50  # notes of a partition in one run
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
        if await self._environments.writes_back():
            await self._table.commit([Op(Write.UPSERT, waiting(conversation.id))])

    async def write(self, threads: Threads) -> int:
        """Write the notes that wait, for at most 200 seconds; give how many were dealt with.

        While an environment does not answer, or does not let us in, they stay; what it refuses is given up.
        """
        loop = asyncio.get_running_loop()
        deadline, done = loop.time() + SECONDS, 0
        try:
            reached = await self._environments.those(lambda settings: settings.write_back)
            for part in range(SPREAD):
                for row in await self._table.range(_partition(part), limit=PAGE):
                    if loop.time() > deadline:
                        return done
                    await self._deal(row, reached, threads)
                    done += 1
        except (Unavailable, NotGranted) as closed:
            log.warning("no further notes: %s", closed.reason)
        return done

    async def _deal(self, row: Entity, reached: list[Reached], threads: Threads) -> None:
        for where in reached:  # a record lies in one of them: what the others refuse holds up nothing
            try:
                head = await threads.conversation(row.key)
                await _write(where, head, transcript(head, await _messages(threads, row.key)))
            except (Unavailable, NotGranted):
                raise
            except Exception as error:
                said = error.reason if isinstance(error, MonikanavaError) else trace(error)
                log.warning("no note: account=%s conversation=%s: %s", where.account.id, row.key, said)
        await self._table.commit([Op(Write.DELETE, Entity(row.partition, row.key, {}))])


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
        new = await where.client.create(odata.row("annotations", str(uuid5(NOTES, head.id))), content)
    except Refused as refused:
        if refused.answered in (401, 403):
            raise Unavailable(f"no note may be written: {refused.reason}") from None
        raise
    log.info("note: account=%s conversation=%s new=%s", where.account.id, head.id, new)


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
