"""Choosing a workstream: `Rulebook.decide` when no rule matches, and when only the last one does.

The rules ask for a word in the message's text. The baseline is the least that can be done with as many
words: a bare loop that looks for each in the text, which neither tells why nor chooses an agent queue.
"""

from collections.abc import Callable

from rich.table import Table

from bench import report, samples
from bench.timing import in_turns, processor_time
from functions.configuration.document import AgentQueue, Condition, Document, Rule, Workstream
from functions.identity.identities import Identity
from functions.identity.matching import Match
from functions.routing.facts import Facts
from functions.routing.rulebook import compile_rules

COUNTS = (10, 1_000, 10_000)
ROUNDS = 7
FOUND = "viipyy"  # a word of the sample's text


async def tables() -> list[Table]:
    """Measure and tell."""
    shown = report.table(
        "Rule matching, processor time of one decision",
        "rules",
        "none matches",
        "last matches",
        "decisions/s",
        "bare loop of `word in text`",
        "speed beside the bare loop",
        note="decisions/s and speed: none matches; a decision keeps its first 100 verdicts as its trace",
    )
    for count in COUNTS:
        rounds = await in_turns(
            [
                processor_time(call)
                for call in (_decision(count), _decision(count, FOUND), _bare_loop(_words(count)))
            ],
            ROUNDS,
        )
        none, last, bare = (rounds.median(place) for place in range(3))
        shown.add_row(
            *(f"{count:,}", report.micros(none), report.micros(last), report.whole(1 / none)),
            *(report.micros(bare), report.times(rounds.ratio(2, 0))),
        )
    return [shown]


def _decision(count: int, last: str = "") -> Callable[[], object]:
    words = _words(count)
    if last:
        words[-1] = last
    rulebook, facts = compile_rules(_document(words)), _facts()
    chosen = rulebook.decide(facts).workstream
    assert chosen == ("special" if last else "general")
    return lambda: rulebook.decide(facts)


def _bare_loop(words: list[str]) -> Callable[[], object]:
    text = samples.TEXT.casefold()

    def first() -> str | None:
        for word in words:
            if word in text:
                return word
        return None

    return first


def _words(count: int) -> list[str]:
    return [f"tuote-{number:05d}" for number in range(count)]


def _document(words: list[str]) -> Document:
    return Document(
        workstreams=(
            Workstream(id="general", agent_queue="agents"),
            Workstream(id="special", agent_queue="agents"),
        ),
        agent_queues=(AgentQueue(id="agents"),),
        rules=tuple(
            Rule(name=word, when=Condition(field="message.text", contains=word), workstream="special")
            for word in words
        ),
    )


def _facts() -> Facts:
    sample = samples.sms(1, 1)
    (item,) = sample.adapter.parse(sample.request, sample.account)
    identity = Identity(
        channel=item.channel, account=item.account, id=item.sender.id, created_at=item.received_at
    )
    return Facts.of(item, identity, Match(), item.received_at)
