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

ROOT = Path(__file__).parent.parent
ROUNDS = 7
NOTHING = "pass"
APP = "import function_app"
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
    return [shown]


def _process(statement: str) -> Measure:
    async def measure() -> float:
        started = time.perf_counter()
        # Not asyncio's: its child watcher would be timed too, and nothing else has to run meanwhile.
        subprocess.run(  # noqa: ASYNC221
            [sys.executable, "-c", statement], cwd=ROOT, env={**os.environ, **SETTINGS}, check=True
        )
        return time.perf_counter() - started

    return measure
