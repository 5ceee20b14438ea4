"""What asks Dataverse and writes there; made where such an account is configured, and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.dataverse.environments import Environments, LiveOf
from functions.dataverse.http import Http
from functions.dataverse.lookup import Gaps
from functions.dataverse.marks import Marks
from functions.dataverse.reader import WebApiReader
from functions.dataverse.reconcile import Reconciler
from functions.dataverse.timeline import Timeline
from functions.identity.records import Records
from functions.intake.outbox import Outbox
from functions.ports import Entra, Table
from functions.records.rows import Rows


@dataclass(frozen=True, slots=True)
class Dataverse:
    """The rooms, over the same environments."""

    timeline: Timeline
    gaps: Gaps
    reader: WebApiReader
    reconciler: Reconciler


def open_dataverse(
    table: Callable[[str], Table],
    live: LiveOf,
    entra: Entra,
    records: Records,
    rows: Rows,
    outbox: Outbox,
    clock: Callable[[], datetime],
) -> Dataverse:
    """Wire them; no connection is made yet."""
    environments = Environments(live, Http(), entra, clock)
    return Dataverse(
        timeline=Timeline(table("timeline"), environments),
        gaps=Gaps(environments, live, rows, records, clock),
        reader=WebApiReader(environments),
        reconciler=Reconciler(environments, live, Marks(table("marks")), outbox, clock),
    )
