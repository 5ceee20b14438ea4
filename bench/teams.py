"""Activities of Teams: token checked, read, and answered when the queue has them on disk.

Beside the M365 Agents SDK's aiohttp host, which checks the token, reads the activity and hands it to an agent
that does nothing, so it keeps nothing; and beside the same functions host with a function that does nothing.
"""

from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import yaml
from rich.table import Table

from bench import report, samples
from bench.load import CONNECTIONS, load, request
from bench.platform import platform
from bench.timing import in_turns
from bench.webhook import APPS, Contestant
from functions.settings import BUS_CONNECTION
from local.child import ROOT, Child
from local.filling import filled
from local.platform import Platform
from local.servicebus.launch import ServiceBus
from local.simulators.compose import compose

ACCOUNT = "teams-botframework"
ACTIVITIES, ROUNDS = 640, 5
NOOP = 2  # its place among the contestants


class Activities(Contestant):
    """A server that takes activities: each another one, from one of many people."""

    def __init__(self, name: str, url: str, settings: dict[str, Any]) -> None:
        super().__init__(name, url)
        self._settings = settings
        self._numbers = count()

    async def measure(self) -> float:
        """Send a round; give activities answered a second."""
        requests = [self._request(next(self._numbers)) for _ in range(ACTIVITIES)]
        self.loads.append(await load(self.port, requests))
        return self.loads[-1].per_second

    def _request(self, number: int) -> bytes:
        signed = compose(
            *("teams", "botframework", self._settings, self.url),
            text=samples.TEXT,
            sender=f"29:{number % 64}",
            id=str(1_700_000_000_000 + number),
        )
        return request(self.url, signed.headers, signed.body)


async def tables() -> list[Table]:
    """Measure and tell."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(platform())
        contestants = await _contestants(running, stack)
        await in_turns([each.measure for each in contestants], 1)
        for each in contestants:
            each.loads.clear()
        rounds = await in_turns([each.measure for each in contestants], ROUNDS)
    shown = report.table(
        f"Activities of Teams, {CONNECTIONS} connections",
        *("server", "activities/s", "median", "95 %", "beside the Agents SDK", "beside the no-op"),
    )
    for place, each in enumerate(contestants):
        shown.add_row(
            *(each.name, report.whole(rounds.median(place)), each.latency(50), each.latency(95)),
            *(report.times(rounds.ratio(place, other)) for other in (1, NOOP)),
        )
    return [shown]


async def _contestants(running: Platform, stack: AsyncExitStack) -> list[Contestant]:
    log = stack.enter_context((running.data / "bench.log").open("wb"))
    unread = ServiceBus(ROOT / "local" / "servicebus.json", running.data / "unread")
    await stack.enter_async_context(unread)
    environment = {**running.environment(), BUS_CONNECTION: unread.connection_string}
    document = filled(samples.CONFIGURATION.read_text(), running.simulators_url, running.data)
    accounts = yaml.safe_load(document)["accounts"]
    settings = next(one["settings"] for one in accounts if one["id"] == ACCOUNT)

    async def start(child: Child) -> str:
        stack.push_async_callback(child.stop)
        return f"http://127.0.0.1:{await child.start(log)}/api"

    def host(app: str) -> Child:
        return Child("local.host", "--app", str(APPS / app), "--port", "0", environment=environment)

    ours, theirs = await start(host("webhook")), await start(_agents(settings))
    return [
        Activities(
            "Teams webhook → Service Bus; nobody routes", f"{ours}/channels/teams/{ACCOUNT}", settings
        ),
        Activities("M365 Agents SDK, an agent that does nothing", f"{theirs}/messages", settings),
        Contestant("no-op function, same host", f"{await start(host('noop'))}/noop"),
    ]


def _agents(settings: dict[str, Any]) -> Child:
    return Child("bench.agents", settings["keysUrl"], settings["appId"])
