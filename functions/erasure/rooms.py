"""What other rooms keep of a customer's conversations: rows by the thread, the message or the call."""

from collections.abc import Callable

from functions.erasure.threads import Share, drop
from functions.message import digest
from functions.ports import Blobs, Entity, Op, Table, Write

TableOf = Callable[[str], Table]
TIMED = {"callwatch": 16, "callsdue": 16}  # over how many partitions the timers' rows are spread
CLOSED = 4  # the same of the notes for Dataverse


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


async def forget_rooms(table: TableOf, account: str, share: Share) -> None:
    """Drop a chat's session, a custom channel's conversation and a call, each by its thread."""
    for thread in share.threads:
        for name, partition in (
            ("chats", digest(account, thread)),
            ("customs", digest(account, "conversation", thread)),
            ("calls", digest("call", thread)),
        ):
            await _empty(table(name), partition)
        await _drop_where(table("customs"), digest(account, "open", thread[-1:]), thread)
        names = table("callnames")
        rows = await names.range(digest("callnames", account))
        newest = digest("newest", thread)
        await drop(names, [row for row in rows if row.values.get("call") == thread or row.key == newest])
        for timed, parts in TIMED.items():
            for part in range(parts):
                key = Entity(f"{part:02x}", thread, {})
                await table(timed).commit([Op(Write.DELETE, key)])
    for head in share.heads:
        for part in range(CLOSED):
            await table("timeline").commit([Op(Write.DELETE, Entity(f"closed:{part}", head.id, {}))])


async def forget_customer(table: TableOf, account: str, customer: str) -> None:
    """Drop by which a custom channel finds a customer's latest conversation."""
    await _empty(table("customs"), digest(account, "customer", customer))


async def forget_blobs(blobs: Blobs, share: Share) -> int:
    """Delete what was sent along."""
    prefixes = [f"{head.id}-" for head in share.heads] + [f"chat/{thread}/" for thread in share.threads]
    names = [name for prefix in prefixes for name in await blobs.names(prefix)]
    for name in names:
        await blobs.delete(name)
    return len(names)


async def _empty(table: Table, partition: str) -> None:
    await drop(table, await table.range(partition))


async def _drop_where(table: Table, partition: str, ending: str) -> None:
    await drop(table, [row for row in await table.range(partition) if row.key.endswith(ending)])
