"""Webhooks of the whole platform: verified, parsed, and answered when the queue has them on disk.

Beside the same functions host with a function that does nothing, and bare aiohttp. The platform routes
what came in the same process and at the same time, so its figure is that of an app under full work.
"""

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from rich.table import Table

from bench import report, samples
from bench.load import CONNECTIONS, Load, load, request
from bench.platform import THREADS, Stored, platform
from bench.timing import Measure, Rounds, in_turns
from local.child import Child
from local.desk import Desk

ROUNDS = 5
WEBHOOKS, NOTHINGS = 640, 4000  # requests a round
NOOP = Path(__file__).parent / "noop"


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
    """The platform: every request is another SMS, signed as Twilio signs."""

    def __init__(self, url: str, stored: Stored) -> None:
        super().__init__("SMS webhook → Service Bus, routed meanwhile", url)
        self._stored = stored
        self._sent = 0
        self.whole: list[float] = []  # messages a second, from the first POST to the last one stored

    async def measure(self) -> float:
        """Send a round and wait until all of it is in conversations; give requests answered a second."""
        requests = [self._request(self._sent + number) for number in range(WEBHOOKS)]
        self._sent += WEBHOOKS
        started = time.perf_counter()
        self.loads.append(await load(self.port, requests))
        await self._stored.wait(self._sent)
        self.whole.append(WEBHOOKS / (time.perf_counter() - started))
        return self.loads[-1].per_second

    def _request(self, number: int) -> bytes:
        sample = samples.sms(number, number % THREADS, self.url)
        return request(sample.request.url, sample.request.headers, sample.request.body)


async def tables() -> list[Table]:
    """Measure and tell."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(platform())
        desk = await stack.enter_async_context(Desk(running.url, running.issuer.token("Agent", "bench")))
        webhooks = Webhooks(running.url, Stored(desk))
        log = stack.enter_context((running.data / "noop.log").open("wb"))
        noop = Child("local.host", "--app", str(NOOP), "--port", "0")
        stack.push_async_callback(noop.stop)
        bare = Child("bench.bare")
        stack.push_async_callback(bare.stop)
        contestants = [
            webhooks,
            Contestant("the same host, no-op function", f"http://127.0.0.1:{await noop.start(log)}/api/noop"),
            Contestant("bare aiohttp", f"http://127.0.0.1:{await bare.start()}/"),
        ]
        measures: list[Measure] = [each.measure for each in contestants]
        await in_turns(measures, 1)  # links, tables and conversations are made once
        for each in contestants:
            each.loads.clear()
        webhooks.whole.clear()
        return [_shown(contestants, webhooks, await in_turns(measures, ROUNDS))]


def _shown(contestants: list[Contestant], webhooks: Webhooks, rounds: Rounds) -> Table:
    shown = report.table(
        f"Webhooks, {CONNECTIONS} connections",
        "server",
        "requests/s",
        "median",
        "95 %",
        "beside the no-op",
        note=f"webhook to conversation, under this load: {report.whole(median(webhooks.whole))} messages/s "
        f"from the first POST until the last of {WEBHOOKS} is stored ({THREADS} customers)",
    )
    for place, each in enumerate(contestants):
        shown.add_row(
            *(each.name, report.whole(rounds.median(place)), each.latency(50), each.latency(95)),
            report.times(rounds.ratio(place, 1)),
        )
    return shown
