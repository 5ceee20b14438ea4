"""Verify and parse alone, per channel: no host, no queue; beside the SDK that people use for the channel."""

from collections.abc import Callable

from rich.table import Table

from bench import report, samples
from bench.peer import Peer, Work
from bench.peers import peers
from bench.samples import Sample
from bench.timing import in_turns, processor_time
from functions.providers.twilio import read_form
from functions.providers.wechat import crypto

ROUNDS = 9
ITEMS = 1000
NOTE = """over 1 ×: ours is faster.
"verify + parse": authenticate and all of parse; ours gives typed items, ready for
the queue. "verify": the SDK has the check alone, so our check alone is beside it. "floor": our whole work
beside a check with json.loads behind it, which gives no types: under 1 × by nature.
No library that we know reads the webhooks of Instagram, TeleSign, Apple, RCS or X into typed items.
Where a peer is near, about half of our time is what every reader pays: hash or cipher, JSON, the items."""


async def tables() -> list[Table]:
    """Measure and tell."""
    shown = report.table(
        "Verify + parse a webhook, processor time",
        "adapter",
        "what is timed",
        "ours",
        "ours/s",
        "peer: what it does → what it gives",
        "peer's time",
        "speed beside the peer",
        note=NOTE,
    )
    shown.columns[1].justify = shown.columns[4].justify = "left"
    every = [(sample.name, sample) for sample in samples.every()]
    for name, sample in [*every, (f"facebook meta, {ITEMS:,} items", samples.facebook(ITEMS))]:
        for peer in peers(sample):
            shown.add_row(*await _line(name, sample, peer))
        if not peers(sample):
            shown.add_row(*await _line(name, sample, None))
    return [shown]


async def _line(name: str, sample: Sample, peer: Peer | None) -> tuple[str, ...]:
    work = peer.work if peer else Work.WHOLE
    measures = [processor_time(_check(sample) if work is Work.CHECK else _whole(sample))]
    if peer:
        read = peer.read
        measures.append(processor_time(lambda: read(sample.request)))
    rounds = await in_turns(measures, ROUNDS)
    ours = rounds.median(0)
    line = (name, work.value, report.micros(ours), report.whole(1 / ours))
    if not peer:
        return (*line, "–", "–", "–")
    return (*line, peer.does, report.micros(rounds.median(1)), report.times(rounds.ratio(1, 0)))


def _check(sample: Sample) -> Callable[[], object]:
    adapter, account, request = sample.adapter, sample.account, sample.request

    def read() -> object:
        _forget(account.provider)
        adapter.authenticate(request, account)
        return None

    return read


def _whole(sample: Sample) -> Callable[[], object]:
    adapter, account, request = sample.adapter, sample.account, sample.request

    def read() -> object:
        _forget(account.provider)
        adapter.authenticate(request, account)
        return list(adapter.parse(request, account))

    return read


def _forget(provider: str) -> None:
    """No two webhooks have the same body."""
    for cached in _CACHES.get(provider, ()):
        cached.cache_clear()


_CACHES = {"twilio": (read_form,), "wechat": (crypto.encrypted, crypto.decrypted)}
