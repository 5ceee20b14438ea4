"""What is kept of a call at ACS besides its row: what it needs to go on, by when it must, and its recordings.

ACS acts on our requests, not on our answers: a step that was committed, and whose requests were then cut
off, or whose end was never told, would stay as it is. So each live call has a row with the time at which
somebody must look after it; `mending` does, every minute.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.errors import AlreadyExists, Stale
from functions.message import digest
from functions.ports import Entity, Op, Table, Value, Write
from functions.voice.events import What

WATCH, NAMES = "callwatch", "callnames"
SPREAD = 16  # partitions, so that no single one takes all calls' writes
REQUESTS = timedelta(seconds=20)  # that a step's requests may take, before somebody else makes them


@dataclass(frozen=True, slots=True)
class Watched:
    """A live call. `caller` is whom we listen to; `incoming` is what it is answered with.

    `step` is the newest whose requests were begun, `done`: all of them were made.
    """

    account: str
    call: str
    caller: str
    incoming: str
    due: datetime
    step: int = 0
    done: bool = True

    def row(self) -> Entity:
        """Give it as it is kept."""
        values: dict[str, Value] = {
            "account": self.account,
            "caller": self.caller,
            "incoming": self.incoming,
            "due": self.due,
            "step": self.step,
            "done": self.done,
        }
        return Entity(_partition(self.call), self.call, values)


class Watch:
    """The live calls of all accounts. Every method raises Unavailable when the table does not answer."""

    def __init__(self, table: Callable[[str], Table], clock: Callable[[], datetime]) -> None:
        self._watch = table(WATCH)
        self._names = table(NAMES)
        self._clock = clock

    async def begin(self, account: str, call: str, caller: str, incoming: str = "") -> Watched:
        """Watch a call before its row is there; one that is watched stays as it is."""
        watched = Watched(account, call, caller, incoming, self._clock() + REQUESTS)
        try:
            await self._watch.commit([Op(Write.INSERT, watched.row())])
        except AlreadyExists:
            return await self.of(call) or watched
        return watched

    async def of(self, call: str) -> Watched | None:
        """Give a call's row; None when it is over."""
        row = await self._watch.get(_partition(call), call)
        return _read(row) if row else None

    async def began(self, watched: Watched, step: int) -> Watched:
        """Note that a step's requests are being made."""
        begun = replace(watched, step=step, done=False, due=self._clock() + REQUESTS)
        await self._watch.commit([Op(Write.UPSERT, begun.row())])
        return begun

    async def done(self, watched: Watched, wait: timedelta) -> None:
        """Note that they were made, and how long their end may take.

        When the next step was begun before their answer came, or the call is over, that stays as it is noted.
        """
        row = await self._watch.get(_partition(watched.call), watched.call)
        if row and _read(row).step <= watched.step:
            made = replace(watched, done=True, due=self._clock() + wait).row()
            with suppress(Stale):
                await self._watch.commit([Op(Write.REPLACE, replace(made, etag=row.etag))])

    async def forget(self, call: str) -> None:
        """Watch it no more; a forgotten one is well."""
        await self._watch.commit([Op(Write.DELETE, Entity(_partition(call), call, {}))])

    async def overdue(self) -> list[Watched]:
        """List the calls that somebody must look after."""
        parts = await asyncio.gather(*(self._watch.range(f"{part:02x}") for part in range(SPREAD)))
        now = self._clock()
        return [watched for rows in parts for row in rows if (watched := _read(row)).due <= now]

    async def name(self, account: str, name: str, call: str, what: What) -> None:
        """Note to which call a name of the provider belongs, and of what its recordings are."""
        row = Entity(digest("callnames", account), digest(name), {"call": call, "what": what.value})
        await self._names.commit([Op(Write.UPSERT, row)])

    async def named(self, account: str, name: str) -> tuple[str, What] | None:
        """Give the call that the provider means."""
        row = await self._names.get(digest("callnames", account), digest(name))
        return (str(row.values["call"]), What(str(row.values["what"]))) if row else None

    async def recorded(self, account: str, call: str, recording: str, what: What) -> None:
        """Note a call's newest recording."""
        await self.name(account, recording, call, what)
        newest = Entity(digest("callnames", account), digest("newest", call), {"recording": recording})
        await self._names.commit([Op(Write.UPSERT, newest)])

    async def recording(self, account: str, call: str) -> str:
        """Give a call's newest recording; empty when it was never recorded."""
        row = await self._names.get(digest("callnames", account), digest("newest", call))
        return str(row.values["recording"]) if row else ""

    async def recording_of(self, account: str, call: str) -> What | None:
        """Tell of what a call's newest recording is; None when it was never recorded."""
        newest = await self.recording(account, call)
        named = await self.named(account, newest) if newest else None
        return named[1] if named else None

    async def erase_names(self, account: str, call: str) -> None:
        """Drop all names of a call; reads those of all the account's calls."""
        newest = digest("newest", call)
        for row in await self._names.range(digest("callnames", account)):
            if row.values.get("call") == call or row.key == newest:
                await self._names.commit([Op(Write.DELETE, Entity(row.partition, row.key, {}))])


def _partition(call: str) -> str:
    return f"{int(digest('callwatch', call)[:8], 16) % SPREAD:02x}"


def _read(row: Entity) -> Watched:
    values, due = row.values, row.values["due"]
    if not isinstance(due, datetime):
        raise TypeError("a watched call has a time")
    return Watched(
        account=str(values["account"]),
        call=row.key,
        caller=str(values["caller"]),
        incoming=str(values["incoming"]),
        due=due,
        step=int(str(values["step"])),
        done=bool(values["done"]),
    )
