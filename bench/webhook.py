"""Webhooks: verified, parsed, and answered when the queue has them on disk.

Beside the same functions host with a function that does nothing, and bare aiohttp. Two lines: the whole app
in one process, which routes what came while more comes; and the webhook alone, with a queue that nobody
reads, as Azure's Flex Consumption plan would scale it apart from routing.
"""

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from rich.table import Table

from bench import report, samples
from bench.load import CONNECTIONS, Load, load, request
from bench.platform import THREADS, Stored, platform
from bench.timing import Rounds, in_turns
from functions.settings import BUS_CONNECTION
from local.child import ROOT, Child
from local.desk import Desk
from local.platform import Platform
from local.servicebus.launch import ServiceBus

ROUNDS = 5
WEBHOOKS, NOTHINGS = 1280, 4000  # requests a round
WARM_ROUNDS = 1  # links, tables and conversations are made once
APPS = Path(__file__).parent / "apps"
NOOP = 2  # its place among the contestants


@dataclass(slots=True)
class Contestant:
    """A server under load: the figures of its rounds."""

    name: str
    url: str
    loads: list[Load] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.url).port or 80

    async def measure(self) -> float:
        """Send the same small POST again and again; give requests a second."""
        body = samples.sms(1, 1).request.body
        again = request(self.url, {"Content-Type": "application/x-www-form-urlencoded"}, body)
        self.loads.append(await load(self.port, [again] * NOTHINGS))
        return self.loads[-1].per_second

    def latency(self, percent: int) -> str:
        """Give the latency that so many percent did not exceed, the middle of the rounds'."""
        return report.millis(median(each.percentile(percent) for each in self.loads))


class Webhooks(Contestant):
    """Our webhook: every request is another SMS, signed as Twilio signs for `origin`."""

    def __init__(self, name: str, url: str, origin: str) -> None:
        super().__init__(name, url)
        self._origin = origin
        self._numbers = count()
        self.sent = 0

    async def measure(self) -> float:
        """Send a round; give requests answered a second."""
        requests = [self._request(next(self._numbers)) for _ in range(WEBHOOKS)]
        self.loads.append(await load(self.port, requests))
        self.sent += WEBHOOKS
        return self.loads[-1].per_second

    def _request(self, number: int) -> bytes:
        sample = samples.sms(number, number % THREADS, self._origin)
        return request(sample.request.url, sample.request.headers, sample.request.body)


class WholeApp(Webhooks):
    """The platform; a round ends when its last message is in a conversation."""

    def __init__(self, name: str, url: str, stored: Stored) -> None:
        super().__init__(name, url, url)
        self._stored = stored
        self.routed: list[float] = []  # messages a second, from the first POST to the last one stored

    async def measure(self) -> float:
        """Send a round and wait; give requests answered a second."""
        started = time.perf_counter()
        answered = await super().measure()
        await self._stored.wait(self.sent)
        self.routed.append(WEBHOOKS / (time.perf_counter() - started))
        return answered


async def tables() -> list[Table]:
    """Measure and tell."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(platform())
        desk = await stack.enter_async_context(Desk(running.url, running.issuer.token("Agent", "bench")))
        contestants = await _contestants(running, Stored(desk), stack)
        await in_turns([each.measure for each in contestants], WARM_ROUNDS)
        for each in contestants:
            each.loads.clear()
        return [_shown(contestants, await in_turns([each.measure for each in contestants], ROUNDS))]


async def _contestants(running: Platform, stored: Stored, stack: AsyncExitStack) -> list[Contestant]:
    log = stack.enter_context((running.data / "bench.log").open("wb"))
    unread = ServiceBus(ROOT / "local" / "servicebus.json", running.data / "unread")
    await stack.enter_async_context(unread)
    environment = {**running.environment(), BUS_CONNECTION: unread.connection_string}

    async def start(child: Child) -> str:
        stack.push_async_callback(child.stop)
        return f"http://127.0.0.1:{await child.start(log)}"

    def host(app: str) -> Child:
        return Child("local.host", "--app", str(APPS / app), "--port", "0", environment=environment)

    return [
        WholeApp("SMS webhook → Service Bus; whole app, routing too", running.url, stored),
        Webhooks("SMS webhook → Service Bus; nobody routes", await start(host("webhook")), running.url),
        Contestant("no-op function, same host", f"{await start(host('noop'))}/api/noop"),
        Contestant("bare aiohttp", f"{await start(Child('bench.bare'))}/"),
    ]


def _shown(contestants: list[Contestant], rounds: Rounds) -> Table:
    routed = next(each.routed for each in contestants if isinstance(each, WholeApp))
    shown = report.table(
        f"Webhooks, {CONNECTIONS} connections",
        "server",
        "requests/s",
        "median",
        "95 %",
        "beside the no-op",
        note=f"webhook to conversation, whole app: {report.whole(median(routed))} messages/s, from the first "
        f"POST until the last of {WEBHOOKS} is stored ({THREADS} customers)",
    )
    for place, each in enumerate(contestants):
        shown.add_row(
            *(each.name, report.whole(rounds.median(place)), each.latency(50), each.latency(95)),
            report.times(rounds.ratio(place, NOOP)),
        )
    return shown
