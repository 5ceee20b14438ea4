"""The check of a configuration: every problem, before anything of it is applied.

`read` and `problems` are what `validate` does; `diff`, `masked` and `schema` are what else is done with a
document without applying it.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from pydantic import JsonValue

from functions.configuration.accounts import account_problems
from functions.configuration.callflows import flow_problems
from functions.configuration.changes import Change, ChangeKind, diff, masked
from functions.configuration.document import Document, Rule
from functions.configuration.matching import matching_problems
from functions.configuration.problem import InvalidDocument, Problem
from functions.configuration.reading import Draft, draft
from functions.configuration.schema import schema
from functions.configuration.targets import target_problems
from functions.configuration.yaml_text import load
from functions.conversations.model import AutoClose
from functions.errors import Invalid
from functions.identity.keys import customer_of
from functions.identity.phones import known_region
from functions.routing.faults import faults
from functions.routing.hours import flaws, zone

__all__ = [
    "Change",
    "ChangeKind",
    "InvalidDocument",
    "Problem",
    "diff",
    "masked",
    "problems",
    "read",
    "schema",
    "validate",
]

COMPARED = 200  # names that one which is not there is compared with, to tell what was meant


def read(text: str) -> Document:
    """Read a document. Raises TooLarge, or InvalidDocument with all problems when a part cannot be read.

    A document that can be read may still have problems: see `problems`.
    """
    found, unread = draft(load(text))
    if found is None or unread:
        raise InvalidDocument([*unread, *(_check(found) if found else ())])
    return found.document


def problems(document: Document) -> list[Problem]:
    """List what keeps a document from being applied; nothing does when the list is empty."""
    return list(_check(Draft(document)))


def validate(text: str) -> Document:
    """Read a document that can be applied. Raises TooLarge, or InvalidDocument with all problems."""
    document = read(text)
    if found := problems(document):
        raise InvalidDocument(found)
    return document


def _check(draft: Draft) -> Iterator[Problem]:
    if not known_region(draft.document.default_region):
        reason = f"there is no region {draft.document.default_region!r}: give two capital letters, such as FI"
        yield Problem(path="defaultRegion", reason=reason)
    yield from _repeated_ids(draft)
    yield from account_problems(draft)
    yield from _references(draft)
    yield from _all_rules(draft)
    yield from _hours(draft)
    yield from _call_flows(draft)
    yield from target_problems(draft)
    yield from _records(draft)
    yield from matching_problems(draft.document.matching or ())


def _repeated_ids(draft: Draft) -> Iterator[Problem]:
    document = draft.document
    ids = {
        "accounts": [one.id for one in document.accounts],
        "workstreams": [one.id for one in document.workstreams],
        "agentQueues": [one.id for one in document.agent_queues],
        "operatingHours": [one.id for one in document.operating_hours],
        "callFlows": [one.id for one in document.call_flows],
    }
    for section, names in ids.items():
        yield from _repeated(list(draft.places(section, names)), "id")
    keyed = [(place, f"{one.entity}/{one.id}") for place, one in draft.places("records", document.records)]
    yield from _repeated(keyed, "id")
    tables = [one.entity for one in document.record_tables]
    yield from _repeated(list(draft.places("recordTables", tables)), "entity")


def _repeated(named: Sequence[tuple[str, str]], field: str) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for place, name in named:
        if first.setdefault(name, place) != place:
            yield Problem(path=f"{place}.{field}", reason=f"{name!r} is the {field} of {first[name]} already")


def _references(draft: Draft) -> Iterator[Problem]:
    document = draft.document
    streams = _known(draft, "workstreams", [one.id for one in document.workstreams])
    queues = _known(draft, "agentQueues", [one.id for one in document.agent_queues])
    hours = _known(draft, "operatingHours", [one.id for one in document.operating_hours])
    for place, account in draft.places("accounts", document.accounts):
        yield from _refers(f"{place}.workstream", account.workstream, streams, "workstream")
    for place, rule in (*draft.places("rules", document.rules), *_intake_rules(draft)):
        yield from _refers(f"{place}.workstream", rule.workstream, streams, "workstream")
    for place, stream in draft.places("workstreams", document.workstreams):
        yield from _refers(f"{place}.agentQueue", stream.agent_queue, queues, "agent queue")
        for index, rule in enumerate(stream.rules):
            yield from _refers(f"{place}.rules[{index}].agentQueue", rule.agent_queue, queues, "agent queue")
    for place, queue in draft.places("agentQueues", document.agent_queues):
        yield from _refers(f"{place}.hours", queue.hours, hours, "set of operating hours")


def _known(draft: Draft, section: str, ids: Sequence[str]) -> frozenset[str] | None:
    """Give the ids that can be referred to; None when the list could not be read."""
    return None if section in draft.lost else draft.broken.get(section, frozenset()).union(ids)


def _refers(path: str, name: str | None, known: frozenset[str] | None, what: str) -> Iterator[Problem]:
    if name is not None and known is not None and name not in known:
        meant = get_close_matches(name, sorted(known)[:COMPARED], n=1)
        yield Problem(
            path=path, reason=f"there is no {what} {name!r}" + (f": is it {meant[0]!r}?" if meant else "")
        )


def _all_rules(draft: Draft) -> Iterator[Problem]:
    for places in (list(draft.places("rules", draft.document.rules)), _intake_rules(draft)):
        yield from _repeated([(place, rule.name) for place, rule in places], "name")
        for place, rule in places:
            yield from _target(place, rule.workstream, rule.agent_queue, "workstream", "agentQueue")
            yield from faults(rule.when, f"{place}.when")
    for place, stream in draft.places("workstreams", draft.document.workstreams):
        yield from _stream_rules(place, stream.rules)
        yield from _auto_close(f"{place}.autoClose", stream.auto_close)


def _intake_rules(draft: Draft) -> list[tuple[str, Rule]]:
    return list(draft.places("intakeRules", draft.document.intake_rules))


def _stream_rules(stream: str, rules: Sequence[Rule]) -> Iterator[Problem]:
    yield from _repeated([(f"{stream}.rules[{at}]", rule.name) for at, rule in enumerate(rules)], "name")
    for at, rule in enumerate(rules):
        place = f"{stream}.rules[{at}]"
        yield from _target(place, rule.agent_queue, rule.workstream, "agentQueue", "workstream")
        yield from faults(rule.when, f"{place}.when")


def _target(place: str, chosen: str | None, stray: str | None, wanted: str, other: str) -> Iterator[Problem]:
    if chosen is None:
        yield Problem(path=f"{place}.{wanted}", reason="is missing: a rule here chooses it")
    if stray is not None:
        yield Problem(path=f"{place}.{other}", reason=f"a rule here chooses the {wanted} only")


def _auto_close(place: str, times: AutoClose) -> Iterator[Problem]:
    for name, field in AutoClose.model_fields.items():
        rest = getattr(times, name)
        if rest is not None and rest.total_seconds() <= 0:
            yield Problem(path=f"{place}.{field.alias}", reason="must be more than no time; null means never")


def _hours(draft: Draft) -> Iterator[Problem]:
    for place, hours in draft.places("operatingHours", draft.document.operating_hours):
        try:
            zone(hours.timezone)
        except Invalid as unknown:
            yield Problem(path=f"{place}.timezone", reason=unknown.reason)
        for index, flaw in flaws(hours.open):
            yield Problem(path=f"{place}.open[{index}]", reason=flaw)


def _call_flows(draft: Draft) -> Iterator[Problem]:
    document = draft.document
    hours = _known(draft, "operatingHours", [one.id for one in document.operating_hours])
    for place, call_flow in draft.places("callFlows", document.call_flows):
        yield from _refers(f"{place}.hours", call_flow.hours, hours, "set of operating hours")
        for problem in flow_problems(call_flow):
            yield Problem(path=f"{place}.{problem.path}", reason=problem.reason)
    flows = _known(draft, "callFlows", [one.id for one in document.call_flows])
    for place, account in draft.places("accounts", document.accounts):
        named = account.settings.get("flow") if account.channel == "voice" else None
        yield from _refers(f"{place}.settings.flow", _name(named), flows, "call flow")


def _name(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _records(draft: Draft) -> Iterator[Problem]:
    for place, record in draft.places("records", draft.document.records):
        if not record.id:
            yield Problem(path=f"{place}.id", reason="is missing")
        if record.customer and not customer_of(record):
            yield Problem(path=f"{place}.customer", reason="is written contact/ID or account/ID")
