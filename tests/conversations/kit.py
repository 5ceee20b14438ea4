"""What the tests of conversations share: items, openings, and a table that counts its calls."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.conversations.indexes import Indexes
from functions.conversations.model import AutoClose, Customer, Decision, Link, Relation, Verdict
from functions.conversations.opening import Opening, Received
from functions.conversations.threads import Threads
from functions.message import Address, Delivery, Inbound, Kind, Outbound, Receipt
from functions.ports import Entity, Op, Table

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
CONTACT = Link(entity="contact", id="c1", name="Aino", relation=Relation.CUSTOMER)


def inbound(event: str, kind: Kind = Kind.MESSAGE, **more: Any) -> Inbound:
    given: dict[str, Any] = {
        "channel": "sms",
        "provider": "twilio",
        "account": "main",
        "thread": "+358401",
        "text": f"text of {event}" if kind is Kind.MESSAGE else "",
        "received_at": NOON,
        "sender": Address(id="+358401", name="Aino"),
    }
    return Inbound(event=event, kind=kind, **(given | more))


def receipt(event: str, state: Delivery, message: str = "", **more: Any) -> Inbound:
    news = Receipt(state=state, message=message, **more)
    return inbound(event, Kind.RECEIPT, receipt=news)


def opening(workstream: str = "care", links: tuple[Link, ...] = ()) -> Opening:
    decision = Decision(
        workstream=workstream,
        agent_queue="agents",
        configuration=3,
        verdicts=(Verdict(rule="all", matched=True, operands=("channel equals 'sms': true",)),),
    )
    return Opening(
        customer=Customer(id="+358401", name="Aino"),
        workstream=workstream,
        agent_queue="agents",
        decision=decision,
        links=links,
    )


def auto_close(_: str) -> AutoClose:
    return AutoClose()


@dataclass
class Counting:
    """A real table, and how often it was called."""

    table: Table
    reads: int = 0
    commits: list[int] = field(default_factory=list)

    async def get(self, partition: str, key: str) -> Entity | None:
        self.reads += 1
        return await self.table.get(partition, key)

    async def range(
        self, partition: str, start: str = "", end: str = "\uffff", limit: int | None = None
    ) -> list[Entity]:
        self.reads += 1
        return await self.table.range(partition, start, end, limit)

    async def commit(self, ops: Sequence[Op]) -> None:
        self.commits.append(len(ops))
        await self.table.commit(ops)

    def taken(self) -> tuple[int, int]:
        """Give reads and commits since the last time."""
        counted = self.reads, len(self.commits)
        self.reads = 0
        self.commits.clear()
        return counted


@dataclass
class World:
    """Threads over real tables, with a clock of the test's own."""

    tables: dict[str, Counting]
    thread: str
    now: datetime = NOON
    opened: list[Inbound] = field(default_factory=list)
    opening: Opening = field(default_factory=opening)
    sent: list[Outbound] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.threads = self.another()

    def another(self) -> Threads:
        """Another instance of the app over the same tables."""
        parts = self.tables
        indexes = Indexes(parts["inbox"], parts["records"], parts["due"], lambda: self.now)
        return Threads(parts["threads"], indexes, lambda: self.now)

    def item(self, event: str, kind: Kind = Kind.MESSAGE, **more: Any) -> Inbound:
        """An item of this world's own thread, received now."""
        return inbound(event, kind, **({"thread": self.thread, "received_at": self.now} | more))

    def receipt(self, event: str, state: Delivery, message: str = "", **more: Any) -> Inbound:
        """A receipt in this world's own thread."""
        given = receipt(event, state, message, **more)
        return given.model_copy(update={"thread": self.thread, "received_at": self.now})

    async def receive(self, *items: Inbound) -> Received:
        """Receive a batch."""
        return await self.threads.receive(items, self._open, auto_close)

    async def _open(self, item: Inbound) -> Opening:
        self.opened.append(item)
        return self.opening

    async def close_idle(self, threads: Threads | None = None) -> int:
        """Let the timer run; what it sends to customers is kept."""
        return await (threads or self.threads).close_idle(self.now, self._send)

    async def _send(self, news: Outbound) -> None:
        self.sent.append(news)

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)

    def goes_to(self, workstream: str) -> None:
        """Let routing choose a workstream."""
        decision = self.opening.decision.model_copy(update={"workstream": workstream})
        self.opening = replace(self.opening, workstream=workstream, decision=decision)
