"""The repository of calls: everything that happens to a call goes through here, whatever its provider.

    event ─▶ row (read) ─▶ flow ─▶ row (replaced by its ETag) ─▶ notes on the queue ─▶ commands
                                    └ with the notes and the commands

An event counts once, by its id, and what ends a step only in that step. The row is committed before anything
is told or done; what a crash leaves undone is in it, and the next event, or the same one again, does it:
notes have names of their own, so that those sent twice are kept once, and the commands are given again.
A provider that gets no 2xx sends the event again; the end of a call, too.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.channels.contract import Account
from functions.configuration.callflows import CallFlow
from functions.configuration.document import Document
from functions.configuration.live import Live
from functions.conversations.layout import Place, read
from functions.conversations.store import persist
from functions.conversations.threads import Threads
from functions.errors import AlreadyExists, Conflict, NotFound
from functions.intake.envelope import inbound_envelope
from functions.intake.outbox import Outbox
from functions.message import digest, thread_key
from functions.ports import Entity, Op, Table, Write
from functions.rows import pack
from functions.voice.commands import Command
from functions.voice.events import CallEvent
from functions.voice.flow import Standing, advance
from functions.voice.items import item
from functions.voice.lines import TABLE as LINES
from functions.voice.lines import Lines
from functions.voice.model import Call, CallState, Note
from functions.voice.plans import flow, patience, standing
from functions.voice.step import note

TABLE = "calls"
ROW = "call"
IN_LINE = frozenset({CallState.QUEUED, CallState.CONNECTING})
log = logging.getLogger("monikanava.voice")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """News of a call. `id` is the same however often it comes; its events count one after the other.

    `step` is the one whose end it tells, None: it may come at any time. `sequence` is the provider's count of
    a call's statuses: one that is older than what is known changes nothing, but is noted. `at` is the
    provider's time.
    """

    id: str
    events: tuple[CallEvent, ...]
    step: int | None = None
    sequence: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The call now, and what to do: for what came before, the commands of the present step again."""

    call: Call
    commands: tuple[Command, ...]
    fresh: bool


