"""How much memory a large webhook takes: a Facebook batch of 1,000 items beside `json.loads` of it.

Each is read in a process of its own (`python -m bench.memory app|json|peer < body`): by how much the peak of
its resident size grows from when it holds the body.
"""

import json
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from pymsgr import Messenger  # type: ignore[import-untyped]
from rich.table import Table

from bench import report, samples
from bench.timing import Measure, in_turns

ROOT = Path(__file__).parent.parent
ITEMS = 1000
ROUNDS = 7


async def tables() -> list[Table]:
    """Measure and tell."""
    body = samples.facebook(ITEMS).request.body

    def growth(way: str) -> Measure:
        async def measure() -> float:
            return float(_child(way, body))

        return measure

    rounds = await in_turns([growth(way) for way in ("json", "app", "peer")], ROUNDS)
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
    shown.add_row(
        "pymsgr: process_webhook(json.loads(body)) → Messages",
        report.mebibytes(rounds.median(2)),
        report.times(rounds.ratio(2, 0)),
    )
    return [shown]


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
    if way == "peer":
        return _peer(body)
    sample = samples.facebook(1)
    return list(sample.adapter.parse(replace(sample.request, body=body), sample.account))


def _peer(body: bytes) -> object:
    kept = list[object]()
    bot = Messenger(page_access_token="t", verify_token="v", app_secret="s")
    bot.on_message(kept.append)
    bot.process_webhook(json.loads(body))
    return kept


def _resident(name: str) -> int:
    """Give the present or the peak resident size in bytes; beside Linux only the peak is known."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    _run(sys.argv[1])
