"""The media function: one attachment, from its provider into Blob storage, once in effect.

    message ─▶ has it still? ─▶ download ─▶ sniff ─▶ blob ─▶ the message's row
                 │ no                                          │ has it no more
                 └───────────────▶ delete the blob ◀───────────┘

The row has the last word: an attachment whose message was deleted meanwhile leaves nothing behind, and one
that is cut off between blob and row is fetched again into the same blob.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from functions.channels import adapter
from functions.channels.contract import Account, MediaSource
from functions.configuration.store import Configurations
from functions.conversations.threads import Threads
from functions.errors import NotFound, Unavailable
from functions.media.download import Download, Lost, NotNow
from functions.media.jobs import Job, blob_names
from functions.media.sniff import HEAD, content_type
from functions.media.source import Sources, Wanted
from functions.message import Attachment
from functions.patience import Patience
from functions.ports import Blobs
from functions.traces import trace

PAUSES = (1.0, 5.0, 15.0, 30.0, 60.0)  # seconds between tries
PATIENCE = (
    150.0  # seconds of one delivery; a download and a blob may last another minute each, and 300 is all
)
GIVE_UP_AFTER = 9  # deliveries by the queue, each with all the tries above
USUAL = 25_000_000  # bytes
LARGEST = 100_000_000  # bytes; of channels that carry more than the usual
log = logging.getLogger("monikanava.media")


class Fetcher:
    """Does the media queue's jobs. Sleeping is injected, so that tests do not wait."""

    def __init__(
        self,
        threads: Threads,
        configurations: Configurations,
        blobs: Blobs,
        sources: Sources,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._threads = threads
        self._configurations = configurations
        self._blobs = blobs
        self._sources = sources
        self._sleep = sleep

    async def work(self, job: Job, count: int) -> None:
        """Do a job; `count` is 1 at its first delivery. Raises NotNow or Unavailable: it shall come again."""
        patience = Patience(PATIENCE)
        if job.index is None:
            await self._tidy(job, patience)
            return
        message = await patience(lambda: self._threads.message(job.message))
        attachment = job.subject(message)
        if attachment is None:
            await patience(lambda: self._blobs.delete(job.blob))
        elif not attachment.blob and not attachment.error:
            await self._fetch(job, attachment, count, patience)

    async def abandon(self, job: Job, reason: str) -> bool:
        """Note on its attachment that the queue gave up on a job, so that an agent can ask again.

        False when it is about no attachment of a message that we have. Raises Unavailable.
        """
        patience = Patience(PATIENCE)
        try:
            message = await patience(lambda: self._threads.message(job.message))
        except NotFound:
            return False
        attachment = job.subject(message)
        if attachment and not attachment.blob and not attachment.error:
            await self._failed(job, attachment, reason, patience)
        return job.index is not None

    async def _fetch(self, job: Job, attachment: Attachment, count: int, patience: Patience) -> None:
        try:
            await self._copy(job, attachment, patience)
        except Unavailable:
            raise
        except (Lost, NotFound) as lost:
            await self._failed(job, attachment, lost.reason, patience)
        except NotNow as busy:
            if count < GIVE_UP_AFTER:
                raise
            await self._failed(job, attachment, f"given up: {busy.reason}", patience)
        except Exception as mistake:  # ours; the attachment must not stay without a word
            log.error("a fetch broke: message=%s error=%s", job.message, trace(mistake))
            if count < GIVE_UP_AFTER:
                raise NotNow(trace(mistake)) from None
            await self._failed(job, attachment, "given up after an error of ours", patience)

    async def _copy(self, job: Job, attachment: Attachment, patience: Patience) -> None:
        account = await patience(lambda: self._account(job))
        channel = adapter(job.channel, account.provider)
        if not isinstance(channel, MediaSource):
            raise Lost("attachments of this channel are not fetched")
        limit = max(USUAL, min(channel.capabilities.attachments.get(attachment.kind, 0), LARGEST))
        async with AsyncExitStack() as stack:
            wanted = Wanted(channel, account, attachment.url, limit, attachment.size)
            found = await self._until_taken(stack, wanted, patience)
            kind = content_type(
                found.start(HEAD), attachment.content_type or found.headers.get("content-type", "")
            )
            await patience(lambda: self._blobs.put(job.blob, found.file, found.size, kind))
        done = {"blob": job.blob, "content_type": kind, "size": found.size}
        await self._note(job, attachment, done, patience)
        log.info("fetched: message=%s index=%s bytes=%d", job.message, job.index, found.size)

    async def _account(self, job: Job) -> Account[Any]:
        return await (await self._configurations.current()).account(job.channel, job.account)

    async def _until_taken(self, stack: AsyncExitStack, wanted: Wanted, patience: Patience) -> Download:
        """Try until the provider gives it; raises NotNow after too long."""
        for pause in PAUSES:
            try:
                return await stack.enter_async_context(self._sources.open(wanted))
            except NotNow as busy:
                wait = max(pause, busy.retry_after)
                log.warning("not now: account=%s reason=%s wait=%.0f", wanted.account.id, busy.reason, wait)
                if wait > patience.left:
                    raise
            await self._sleep(wait)
        return await stack.enter_async_context(self._sources.open(wanted))

    async def _failed(self, job: Job, attachment: Attachment, reason: str, patience: Patience) -> None:
        log.warning("not fetched: message=%s index=%s reason=%s", job.message, job.index, reason)
        await self._note(job, attachment, {"error": reason}, patience)

    async def _note(
        self, job: Job, attachment: Attachment, what: dict[str, object], patience: Patience
    ) -> None:
        """Write what became of it; when the message has it no more, nothing is kept."""

        def change(found: Attachment) -> Attachment:
            return found.model_copy(update=what)

        index, url = job.index or 0, attachment.url
        if await patience(lambda: self._threads.change_attachment(job.message, index, url, change)) is None:
            await patience(lambda: self._blobs.delete(job.blob))

    async def _tidy(self, job: Job, patience: Patience) -> None:
        message = await patience(lambda: self._threads.message(job.message))
        kept = set(blob_names(message).values())
        for name in await patience(lambda: self._blobs.names(f"{job.message}/")):
            if name not in kept:
                await patience(partial(self._blobs.delete, name))