class Calls:
    """All calls. Every method raises Unavailable when the table, or the queue, does not answer."""

    def __init__(
        self,
        table: Callable[[str], Table],
        threads: Threads,
        outbox: Outbox,
        live: Callable[[], Awaitable[Live]],
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table(TABLE)
        self._lines = Lines(table(LINES))
        self._threads = threads
        self._outbox = outbox
        self._live = live
        self._clock = clock

    async def plan(self, account: Account[Any]) -> CallFlow:
        """Give the flow of an account's calls."""
        return flow((await self._live()).document, account.settings.flow)

    async def begin(self, call: Call) -> tuple[Call, bool]:
        """Keep a new call, and tell whether it was new; one of this id that is there is given instead."""
        try:
            await self._table.commit([Op(Write.INSERT, _row(call))])
        except AlreadyExists:
            return await self.get(call.id), False
        return call, True

    async def get(self, call: str) -> Call:
        """Read a call; raises NotFound."""
        return (await self._read(call))[0]

    async def change(self, call: str, **changes: object) -> Call:
        """Note facts of a call that are no events, such as the provider's id; raises NotFound."""

        async def attempt() -> Call:
            found, etag = await self._read(call)
            after = found.model_copy(update=changes)
            if after != found:
                await self._table.commit([Op(Write.REPLACE, _row(after, etag))])
            return after

        return await persist(attempt)

    async def take(self, call: str, occurrence: Occurrence, account: Account[Any]) -> Taken:
        """Take news of a call: move it on, tell its conversation, and give what to do.

        Raises NotFound when the account has no such call.
        """
        document, seen = (await self._live()).document, list[Call]()

        async def attempt() -> Taken:
            before, etag = await self._read(call)
            if before.account != account.id:
                raise NotFound("no such call")
            taken = await self._folded(before, occurrence, document, account.settings.flow)
            seen.extend((before, taken.call))
            if taken.call != before:
                await self._table.commit([Op(Write.REPLACE, _row(taken.call, etag))])
            return taken

        taken = await persist(attempt)
        await self._leave_lines(taken, seen)
        await self._tell(taken.call)
        log.info(
            "call: account=%s call=%s state=%s step=%d fresh=%s",
            taken.call.account,
            call,
            taken.call.state,
            taken.call.step,
            taken.fresh,
        )
        return taken

    async def retell(self, call: str) -> Call:
        """Tell what may not have been told of a call; raises NotFound."""
        found = await self.get(call)
        await self._tell(found)
        return found

    async def _read(self, call: str) -> tuple[Call, str]:
        row = await self._table.get(partition(call), ROW)
        if row is None:
            raise NotFound("no such call")
        return read(Call, row), row.etag

    async def _folded(self, call: Call, occurrence: Occurrence, document: Document, name: str) -> Taken:
        if occurrence.id in call.seen or occurrence.step not in (None, call.step):
            return Taken(call, call.pending, fresh=False)
        told: list[Note] = []
        commands: list[Command] = []
        if occurrence.sequence is not None and occurrence.sequence <= call.sequence:
            told.append(note(f"late: {', '.join(type(event).__name__ for event in occurrence.events)}"))
        else:
            plan = flow(document, name)
            how = await self._standing(call, occurrence, document, plan)
            for event in occurrence.events:
                step = advance(call, event, plan, self._clock(), how)
                call = step.call
                told += step.notes
                commands += step.commands
            call = call.model_copy(update={"agent_queue": how.agent_queue or call.agent_queue})
        return Taken(self._noted(call, occurrence, told, commands), tuple(commands), fresh=True)

    def _noted(self, call: Call, occurrence: Occurrence, told: list[Note], commands: list[Command]) -> Call:
        times = {"at": self._clock(), "sent_at": occurrence.at}
        numbered = tuple(
            one.model_copy(update={"number": call.notes + place, **times})
            for place, one in enumerate(told, start=1)
        )
        return call.model_copy(
            update={
                "pending": tuple(commands) or call.pending,
                "seen": (*call.seen, occurrence.id)[-Call.SEEN :],
                "sequence": max(call.sequence, occurrence.sequence or 0)
                if occurrence.sequence is not None
                else call.sequence,
                "notes": call.notes + len(numbered),
                "unsent": (*call.unsent, *numbered),
            }
        )

    async def _standing(
        self, call: Call, occurrence: Occurrence, document: Document, plan: CallFlow
    ) -> Standing:
        """Give how things stand; whoever waits, and heard the end of it, has a place from now on."""
        now = self._clock()
        if call.state is not CallState.QUEUED or call.queued_at is None or occurrence.step is None:
            return standing(document, plan, "", 1, now)
        queue = await self._routed(call)
        if not queue:
            return standing(document, plan, "", 1, now)
        position = await self._lines.join(queue, call.id, call.queued_at, now, patience(plan))
        return standing(document, plan, queue, position, now)

    async def _routed(self, call: Call) -> str:
        """Give the agent queue that the call's conversation was routed to; empty while it is not."""
        thread = thread_key(call.channel, call.account, call.id)
        try:
            head = await self._threads.conversation(Place(thread, 1).conversation)
        except NotFound:
            return ""
        return head.agent_queue if head.last_inbound_at else ""

    async def _leave_lines(self, taken: Taken, seen: Sequence[Call]) -> None:
        """Give up places that a call has no more, after a repetition too: whoever came first may be cut off.

        What was seen counts of every attempt: one that was lost may have taken a place again.
        """
        call, there = taken.call, any(one.state in IN_LINE for one in seen)
        if call.queued_at is None or (taken.fresh and not there):
            return
        kept = {"", call.agent_queue} if call.state in IN_LINE else {""}
        for queue in {one.agent_queue for one in seen} - kept:
            await self._lines.leave(queue, call.id, call.queued_at)

    async def _tell(self, call: Call) -> None:
        if not call.unsent:
            return
        items = [inbound_envelope(item(call, one)) for one in call.unsent]
        await self._outbox.send(f"inbound-{call.channel}", items)
        await self._told(call)

    async def _told(self, call: Call) -> None:
        """Forget what was sent; whoever else writes just now forgets it with the next event."""
        row = await self._table.get(partition(call.id), ROW)
        found = read(Call, row) if row else None
        if row and found and found.notes == call.notes:
            try:
                done = found.model_copy(update={"unsent": ()})
                await self._table.commit([Op(Write.REPLACE, replace(_row(done), etag=row.etag))])
            except Conflict:
                log.info("a call changed meanwhile: call=%s", call.id)


def partition(call: str) -> str:
    """Give where a call lies."""
    return digest("call", call)


def _row(call: Call, etag: str = "") -> Entity:
    return Entity(partition(call.id), ROW, pack("json", call.json_text()), etag)
