"""Asks for the fetching of what a batch brought, when the batch is stored.

The routing function asks after its transaction. When it is cut off in between, its batch comes again, all
duplicates: then the messages that they became are read, and what nobody has fetched is asked for again.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from functions.channels import adapter
from functions.channels.contract import MediaSource
from functions.conversations.model import StoredMessage
from functions.conversations.opening import Received
from functions.conversations.threads import Threads
from functions.errors import Conflict, NotFound
from functions.intake.outbox import Outbox
from functions.media.jobs import QUEUE, Job, blob_names, envelope, to_fetch, to_tidy
from functions.message import Attachment, Inbound, Kind

REPLACING = frozenset({Kind.EDIT, Kind.DELETE})


class MediaRequests:
    """Puts jobs on the media queue."""

    def __init__(self, threads: Threads, outbox: Outbox, clock: Callable[[], datetime]) -> None:
        self._threads = threads
        self._outbox = outbox
        self._clock = clock

    async def request(self, items: Sequence[Inbound], received: Received) -> None:
        """Ask for what a batch of one session needs; raises Unavailable when it cannot be kept."""
        first = items[0]
        if not has_media(first.channel, first.provider):
            return
        jobs = [job for message in received.stored for job in to_fetch(message, first.channel, first.account)]
        for before, after in received.changed:
            jobs += _changed(before, after, first)
        for message in await self._repeated(items, received):
            jobs += to_fetch(message, first.channel, first.account)
            if message.edited_at or message.deleted_at:
                jobs.append(to_tidy(message, first.channel, first.account))
        await self._outbox.send(QUEUE, [envelope(job) for job in jobs])

    async def again(self, message: StoredMessage, index: int) -> StoredMessage:
        """Ask once more for one attachment, as an agent wishes; its error is forgotten.

        Raises NotFound when there is none, and Conflict when it is there already or no copy can be had.
        """
        if not 0 <= index < len(message.attachments):
            raise NotFound("the message has no such attachment")
        found, name = message.attachments[index], blob_names(message).get(index)
        head = await self._threads.conversation(message.conversation)
        if found.blob:
            raise Conflict("the attachment has been fetched already")
        if name is None or not has_media(head.channel, head.provider):
            raise Conflict("attachments of this kind are not fetched")
        changed = await self._threads.change_attachment(message.id, index, found.url, _forgiven)
        if changed is None:
            raise NotFound("the message has no such attachment")
        job = Job(channel=head.channel, account=head.account, message=message.id, index=index, blob=name)
        await self._outbox.send(QUEUE, [envelope(job, self._clock().isoformat())])
        return changed

    async def _repeated(self, items: Sequence[Inbound], received: Received) -> list[StoredMessage]:
        known = {message.id for message in received.stored}
        wanted = dict.fromkeys(
            received.repeated.get(item.id, "") for item in items if item.attachments or item.kind in REPLACING
        )
        return [await self._threads.message(one) for one in wanted if one and one not in known]


def has_media(channel: str, provider: str) -> bool:
    """Tell whether the attachments of a channel can be fetched."""
    try:
        return isinstance(adapter(channel, provider), MediaSource)
    except NotFound:
        return False


def _changed(before: StoredMessage, after: StoredMessage, item: Inbound) -> Iterator[Job]:
    kept, had = set(blob_names(after).values()), set(blob_names(before).values())
    if kept - had:
        yield from to_fetch(after, item.channel, item.account)
    if had - kept:
        yield to_tidy(after, item.channel, item.account)


def _forgiven(attachment: Attachment) -> Attachment:
    return attachment.model_copy(update={"error": ""})
