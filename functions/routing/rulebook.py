"""The rulebook: all rules of a configuration, compiled, and the decision they come to.

The document's rules choose the workstream: the first that matches, else the account's. Then that
workstream's rules choose the agent queue in the same way, else the workstream's own. So there is always an
answer, and the decision says how it came about.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.configuration.document import AgentQueue, Document, Rule, Workstream
from functions.conversations.model import Decision, Verdict
from functions.routing.conditions import Compiled, Test, Values, comparisons_of, compiled, time_field
from functions.routing.facts import Facts
from functions.routing.hours import Hours

UNASSIGNED = "unassigned"  # when nothing at all is configured any more, and a message still comes
TRACED = 100  # verdicts that a decision keeps, and those of the rules that matched
LABELS = 50  # comparisons that a verdict keeps


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Ordered rules; `tests` stand alone so that looking for the first match touches nothing else."""

    names: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    conditions: tuple[Compiled, ...] = ()
    tests: tuple[Test, ...] = ()

    def first(self, values: Values) -> int | None:
        """Find the first rule that matches."""
        for place, test in enumerate(self.tests):
            if test(values):
                return place
        return None


@dataclass(frozen=True, slots=True)
class Step:
    """One ruleset as it came out: which rule matched, None for none."""

    rules: Ruleset
    matched: int | None

    @property
    def looked_at(self) -> int:
        """How many rules were tested."""
        return len(self.rules.tests) if self.matched is None else self.matched + 1

    def verdicts(self, values: Values, most: int | None) -> Iterator[Verdict]:
        """Explain the first `most` rules (None: all) and the one that matched."""
        kept = self.looked_at if most is None else min(most, self.looked_at)
        places = [
            *range(kept),
            *([self.matched] if self.matched is not None and self.matched >= kept else []),
        ]
        for place in places:
            labels = self.rules.conditions[place].comparisons[:LABELS]
            yield Verdict(
                rule=self.rules.names[place],
                matched=place == self.matched,
                operands=tuple(f"{one.label}: {str(one.test(values)).lower()}" for one in labels),
            )


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A configuration's rules, ready to decide. `hours` are those that rules ask about, by id."""

    version: int
    accounts: Mapping[str, str]
    queues: Mapping[str, str]
    fallback: str
    choose_workstream: Ruleset
    choose_intake: Ruleset
    choose_queue: Mapping[str, Ruleset]
    hours: Mapping[str, Hours]

    def decide(self, facts: Facts, most: int | None = TRACED) -> Decision:
        """Decide; of the verdicts at most so many are kept, and those that matched. Never fails."""
        values = self._values(facts)
        first = Step(self.choose_workstream, self.choose_workstream.first(values))
        workstream = _target(first) or self.accounts.get(facts.account) or self.fallback
        return self._decided(facts, values, first, workstream, most)

    def take_in(self, facts: Facts, most: int | None = TRACED) -> Decision | None:
        """Decide by the intake rules what work a record is; None when it is none."""
        values = self._values(facts)
        first = Step(self.choose_intake, self.choose_intake.first(values))
        return self._decided(facts, values, first, _target(first), most) if _target(first) else None

    def _decided(
        self, facts: Facts, values: Values, first: Step, workstream: str, most: int | None
    ) -> Decision:
        rules = self.choose_queue.get(workstream, Ruleset())
        second = Step(rules, rules.first(values))
        verdicts = (
            *first.verdicts(values, most),
            *second.verdicts(values, most if most is None else max(0, most - first.looked_at)),
        )
        return Decision(
            workstream=workstream,
            agent_queue=_target(second) or self.queues.get(workstream, UNASSIGNED),
            configuration=self.version,
            verdicts=verdicts,
            omitted=first.looked_at + second.looked_at - len(verdicts),
            reason=f"{self._why_workstream(first, facts)}; {_why_queue(second)}",
        )

    def _values(self, facts: Facts) -> Values:
        fields = {**facts.fields, **_times(self.hours, facts.now)}
        folded = {name: text.casefold() for name, text in fields.items()}
        return Values(folded, {name: text.encode("utf-8", "replace") for name, text in fields.items()})

    def _why_workstream(self, step: Step, facts: Facts) -> str:
        if step.matched is not None:
            return f"workstream by the rule {step.rules.names[step.matched]!r}"
        if facts.account in self.accounts:
            return f"workstream of the account {facts.account!r}"
        return f"the account {facts.account!r} is not configured any more: the first workstream"


def compile_rules(document: Document, version: int = 0) -> Rulebook:
    """Compile a document without problems; `version` is told in decisions."""
    pools = {pool.id: pool for pool in document.agent_queues}
    streams = {stream.id: stream for stream in document.workstreams}
    own = {stream.id: stream.agent_queue for stream in document.workstreams}
    asked, taking = (
        [(rule, _hours(pools, own.get(rule.workstream or "", ""))) for rule in rules]
        for rules in (document.rules, document.intake_rules)
    )
    return Rulebook(
        version=version,
        accounts={account.id: account.workstream for account in document.accounts},
        queues=own,
        fallback=next(iter(own), UNASSIGNED),
        choose_workstream=_ruleset(asked, [rule.workstream or "" for rule in document.rules]),
        choose_intake=_ruleset(taking, [rule.workstream or "" for rule in document.intake_rules]),
        choose_queue={name: _queue_rules(stream, pools) for name, stream in streams.items()},
        hours=_hours_asked(document),
    )


def explain(document: Document, facts: Facts) -> Decision:
    """Decide with every verdict, for people: none is left out."""
    return compile_rules(document).decide(facts, most=None)


def _queue_rules(stream: Workstream, pools: Mapping[str, AgentQueue]) -> Ruleset:
    targets = [rule.agent_queue or "" for rule in stream.rules]
    asked = [(rule, _hours(pools, target)) for rule, target in zip(stream.rules, targets, strict=True)]
    return _ruleset(asked, targets, f"{stream.id}/")


def _ruleset(rules: Sequence[tuple[Rule, str]], targets: Sequence[str], prefix: str = "") -> Ruleset:
    conditions = tuple(compiled(rule.when, hours) for rule, hours in rules)
    return Ruleset(
        names=tuple(f"{prefix}{rule.name}" for rule, _ in rules),
        targets=tuple(targets),
        conditions=conditions,
        tests=tuple(condition.test for condition in conditions),
    )


def _hours(pools: Mapping[str, AgentQueue], queue: str) -> str:
    return (pools[queue].hours or "") if queue in pools else ""


def _hours_asked(document: Document) -> dict[str, Hours]:
    rules = [
        *document.rules,
        *document.intake_rules,
        *(rule for stream in document.workstreams for rule in stream.rules),
    ]
    leaves = (leaf for rule in rules for leaf in comparisons_of(rule.when))
    if not any((leaf.field or "").startswith("time.") for leaf in leaves):
        return {}
    return {"": Hours()} | {hours.id: Hours.of(hours) for hours in document.operating_hours}


def _times(hours: Mapping[str, Hours], now: datetime) -> dict[str, str]:
    return {
        time_field(field, name): value
        for name, one in hours.items()
        for field, value in one.facts(now).items()
    }


def _target(step: Step) -> str:
    return "" if step.matched is None else step.rules.targets[step.matched]


def _why_queue(step: Step) -> str:
    if step.matched is not None:
        return f"agent queue by the rule {step.rules.names[step.matched]!r}"
    return "agent queue of the workstream"
