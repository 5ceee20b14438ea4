"""The configuration in force on this instance: polled, cached, applied.

every 2 s at most:  current ── same version? ── yes: go on with what is cached
                                              └─ no: read, compile, swap
the table is down, or the new text cannot be read here: go on with the last good one
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from functions.configuration.changes import Change, diff
from functions.configuration.check import read, validate
from functions.configuration.document import Document, Record
from functions.configuration.live import Callback, Live
from functions.configuration.versions import Head, Versions
from functions.errors import Conflict, MonikanavaError, Unavailable
from functions.message import Model
from functions.ports import Secrets, Table

__all__ = ["Applied", "Configurations", "Live"]

POLLED = timedelta(seconds=2)
AT_ONCE = 16  # records that are imported side by side
ImportRecord = Callable[[Record], Awaitable[object]]
log = logging.getLogger("monikanava.configuration")


class Applied(Model):
    """What an `apply` did: the version in force, and what it changed; nothing for the same text again."""

    version: int
    changes: tuple[Change, ...]


class Configurations:
    """The configuration's versions, and the live one.

    `import_record` is called for every record of a document that is applied.
    """

    def __init__(
        self,
        table: Table,
        secrets: Secrets,
        clock: Callable[[], datetime],
        callback: Callback,
        import_record: ImportRecord | None = None,
    ) -> None:
        self._versions = Versions(table)
        self._secrets = secrets
        self._clock = clock
        self._callback = callback
        self._import = import_record
        self._live: Live | None = None
        self._fresh_until: datetime | None = None
        self._polling = asyncio.Lock()

    async def current(self) -> Live:
        """Give the version in force, at most two seconds late.

        Raises Unavailable only when nothing was ever loaded and the table does not answer.
        """
        if self._live and (self._fresh() or self._polling.locked()):
            return self._live
        async with self._polling:
            if self._live is None or not self._fresh():
                self._live = await self._polled(self._live)
                self._fresh_until = self._clock() + POLLED
            return self._live

    def default_region(self) -> str:
        """Give the live document's region of phone numbers; the usual one before anything was loaded."""
        return (self._live.document if self._live else Document()).default_region

    async def text(self, version: int) -> str:
        """Read the text of any version that was ever applied; raises NotFound. It may hold secrets."""
        return await self._versions.text(version)

    async def apply(self, text: str, author: str, expected: int | None = None) -> Applied:
        """Check a text, put it in force, and import its records.

        Raises InvalidDocument with all problems, TooLarge, and Conflict when another version was applied
        meanwhile or `expected` is not the one in force. After Unavailable, apply the same text again: what is
        in force already is not applied twice, but its records are imported again.
        """
        document = await asyncio.to_thread(validate, text)
        head = await self._versions.head()
        if expected is not None and expected != head.version:
            raise Conflict(f"version {head.version} is in force, and not {expected}")
        former = await self._versions.text(head.version) if head.version else ""
        changes = tuple(diff(await self._former(former), document))
        if text != former:
            head = Head(await self._versions.append(head, text, author, self._clock()))
            log.info("configuration applied: version=%d changes=%d", head.version, len(changes))
        live = await asyncio.to_thread(self._compiled, head.version, document)
        async with self._polling:  # a poll that began before must not bring the former version back
            self._live, self._fresh_until = live, self._clock() + POLLED
        await self._import_records(document)
        return Applied(version=head.version, changes=changes)

    def _fresh(self) -> bool:
        return self._fresh_until is not None and self._clock() < self._fresh_until

    async def _polled(self, known: Live | None) -> Live:
        try:
            head = await self._versions.head()
            if known and known.version == head.version:
                return known
            return await self._loaded(head.version)
        except Exception as error:
            # Whatever it is, work goes on: a version of ours may not understand what a newer one applied.
            if known is None:
                raise Unavailable("the configuration cannot be loaded") from error
            log.warning("configuration kept: version=%d error=%s", known.version, type(error).__name__)
            return known

    async def _loaded(self, version: int) -> Live:
        if not version:
            return self._compiled(0, Document())
        text = await self._versions.text(version)
        live = await asyncio.to_thread(self._read, version, text)
        log.info("configuration loaded: version=%d accounts=%d", version, len(live.document.accounts))
        return live

    async def _former(self, text: str) -> Document:
        """What this version of ours cannot read any more is compared as if it were empty."""
        try:
            return await asyncio.to_thread(read, text) if text else Document()
        except MonikanavaError:
            return Document()

    def _read(self, version: int, text: str) -> Live:
        return self._compiled(version, read(text))

    def _compiled(self, version: int, document: Document) -> Live:
        return Live(version, document, self._secrets, self._clock, self._callback)

    async def _import_records(self, document: Document) -> None:
        if self._import:
            for at in range(0, len(document.records), AT_ONCE):
                await asyncio.gather(*map(self._import, document.records[at : at + AT_ONCE]))
