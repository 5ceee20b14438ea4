"""The rulebook: first match wins, a fallback always exists, and the trace tells why."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.configuration.document import Condition, Document, Rule
from functions.conversations.model import Decision, Link, Relation
from functions.identity.identities import Identity
from functions.identity.matching import Match
from functions.message import Address, Attachment, AttachmentKind, Inbound, Kind
from functions.routing.facts import Facts
from functions.routing.rulebook import UNASSIGNED, compile_rules, explain

NOON = datetime(2026, 8, 3, 9, 0, tzinfo=UTC)  # a Monday; 12:00 in Helsinki


def says(word: str) -> dict[str, str]:
    return {"field": "message.text", "contains": word}


DOCUMENT = Document.model_validate(
    {
        "accounts": [{"id": "sms-twilio", "channel": "sms", "provider": "twilio", "workstream": "service"}],
        "rules": [
            {"name": "buyers", "when": says("osta"), "workstream": "sales"},
            {"name": "late buyers", "when": says("ost"), "workstream": "service"},
        ],
        "workstreams": [
            {
                "id": "service",
                "agentQueue": "service",
                "rules": [
                    {
                        "name": "gold",
                        "when": {"field": "linked.tier", "equals": "gold"},
                        "agentQueue": "gold",
                    },
                    {
                        "name": "invoices in time",
                        "when": {"all": [{"field": "time.open", "equals": True}, says("lasku")]},
                        "agentQueue": "invoicing",
                    },
                ],
            },
            {"id": "sales", "agentQueue": "sales"},
        ],
        "agentQueues": [
            {"id": "service"},
            {"id": "gold"},
            {"id": "invoicing", "hours": "office"},
            {"id": "sales"},
        ],
        "operatingHours": [
            {
                "id": "office",
                "timezone": "Europe/Helsinki",
                "open": [{"days": ["mon"], "from": "08:00", "until": "16:00"}],
            }
        ],
    }
)


def facts(text: str, match: Match | None = None, now: datetime = NOON, **more: Any) -> Facts:
    inbound = Inbound.model_validate(
        {
            "channel": "sms",
            "provider": "twilio",
            "account": "sms-twilio",
            "thread": "t",
            "event": "e",
            "kind": Kind.MESSAGE,
            "sender": Address(id="u1"),
            "text": text,
            "received_at": now,
            **more,
        }
    )
    identity = Identity(channel="sms", account="sms-twilio", id="u1", phone="+358401234567", created_at=now)
    return Facts.of(inbound, identity, match or Match(), now)


def decide(text: str, match: Match | None = None, now: datetime = NOON, **more: Any) -> Decision:
    return compile_rules(DOCUMENT, 7).decide(facts(text, match, now, **more))


def way(decision: Decision) -> tuple[str, str]:
    return decision.workstream, decision.agent_queue


GOLD = Match(
    links=(
        Link(entity="incident", id="i", relation=Relation.CASE),
        Link(entity="contact", id="c", name="Anna", relation=Relation.CUSTOMER),
    ),
    attributes={"tier": "gold", "name": "not this"},
)


def test_with_no_match_it_is_the_account_s_and_the_workstream_s_own() -> None:
    decision = decide("hei")
    assert way(decision) == ("service", "service")
    assert decision.configuration == 7
    assert decision.reason == "workstream of the account 'sms-twilio'; agent queue of the workstream"
    assert [one.rule for one in decision.verdicts] == [
        "buyers",
        "late buyers",
        "service/gold",
        "service/invoices in time",
    ]


def test_the_first_match_wins_and_later_rules_are_not_looked_at() -> None:
    decision = decide("haluan OSTAA")
    assert way(decision) == ("sales", "sales")
    assert [(one.rule, one.matched) for one in decision.verdicts] == [("buyers", True)]
    assert "the rule 'buyers'" in decision.reason


def test_the_trace_has_the_operands() -> None:
    gold, invoices = decide("lasku", GOLD.__class__()).verdicts[2:]
    assert gold.operands == ("linked.tier equals 'gold': false",)
    assert invoices.operands == ("time.open equals true: true", "message.text contains 'lasku': true")
    assert (gold.matched, invoices.matched) == (False, True)


def test_the_linked_record_routes() -> None:
    assert way(decide("lasku", GOLD)) == ("service", "gold")
    assert facts("hei", GOLD).fields["linked.name"] == "Anna"


def test_the_linked_case_s_attributes_are_fields_of_their_own() -> None:
    match = Match(
        links=GOLD.links,
        attributes={"tier": "gold", "case.owner": "nobody", "case.tier": "nobody"},
        case={"ownerid": "u-1", "ownerid.name": "Mia", "queue": "north", "queueid": "q-1", "id": "not this"},
    )
    fields = facts("hei", match).fields
    case = {name: text for name, text in fields.items() if name.startswith("linked.case.")}
    assert case == {
        "linked.case.entity": "incident",
        "linked.case.id": "i",
        "linked.case.owner": "u-1",
        "linked.case.owner.name": "Mia",
        "linked.case.ownerid": "u-1",
        "linked.case.ownerid.name": "Mia",
        "linked.case.queue": "north",
        "linked.case.queueid": "q-1",
    }
    alone = Match(links=GOLD.links[1:], attributes={"case.owner": "nobody"})
    assert "linked.case.owner" not in facts("hei", alone).fields


def test_time_is_that_of_the_rule_s_agent_queue() -> None:
    evening = datetime(2026, 8, 3, 13, 0, tzinfo=UTC)  # 16:00 in Helsinki: closed
    assert way(decide("lasku", now=evening)) == ("service", "service")
    assert way(decide("lasku")) == ("service", "invoicing")


def test_a_message_of_an_account_that_is_gone_still_finds_a_place() -> None:
    decision = decide("hei", account="removed")
    assert way(decision) == ("service", "service")
    assert "not configured any more" in decision.reason
    nothing = compile_rules(Document()).decide(facts("hei"))
    assert way(nothing) == (UNASSIGNED, UNASSIGNED)


def test_what_facts_hold() -> None:
    held = facts(
        "x" * 5000,
        attachments=(Attachment(kind=AttachmentKind.IMAGE), Attachment(kind=AttachmentKind.FILE)),
        context={"Referral": "ad-1", "empty": ""},
        payload="BUY",
    ).fields
    assert len(held["message.text"]) == 4000
    assert held["message.attachments"] == "image file"
    assert held["context.Referral"] == "ad-1"
    assert held["customer.phone"] == "+358401234567"
    assert (held["message.kind"], held["message.payload"]) == ("message", "BUY")
    assert "context.empty" not in held


def many(count: int, last: str = "nothing") -> Document:
    rules = tuple(
        Rule(
            name=f"rule {number}",
            when=Condition(field="message.text", contains=f"word-{number}"),
            workstream="sales",
        )
        for number in range(count - 1)
    )
    match = Rule(name="last", when=Condition(field="message.text", contains=last), workstream="sales")
    return DOCUMENT.model_copy(update={"rules": (*rules, match)})


@pytest.mark.parametrize(
    ("count", "text", "kept", "omitted"),
    [(50, "none", 52, 0), (1000, "none", 100, 902), (1000, "nothing", 101, 899), (100, "nothing", 100, 0)],
)
def test_the_trace_is_cut_but_what_matched_is_in_it(count: int, text: str, kept: int, omitted: int) -> None:
    decision = compile_rules(many(count)).decide(facts(text))
    assert (len(decision.verdicts), decision.omitted) == (kept, omitted)
    assert decision.verdicts[-1].matched is (text == "nothing")


def test_explain_leaves_nothing_out() -> None:
    decision = explain(many(1000), facts("none"))
    assert (len(decision.verdicts), decision.omitted) == (1002, 0)
