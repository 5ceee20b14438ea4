"""What other rooms keep of a customer's conversations: rows by the thread, the message or the call."""

from collections.abc import Callable
from datetime import datetime

from functions.erasure.threads import Share, drop
from functions.identity.merging import Who
from functions.message import digest
from functions.ports import Blobs, Entity, Op, Table, Write

TableOf = Callable[[str], Table]
Clock = Callable[[], datetime]


async def forget_deliveries(table: TableOf, share: Share) -> int:
    """Drop what waits to be sent, and by which the provider's statuses find the thread."""
    sent = table("sends")
    for head in share.heads:
        for message in share.messages:
            for name in {message.provider_message_id, *message.parts} - {""}:
                partition = digest(head.channel, head.account, name)
                await drop(sent, await sent.range(partition))
    waiting = table("waiting")
    ids = tuple(f"{head.id}-" for head in share.heads)
    rows = await waiting.range(share.partition)
    return await drop(waiting, [row for row in rows if row.key.startswith(ids)])


async def forget_rooms(table: TableOf, clock: Clock, who: Who, share: Share) -> None:
    """Drop a chat's session, a custom channel's conversation and a call, each by its thread."""
    for thread in share.threads:
        await _forget_thread(table, clock, who, thread)
    if share.heads:
        from functions.dataverse.timeline import TABLE, waiting  # noqa: PLC0415

        for head in share.heads:
            row = waiting(head.id)
            await table(TABLE).commit([Op(Write.DELETE, Entity(row.partition, row.key, {}))])


async def forget_customer(table: TableOf, who: Who) -> None:
    """Drop what a chat or a custom channel keeps of a customer who has said nothing yet."""
    if who.channel == "chat":
        from functions.directline.sessions import TABLE, Sessions, lasting  # noqa: PLC0415

        await Sessions(table(TABLE)).erase(who.account, lasting(who.account, who.id))
    elif who.channel == "custom":
        from functions.messaging.customs import TABLE, Customs  # noqa: PLC0415

        await Customs(table(TABLE)).erase_customer(who.account, who.id)


async def forget_blobs(blobs: Blobs, share: Share) -> int:
    """Delete what was sent along."""
    prefixes = [f"{head.id}-" for head in share.heads] + [f"chat/{thread}/" for thread in share.threads]
    names = [name for prefix in prefixes for name in await blobs.names(prefix)]
    for name in names:
        await blobs.delete(name)
    return len(names)


async def _forget_thread(table: TableOf, clock: Clock, who: Who, thread: str) -> None:
    # Each app imports only the rooms of its own channels, and erasing is every app's.
    if who.channel == "voice":
        from functions.voice.erasing import erase_call  # noqa: PLC0415

        await erase_call(table, clock, who.account, thread)
    elif who.channel == "chat":
        from functions.directline.sessions import TABLE, Sessions  # noqa: PLC0415

        await Sessions(table(TABLE)).erase(who.account, thread)
    elif who.channel == "custom":
        from functions.messaging.customs import TABLE, Customs  # noqa: PLC0415

        await Customs(table(TABLE)).erase(who.account, thread)
