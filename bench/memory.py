"""How much memory a large webhook takes: a Facebook batch of 1,000 items beside `json.loads` of it.

Each is read in a process of its own (`python -m bench.memory app|json < body`): by how much the peak of
its resident size grows from when it holds the body.
"""

import json
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from rich.table import Table

from bench import report
from bench.timing import Measure, in_turns
from functions.channels.contract import Account, Request
from functions.channels.facebook import Facebook, FacebookSettings

ROOT = Path(__file__).parent.parent
ITEMS = 1000
PAGE = "1234567890"
ROUNDS = 7
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = Account(
    id="bench",
    channel="facebook",
    provider="meta",
    callback="https://bench.invalid/api/channels/facebook/bench",
    settings=FacebookSettings(
        page_id=PAGE, app_secret=SecretStr("a"), verify_token=SecretStr("b"), page_token=SecretStr("c")
    ),
)


async def tables() -> list[Table]:
    """Measure and tell."""
    body = batch()

    def growth(way: str) -> Measure:
        async def measure() -> float:
            return float(_child(way, body))

        return measure

    rounds = await in_turns([growth("json"), growth("app")], ROUNDS)
    shown = report.table(
        f"Memory for a Facebook batch of {ITEMS:,} items ({len(body) / 1024:,.0f} KiB of JSON)",
        "way",
        "peak over holding the body",
        "beside json.loads",
        note="resident size of a process; lower is better",
    )
    shown.add_row("json.loads(body)", report.mebibytes(rounds.median(0)), report.times(1))
    shown.add_row(
        f"list(Facebook.parse(request)): {ITEMS:,} typed items",
        report.mebibytes(rounds.median(1)),
        report.times(rounds.ratio(1, 0)),
    )
    return [shown]


def batch() -> bytes:
    """Give a webhook body of ITEMS text messages, each from another customer."""
    stamp = int(NOW.timestamp() * 1000)
    items = [
        {
            "sender": {"id": f"{10**15 + number}"},
            "recipient": {"id": PAGE},
            "timestamp": stamp,
            "message": {"mid": f"m_{number:064d}", "text": f"Moi, missä tilaukseni {number} viipyy?"},
        }
        for number in range(ITEMS)
    ]
    body = {"object": "page", "entry": [{"id": PAGE, "time": stamp, "messaging": items}]}
    return json.dumps(body, ensure_ascii=False).encode()


def _child(way: str, body: bytes) -> int:
    command = [sys.executable, "-m", "bench.memory", way]
    return int(subprocess.run(command, cwd=ROOT, input=body, check=True, stdout=subprocess.PIPE).stdout)


def _run(way: str) -> None:
    body = sys.stdin.buffer.read()
    before, kept = _resident("VmRSS"), _read(way, body)
    print(_resident("VmHWM") - before)
    assert kept


def _read(way: str, body: bytes) -> object:
    if way == "json":
        return json.loads(body)
    request = Request("POST", ACCOUNT.callback, "", {}, body, NOW)
    return list(Facebook().parse(request, ACCOUNT))


def _resident(name: str) -> int:
    """Give the present or the peak resident size in bytes; beside Linux only the peak is known."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    _run(sys.argv[1])
