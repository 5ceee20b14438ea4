"""Reconciling: what changed in the configured tables since the last time goes where webhooks' changes go.

https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems.
Where a table's changes are tracked, a delta link names them, deletions too; else rows are asked for by
`modifiedon`, and deletions are not seen. Each row is an item on `inbound-records`, in its record's order:
what a webhook told already is no news there. The first pass reads all rows, and they become nobody's work.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.channels.records.change import RecordChange, record_item
from functions.configuration.document import Document
from functions.dataverse.changes import MODIFIED, change_of, columns, deletion_of, has_id
from functions.dataverse.client import Page, Refused, Row
from functions.dataverse.environments import CHANNEL, Environments, LiveOf, Reached
from functions.dataverse.marks import Mark, Marks
from functions.dataverse.odata import Op, Query, compared
from functions.dataverse.shapes import Shape
from functions.errors import Forbidden, MonikanavaError, Unavailable
from functions.intake.envelope import inbound_envelope
from functions.intake.outbox import Outbox
from functions.message import Inbound, digest
from functions.providers.payload import text

OVERLAP = timedelta(minutes=5)  # clocks differ, and what was being written is not seen yet
SECONDS = 200.0  # of one run: below the function's time limit, the next one goes on
QUEUE = f"inbound-{CHANNEL}"
log = logging.getLogger("monikanava.dataverse")


@dataclass(frozen=True, slots=True)
class Part:
    """One table of one environment."""

    where: Reached
    shape: Shape
    select: tuple[str, ...]

    @property
    def name(self) -> tuple[str, str]:
        """Whose mark it has."""
        return self.where.account.id, self.shape.entity


class Reconciler:
    """Safe to run twice at once: the same row at the same version is the same item."""

    def __init__(
        self,
        environments: Environments,
        live: LiveOf,
        marks: Marks,
        outbox: Outbox,
        clock: Callable[[], datetime],
    ) -> None:
        self._environments = environments
        self._live = live
        self._marks = marks
        self._outbox = outbox
        self._clock = clock

    async def run(self) -> int:
        """Go on with every table for at most 200 seconds; give how many rows were told.

        Environments do not wait for each other.
        """
        deadline = asyncio.get_running_loop().time() + SECONDS

        def late() -> bool:
            return asyncio.get_running_loop().time() > deadline

        those = await self._environments.those(lambda settings: settings.reconcile)
        return sum(await asyncio.gather(*(self._environment(reached, late) for reached in those)))

    async def _environment(self, where: Reached, late: Callable[[], bool]) -> int:
        """Go on with its tables; one environment that is down holds up no other."""
        told = 0
        try:
            for entity in where.account.settings.reconcile:
                told += await self._table(where, entity, late)
        except Unavailable as down:
            log.warning("reconciled no further: account=%s: %s", where.account.id, down.reason)
        return told

    async def _table(self, where: Reached, entity: str, late: Callable[[], bool]) -> int:
        told = 0
        try:
            part = await self._part(where, entity)
            mark = await self._begun(part)
            while not late():
                page = await self._page(part, mark)
                told += await self._tell(part, page, mark.since)
                mark = _after(mark, page)
                await self._marks.set(*part.name, mark)
                if not page.next:
                    break
        except Unavailable:
            raise
        except MonikanavaError as refused:
            # One table that may not be read holds up no other.
            log.warning("not reconciled: account=%s table=%s: %s", where.account.id, entity, refused.reason)
        log.info("reconciled: account=%s table=%s rows=%d", where.account.id, entity, told)
        return told

    async def _part(self, where: Reached, entity: str) -> Part:
        document: Document = (await self._live()).document
        shape = await where.shapes.of(entity)
        return Part(where, shape, columns(shape, document.record_table(entity)))

    async def _begun(self, part: Part) -> Mark:
        mark, asked = await self._marks.get(*part.name), digest(*part.select)
        if mark.shape != asked:
            return Mark(since=mark.since, started=self._clock(), shape=asked)
        return mark if mark.started else mark.model_copy(update={"started": self._clock()})

    async def _page(self, part: Part, mark: Mark) -> Page:
        tracked = part.shape.tracked
        if not mark.link:
            return await part.where.client.page(_first(part, mark), tracked=tracked)
        try:
            return await part.where.client.page(mark.link, tracked=tracked)
        except (Refused, Forbidden):
            log.warning("the link has ended: account=%s table=%s", *part.name)
            await self._marks.set(*part.name, mark.model_copy(update={"link": "", "started": None}))
            raise

    async def _tell(self, part: Part, page: Page, since: datetime | None) -> int:
        items = list(self._items(part, page, since))
        await self._outbox.send(QUEUE, [inbound_envelope(item) for item in items])
        return len(items)

    def _items(self, part: Part, page: Page, since: datetime | None) -> Iterator[Inbound]:
        account, now = part.where.account, self._clock()
        for row in page.rows:
            if deletion := deletion_of(row, part.shape):
                yield record_item(deletion, account, digest(deletion.id, "deleted", page.delta), now)
            elif has_id(row, part.shape):
                change = self._guarded(part, change_of(row, part.shape, since), row, since)
                yield record_item(change, account, _version(row, change), now)

    def _guarded(self, part: Part, change: RecordChange, row: Row, since: datetime | None) -> RecordChange:
        """Mark what is nobody's work: all of the first pass, what is old, and our own doing."""
        ours = bool(change.user) and change.user == part.where.account.settings.application_user
        old = since is None or change.at is None or change.at < since
        return change.model_copy(update={"passive": ours or old})


def _first(part: Part, mark: Mark) -> str:
    if part.shape.tracked or mark.since is None:
        return Query(part.select).address(part.shape.collection)
    recent = compared(MODIFIED, Op.GREATER_OR_EQUAL, mark.since)
    return Query(part.select, recent, (MODIFIED, part.shape.key)).address(part.shape.collection)


def _after(mark: Mark, page: Page) -> Mark:
    if page.next:
        return mark.model_copy(update={"link": page.next})
    since = mark.started - OVERLAP if mark.started else None
    return Mark(link=page.delta, since=since, shape=mark.shape)


def _version(row: Row, change: RecordChange) -> str:
    return digest(change.entity, change.id, text(dict(row), "@odata.etag") or str(change.at))
