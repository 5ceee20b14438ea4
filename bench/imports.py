"""How long a cold start imports: the app beside the SDKs that it cannot do without.

Wall time of whole processes, less that of an interpreter which does nothing; the files are in the page
cache and compiled, as in a deployed app whose package was built before.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from rich.table import Table

from bench import report
from bench.timing import Measure, in_turns
from functions.channels import channel_names

ROOT = Path(__file__).parent.parent
ROUNDS = 7
CHANNEL_ROUNDS = 3  # there are many channels, and they differ by little
NOTHING = "pass"
APP = "import function_app"
# What an app of one channel has imported when its first webhook was read.
SERVED = """
import function_app
from functions.channels import CHANNELS, adapter
[adapter(*pair) for pair in CHANNELS if pair[0] == "{}"]
"""
SDKS = "import azure.functions, azure.servicebus.aio, azure.data.tables.aio, aiohttp, pydantic"
SETTINGS = {
    "PUBLIC_BASE_URL": "https://bench.invalid",
    "ServiceBusConnection": "Endpoint=sb://127.0.0.1;SharedAccessKeyName=bench;SharedAccessKey=bench;"
    "UseDevelopmentEmulator=true;",
    "TABLES_CONNECTION_STRING": "UseDevelopmentStorage=true",
    "BLOBS_CONNECTION_STRING": "UseDevelopmentStorage=true",
    "AUTH_ISSUER": "https://bench.invalid",
    "AUTH_AUDIENCE": "bench",
    "AUTH_JWKS_URL": "http://127.0.0.1:1/keys",
}


async def tables() -> list[Table]:
    """Measure and tell."""
    contestants = [_process(statement) for statement in (NOTHING, SDKS, APP)]
    for warm in contestants:
        await warm()
    rounds = await in_turns(contestants, ROUNDS)
    bare, sdks, app = (rounds.median(place) for place in range(3))
    shown = report.table(
        "Import time (cold start)", "import", "time", "beside the SDKs", note="lower is better"
    )
    shown.add_row(
        "bare SDKs: azure.functions, servicebus.aio, tables.aio, aiohttp, pydantic",
        report.millis(sdks - bare),
        report.times(1),
    )
    shown.add_row(
        "function_app, all channels", report.millis(app - bare), report.times((app - bare) / (sdks - bare))
    )
    shown.add_row("python -c pass (taken off both)", report.millis(bare), "")
    return [shown, await _by_channel(bare, sdks)]


async def _by_channel(bare: float, sdks: float) -> Table:
    names = channel_names()
    rounds = await in_turns([_process(SERVED.format(name), name) for name in names], CHANNEL_ROUNDS)
    shown = report.table(
        "Import time of an app with one channel",
        "CHANNELS",
        "time",
        "beside the SDKs",
        note="with all adapters of the channel, as after its first webhook; lower is better",
    )
    for place, name in enumerate(names):
        time_taken = rounds.median(place) - bare
        shown.add_row(name, report.millis(time_taken), report.times(time_taken / (sdks - bare)))
    return shown


def _process(statement: str, channels: str = "") -> Measure:
    async def measure() -> float:
        started = time.perf_counter()
        # Not asyncio's: its child watcher would be timed too, and nothing else has to run meanwhile.
        subprocess.run(  # noqa: ASYNC221
            [sys.executable, "-c", statement],
            cwd=ROOT,
            env={**os.environ, **SETTINGS, "CHANNELS": channels},
            check=True,
        )
        return time.perf_counter() - started

    return measure
