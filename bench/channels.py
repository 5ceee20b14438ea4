"""Verify and parse alone, per channel: no host, no queue; beside the SDK that people use for the channel."""

from collections.abc import Callable

from rich.table import Table

from bench import report, samples
from bench.peers import peer
from bench.samples import Sample
from bench.timing import in_turns, processor_time
from functions.providers.twilio import read_form

ROUNDS = 9
ITEMS = 1000


async def tables() -> list[Table]:
    """Measure and tell."""
    shown = report.table(
        "Verify + parse a webhook, processor time",
        "adapter: authenticate + all of parse",
        "ours",
        "webhooks/s",
        "peer: what it does → what it gives",
        "peer's time",
        "speed beside the peer",
        note="over 1 ×: faster than the peer; ours gives typed items, ready for the queue",
    )
    shown.columns[3].justify = "left"
    for sample in samples.every():
        shown.add_row(*await _line(sample.name, sample))
    shown.add_row(*await _line(f"facebook meta, {ITEMS:,} items", samples.facebook(ITEMS)))
    return [shown]


async def _line(name: str, sample: Sample) -> tuple[str, ...]:
    measures, other = [processor_time(_ours(sample))], peer(sample)
    if other:
        read = other.read
        measures.append(processor_time(lambda: read(sample.request)))
    rounds = await in_turns(measures, ROUNDS)
    ours = rounds.median(0)
    line = (name, report.micros(ours), report.whole(1 / ours))
    if other is None:
        return (*line, "–", "–", "–")
    return (*line, other.does, report.micros(rounds.median(1)), report.times(rounds.ratio(1, 0)))


def _ours(sample: Sample) -> Callable[[], object]:
    adapter, account, request = sample.adapter, sample.account, sample.request

    def read() -> object:
        read_form.cache_clear()  # no two webhooks have the same body
        adapter.authenticate(request, account)
        return list(adapter.parse(request, account))

    return read
