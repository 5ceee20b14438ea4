"""Where the calls of agent queues are put through: not back to us, nor where their provider rings nobody.

Which calls come to which queue is told by the rules as far as it can be known before there is a call: what a
rule asks of channel, provider and account counts, all else may hold or not.
"""

from collections.abc import Iterator, Mapping, Sequence

from functions.channels import CHANNELS, adapter
from functions.configuration.document import AccountEntry, AgentQueue, Condition, Document, Rule
from functions.configuration.problem import Problem
from functions.configuration.reading import Draft
from functions.routing.conditions import Values, compiled
from functions.routing.faults import faults

CHANNEL = "voice"
KNOWN = ("channel", "provider", "account")  # of a call that is still to come
EITHER = frozenset({True, False})


def target_problems(draft: Draft) -> Iterator[Problem]:
    """List the agent queues whose targets lead back to us, or nowhere."""
    document = draft.document
    callers = [entry for entry in document.accounts if entry.channel == CHANNEL]
    ours = {str(entry.settings.get("number")): entry.id for entry in callers}
    reached = {entry.id: _queues(document, entry) for entry in callers}
    for place, queue in draft.places("agentQueues", document.agent_queues):
        if queue.target in ours:
            reason = f"is the number of the account {ours[queue.target]!r}: its calls would come in again"
            yield Problem(path=f"{place}.target", reason=reason)
        elif queue.target:
            callers_here = [entry for entry in callers if queue.id in reached[entry.id]]
            yield from _unrung(f"{place}.target", queue, callers_here)


def _unrung(path: str, queue: AgentQueue, callers: Sequence[AccountEntry]) -> Iterator[Problem]:
    for entry in callers:
        rings = _rings(entry)
        if rings and not (queue.target or "").startswith(tuple(rings)):
            reason = (
                f"calls of the account {entry.id!r} may come here, and its provider {entry.provider!r} "
                f"rings {' and '.join(rings.values())} only"
            )
            yield Problem(path=path, reason=reason)
            return


def _rings(entry: AccountEntry) -> Mapping[str, str]:
    key = (entry.channel, entry.provider)
    return adapter(*key).capabilities.targets if key in CHANNELS else {}


def _queues(document: Document, entry: AccountEntry) -> set[str]:
    """Give the agent queues that an account's calls may come to."""
    known = _known(entry)
    chosen, certain = _chosen(document.rules, known)
    streams = {rule.workstream for rule in chosen} | (set() if certain else {entry.workstream})
    found: set[str] = set()
    for stream in document.workstreams:
        if stream.id in streams:
            chosen, certain = _chosen(stream.rules, known)
            found |= {rule.agent_queue or "" for rule in chosen}
            found |= set() if certain else {stream.agent_queue}
    return found


def _known(entry: AccountEntry) -> Values:
    facts = dict(zip(KNOWN, (entry.channel, entry.provider, entry.id), strict=True))
    folded = {name: text.casefold() for name, text in facts.items()}
    return Values(folded, {name: text.encode() for name, text in facts.items()})


def _chosen(rules: Sequence[Rule], known: Values) -> tuple[list[Rule], bool]:
    """Give the rules that may be the first to hold, and whether one of them is sure to be."""
    chosen: list[Rule] = []
    for rule in rules:
        outcomes = frozenset({False}) if any(faults(rule.when, "")) else _outcomes(rule.when, known)
        if True in outcomes:
            chosen.append(rule)
        if outcomes == {True}:
            return chosen, True
    return chosen, False


def _outcomes(condition: Condition, known: Values) -> frozenset[bool]:
    """Give what a condition without faults may come to."""
    if condition.negate:
        return frozenset(not one for one in _outcomes(condition.negate, known))
    members = [_outcomes(member, known) for member in condition.all or condition.any or ()]
    if members:
        deciding = condition.all is None  # any: one that holds decides; all: one that does not
        decided = {deciding} if any(deciding in one for one in members) else set()
        undecided = {not deciding} if all((not deciding) in one for one in members) else set()
        return frozenset(decided | undecided)
    return frozenset({compiled(condition).test(known)}) if condition.field in KNOWN else EITHER
