"""Routed messages a second through `Router.route` with real tables, and how many table calls each costs.

The client of Table Storage is most of the work, so the calls per message decide; the baseline is the least
that keeping a message can cost: one insert each with the bare SDK.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from azure.data.tables.aio import TableClient, TableServiceClient
from rich.table import Table as Shown

from bench import report, samples
from bench.router import azurite, make_router
from bench.timing import Measure, Rounds, in_turns
from functions.cloud.tables import open_tables
from functions.routing.inbound import Delivery, Router

ROUNDS = 5
SESSIONS = 16  # at the same time
SINGLES, BATCH = 8, 32  # messages of a session in a round


@dataclass(slots=True)
class Way:
    """One way to route: how many messages a call has, and whether their conversations are there."""

    name: str
    router: Router
    calls: Counter[str]
    numbers: Iterator[int]
    size: int
    each: int  # calls of a session in a round
    known: bool = True
    spent: list[float] = field(default_factory=list)  # table calls per message, of each round

    async def measure(self) -> float:
        """Route a round's messages; give messages a second."""
        newcomers = next(self.numbers) * SESSIONS
        sessions = [self._batches(number if self.known else newcomers + number) for number in range(SESSIONS)]
        self.calls.clear()
        rate = await _rate([partial(self._route, batches) for batches in sessions], self.messages)
        self.spent.append(self.calls.total() / self.messages)
        return rate

    @property
    def messages(self) -> int:
        """How many a round has."""
        return SESSIONS * self.each * self.size

    async def _route(self, batches: list[list[Delivery]]) -> None:
        for batch in batches:
            await self.router.route("inbound-sms", batch)

    def _batches(self, customer: int) -> list[list[Delivery]]:
        return [[self._delivery(customer) for _ in range(self.size)] for _ in range(self.each)]

    def _delivery(self, customer: int) -> Delivery:
        sample = samples.sms(next(self.numbers), customer)
        (item,) = sample.adapter.parse(sample.request, sample.account)
        return Delivery(item.id, item.session, item.json_text(), 1)


async def tables() -> list[Shown]:
    """Measure and tell."""
    async with azurite() as connection:
        calls: Counter[str] = Counter()
        opened = open_tables(connection)
        async with TableServiceClient.from_connection_string(connection) as service:
            bare = await service.create_table("bare")
            router, numbers = await make_router(opened, calls), count(10_000)
            ways = [
                Way("one message a call", router, calls, numbers, 1, SINGLES),
                Way(f"{BATCH} messages a call", router, calls, numbers, BATCH, 1),
                Way("first message of a customer", router, calls, numbers, 1, 1, known=False),
            ]
            measures: list[Measure] = [_inserts(bare), *(way.measure for way in ways)]
            await in_turns(measures, 1)  # opens the conversations
            rounds = await in_turns(measures, ROUNDS)
        await opened.close()
    return [_shown(ways, rounds)]


def _shown(ways: list[Way], rounds: Rounds) -> Shown:
    shown = report.table(
        f"Routing, {SESSIONS} threads at a time, Azurite",
        "way",
        "messages/s",
        "table calls a message",
        "beside bare inserts",
        note="over 1 ×: faster than one bare insert_entity per message",
    )
    shown.add_row(
        "bare SDK: one insert_entity a message", report.whole(rounds.median(0)), "1", report.times(1)
    )
    for place, way in enumerate(ways, 1):
        rate, spent = report.whole(rounds.median(place)), f"{sorted(way.spent)[len(way.spent) // 2]:.2f}"
        shown.add_row(f"Router.route, {way.name}", rate, spent, report.times(rounds.ratio(place, 0)))
    return shown


def _inserts(table: TableClient) -> Measure:
    numbers = count()
    sample = samples.sms(1, 1)
    (item,) = sample.adapter.parse(sample.request, sample.account)
    body = item.json_text()

    async def session(partition: str) -> None:
        for _ in range(SINGLES):
            row = {"PartitionKey": partition, "RowKey": f"{next(numbers):012d}", "json": body}
            await table.create_entity(row)

    async def measure() -> float:
        jobs = [partial(session, str(number)) for number in range(SESSIONS)]
        return await _rate(jobs, SESSIONS * SINGLES)

    return measure


async def _rate(jobs: Sequence[Callable[[], Awaitable[None]]], messages: int) -> float:
    started = time.perf_counter()
    await asyncio.gather(*(job() for job in jobs))
    return messages / (time.perf_counter() - started)
