"""Where agents are rung: what the provider of the calls cannot ring is found before a call comes."""

from typing import Any

import pytest
import yaml

from functions.cloud.call_automation import Controls
from functions.configuration.check import InvalidDocument, validate
from functions.errors import NotDeliverable
from functions.ports import CallResource
from local.simulators.acs import ACCESS_KEY
from tests.voice.house import BASE
from tests.voice.kit import TARGET, TEAMS_USER, configuration

SIP = "sip:desk@pbx.example"
BY_ACS = {"field": "provider", "equals": "acs"}
LINE = {"field": "account", "equals": "LINE"}
INVOICE = {"field": "context.menu.reason", "equals": "billing"}


def problems(document: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        validate(yaml.safe_dump(document))
    except InvalidDocument as refused:
        return [(problem.path, problem.reason) for problem in refused.problems]
    return []


def document(target: str, when: dict[str, Any] | None = None, provider: str = "") -> dict[str, Any]:
    """The kit's, with one queue more; `when` leads there from the workstream of Twilio's accounts."""
    found: dict[str, Any] = yaml.safe_load(configuration().replace("http://simulators", BASE))
    found["agentQueues"].append({"id": "pool", "target": target})
    if provider:
        found["accounts"] = [one for one in found["accounts"] if one["provider"] == provider]
    for stream in found["workstreams"][:1] if when else found["workstreams"]:
        stream["rules"] = [{"name": "pool", "when": when, "agentQueue": "pool"}] if when else []
        stream["agentQueue"] = "pool"
    return found


@pytest.mark.parametrize(
    ("provider", "target", "rung"),
    [
        ("twilio", TARGET, True),
        ("twilio", SIP, True),
        ("twilio", "sips:desk@pbx.example", True),
        ("twilio", TEAMS_USER, False),
        ("acs", TARGET, True),
        ("acs", TEAMS_USER, True),
        ("acs", SIP, False),
        ("", TARGET, True),
        ("", SIP, False),
        ("", TEAMS_USER, False),
    ],
)
def test_a_target_is_one_that_every_provider_of_its_calls_rings(
    provider: str, target: str, rung: bool
) -> None:
    found = problems(document(target, provider=provider))
    assert [path for path, _ in found] == ([] if rung else ["agentQueues[4].target"])


def test_what_is_wrong_is_said() -> None:
    [(path, reason)] = problems(document(SIP, provider="acs"))
    assert path == "agentQueues[4].target"
    assert reason == (
        "calls of the account 'acs-line' may come here, "
        "and its provider 'acs' rings numbers and Teams users only"
    )


@pytest.mark.parametrize(
    ("when", "rung"),
    [
        (INVOICE, False),  # who knows what callers choose
        ({"not": INVOICE}, False),
        ({"all": [INVOICE, {"not": BY_ACS}]}, False),
        ({"any": [BY_ACS, INVOICE]}, False),
        ({"all": [INVOICE, BY_ACS]}, True),
        ({"any": [BY_ACS, {"field": "channel", "equals": "sms"}]}, True),
        ({"not": {"any": [INVOICE, {"field": "channel", "equals": "voice"}]}}, True),
        ({"field": "account", "equals": "elsewhere"}, True),
        (LINE, False),  # of one account, whatever the case of its letters
    ],
)
def test_a_rule_that_no_call_of_the_provider_fulfils_leads_none_there(
    when: dict[str, Any], rung: bool
) -> None:
    found = document(TEAMS_USER, when)
    found["workstreams"][0]["agentQueue"] = "frontline"
    assert [path for path, _ in problems(found)] == ([] if rung else ["agentQueues[4].target"])


def test_the_first_rule_that_holds_for_sure_is_the_last_that_counts() -> None:
    found = document(TEAMS_USER)
    sure = {"name": "twilio", "when": {"not": BY_ACS}, "agentQueue": "frontline"}
    later = {"name": "later", "when": INVOICE, "agentQueue": "pool"}
    found["workstreams"][0]["rules"] = [sure, later]
    assert problems(found) == []
    found["workstreams"][0]["rules"] = [later, sure]
    assert [path for path, _ in problems(found)] == ["agentQueues[4].target"]


def test_rules_for_workstreams_lead_there_too() -> None:
    found = document(TEAMS_USER)
    found["workstreams"][0]["agentQueue"] = "frontline"
    assert problems(found) == []
    found["rules"] = [{"name": "moved", "when": INVOICE, "workstream": "teams"}]
    assert [path for path, _ in problems(found)] == ["agentQueues[4].target"]


def test_a_broken_rule_or_number_is_told_alone() -> None:
    found = document(TEAMS_USER, {"field": "context.a", "matches": "("})
    found["workstreams"][0]["agentQueue"] = "frontline"
    assert [path for path, _ in problems(found)] == ["workstreams[0].rules[0].when.matches"]
    found = document(TARGET)
    found["accounts"][0]["settings"]["number"] = {"secret": "number"}
    assert problems(found) == []


async def test_what_was_applied_before_it_was_checked_counts_as_not_answered() -> None:
    control = Controls()(CallResource("https://calls.example", ACCESS_KEY))
    with pytest.raises(NotDeliverable) as refused:
        await control.add("call", SIP, "+358454900020", 20, "4", "key")
    assert refused.value.code == "no-such-target"
