"""Verify and parse alone, per channel: no host, no queue; beside the SDK that people use for the channel."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.table import Table

from bench import peers, report, samples
from bench.samples import SECRET, Sample
from bench.timing import in_turns, processor_time

ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Comparison:
    """One line of the table."""

    what: str
    beside: str
    sample: Sample
    peer: peers.Peer


def comparisons() -> list[Comparison]:
    """List what is compared with what."""
    pywa = "pywa: webhook_updates_validator + json.loads (untyped)"
    return [
        Comparison(
            "sms twilio",
            "twilio: parse_qsl + RequestValidator.validate (untyped)",
            samples.twilio_sms(),
            peers.twilio(SECRET),
        ),
        Comparison(
            "telegram",
            "python-telegram-bot: secret check + json.loads + Update.de_json (typed)",
            samples.telegram(),
            peers.python_telegram_bot(SECRET),
        ),
        Comparison("facebook, 1 item", pywa, samples.facebook(), peers.pywa(SECRET)),
        Comparison("facebook, 1,000 items", pywa, samples.facebook(1000), peers.pywa(SECRET)),
    ]


async def tables() -> list[Table]:
    """Measure and tell."""
    shown = report.table(
        "Verify + parse a webhook, processor time",
        "authenticate + every item of parse",
        "ours",
        "webhooks/s",
        "peer",
        "peer's time",
        "speed beside the peer",
        note="over 1 ×: faster than the peer; ours always gives typed items, ready for the queue",
    )
    for each in comparisons():
        shown.add_row(*await _line(each))
    return [shown]


async def _line(each: Comparison) -> tuple[str, ...]:
    rounds = await in_turns(
        [processor_time(_ours(each.sample)), processor_time(lambda: each.peer(each.sample.request))], ROUNDS
    )
    ours, peer = rounds.median(0), rounds.median(1)
    return (
        *(each.what, report.micros(ours), report.whole(1 / ours)),
        *(each.beside, report.micros(peer), report.times(rounds.ratio(1, 0))),
    )


def _ours(sample: Sample) -> Callable[[], object]:
    adapter, account, request = sample.adapter, sample.account, sample.request

    def read() -> object:
        adapter.authenticate(request, account)
        return list(adapter.parse(request, account))

    return read
