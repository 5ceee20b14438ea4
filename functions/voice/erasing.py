"""What is kept of a call, taken away: its row last, by which its place in the line is found."""

from collections.abc import Callable
from datetime import datetime

from functions.conversations.layout import read
from functions.ports import Entity, Op, Table, Write
from functions.voice import lines
from functions.voice.acs.watch import Watch as AcsWatch
from functions.voice.calls import ROW, TABLE, partition
from functions.voice.model import Call
from functions.voice.twilio.watch import Watch as TwilioWatch


async def erase_call(
    table: Callable[[str], Table], clock: Callable[[], datetime], account: str, call: str
) -> None:
    """Drop all rows of a call, whichever its provider; may be repeated."""
    calls = table(TABLE)
    row = await calls.get(partition(call), ROW)
    found = read(Call, row) if row else None
    if found and found.queued_at and found.agent_queue:
        await lines.Lines(table(lines.TABLE)).leave(found.agent_queue, call, found.queued_at)
    await TwilioWatch(table, clock).done(call)
    watch = AcsWatch(table, clock)
    await watch.forget(call)
    await watch.erase_names(account, call)
    await calls.commit([Op(Write.DELETE, Entity(partition(call), ROW, {}))])
