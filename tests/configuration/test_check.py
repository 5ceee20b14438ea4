"""The check: every problem, each at its path, all at once, and never a secret in any of them."""

import json
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import SecretStr

from functions.channels import adapter
from functions.configuration.check import InvalidDocument, problems, read, schema, validate
from functions.configuration.document import Document
from functions.configuration.yaml_text import load
from local.filling import filled
from tests.configuration.samples import GONE, TWILIO_TOKEN, WHOLE, changed, text

EXAMPLE = Path(__file__).parent.parent.parent / "local" / "configuration.yaml"
AGAIN: dict[str, Any] = WHOLE["accounts"][0]
RULE: dict[str, Any] = WHOLE["rules"][0]


@pytest.fixture
def example(tmp_path: Path) -> str:
    return filled(EXAMPLE.read_text(), "http://127.0.0.1:1", tmp_path)


def found(*changes: tuple[str, Any]) -> list[tuple[str, str]]:
    try:
        validate(text(*changes))
    except InvalidDocument as refused:
        return [(one.path, one.reason) for one in refused.problems]
    return []


def test_the_whole_one_and_the_example_have_no_problems(example: str) -> None:
    assert found() == []
    assert problems(read(example)) == []


def test_every_secret_of_every_account_can_be_a_reference(example: str) -> None:
    document: Any = load(example)
    names = count()

    def referred(value: Any, read: Any) -> Any:
        if isinstance(read, SecretStr):
            return {"secret": f"secret-{next(names)}"}
        if isinstance(value, dict):
            return {name: referred(part, read[name]) for name, part in value.items()}
        if isinstance(value, list):
            return [referred(*pair) for pair in zip(value, read, strict=True)]
        return value

    for entry in document["accounts"]:
        settings = adapter(entry["channel"], entry["provider"]).Settings.model_validate(entry["settings"])
        entry["settings"] = referred(entry["settings"], settings.model_dump(by_alias=True))
    assert problems(read(yaml.safe_dump(document))) == []
    assert next(names) > len(document["accounts"])


@pytest.mark.parametrize(
    ("path", "value", "where", "reason"),
    [
        ("colour", "red", "colour", "there is no such field"),
        ("version", 2, "version", "should be 1"),
        ("defaultRegion", "Finland", "defaultRegion", "there is no region 'Finland'"),
        ("entitlements", ["sms"], "entitlements[0]", "should be 'chat'"),
        ("accounts", "none", "accounts", "must be a list"),
        ("accounts.0.id", "SMS 1", "accounts[0].id", "should match pattern"),
        ("accounts.0.id", GONE, "accounts[0].id", "is missing"),
        ("accounts.1.id", "sms-twilio", "accounts[1].id", "'sms-twilio' is the id of accounts[0] already"),
        ("accounts.0.workstream", "x", "accounts[0].workstream", "there is no workstream 'x'"),
        ("accounts.0.channel", "sns", "accounts[0].channel", "there is no channel 'sns'"),
        ("accounts.0.provider", "meta", "accounts[0].provider", "no provider 'meta' for the channel 'sms'"),
        ("accounts.0.settings.sender", GONE, "accounts[0].settings.sender", "is missing"),
        ("records.0.name", 358, "records[0].name", "write it in quotes"),
        ("accounts.0.settings.sendr", "x", "accounts[0].settings.sendr", "there is no such field"),
        ("accounts.0.settings.apiBase", "http://x.fi", "accounts[0].settings.apiBase", "must be an https"),
        ("accounts.0.settings.apiKey", "SK" + "0" * 32, "accounts[0].settings", "belong together"),
        ("accounts.1.settings.x", {"secret": "a"}, "accounts[1].settings.x", "there is no such field"),
        ("rules.0.workstream", "x", "rules[0].workstream", "there is no workstream 'x'"),
        ("rules.0.workstream", GONE, "rules[0].workstream", "is missing"),
        ("rules.0.agentQueue", "gold", "rules[0].agentQueue", "chooses the workstream only"),
        ("rules.1.name", "buyers", "rules[1].name", "'buyers' is the name of rules[0] already"),
        ("rules.0.when", {}, "rules[0].when", "must be one of"),
        ("rules.0.when.equals", "x", "rules[0].when", "exactly one operator"),
        ("rules.0.when.begins", "x", "rules[0].when.begins", "there is no such field"),
        ("rules.0.when", {"field": "message.text", "matches": "("}, "rules[0].when.matches", "pattern"),
        ("workstreams.0.agentQueue", "x", "workstreams[0].agentQueue", "there is no agent queue 'x'"),
        ("workstreams.0.rules.0.agentQueue", "x", "workstreams[0].rules[0].agentQueue", "no agent queue 'x'"),
        ("workstreams.0.rules.0.agentQueue", GONE, "workstreams[0].rules[0].agentQueue", "is missing"),
        ("workstreams.0.rules.0.workstream", "sales", "workstreams[0].rules[0].workstream", "only"),
        ("retention", "P29D", "retention", "30 days"),
        ("workstreams.0.autoClose", {"open": "-P1D"}, "workstreams[0].autoClose.open", "more than no time"),
        ("agentQueues.0.hours", "x", "agentQueues[0].hours", "there is no set of operating hours 'x'"),
        ("operatingHours.0.timezone", "Helsinki", "operatingHours[0].timezone", "no time zone 'Helsinki'"),
        ("operatingHours.0.open.0.until", "07:00", "operatingHours[0].open[0]", "ends before it begins"),
        ("operatingHours.0.open.0.days", ["maa"], "operatingHours[0].open[0].days[0]", "'mon'"),
        ("operatingHours.0.holidays", ["24.12."], "operatingHours[0].holidays[0]", "date"),
        ("records.0.id", "", "records[0].id", "is missing"),
        ("records.0.customer", "c-1", "records[0].customer", "contact/ID"),
        ("records.+", WHOLE["records"][0], "records[1].id", "'contact/c-1' is the id of records[0] already"),
    ],
)
def test_one_problem(path: str, value: object, where: str, reason: str) -> None:
    told = found((path, value))
    assert [one for one, _ in told] == [where]
    assert reason in told[0][1]


def test_two_accounts_cannot_have_the_same_address() -> None:
    other = {**AGAIN, "id": "sms-two", "settings": {**AGAIN["settings"], "authToken": "another-token"}}
    assert found(("accounts.+", other)) == [
        (
            "accounts[2].settings.sender",
            "accounts[0] 'sms-twilio' has the same: an address belongs to one account",
        )
    ]


@pytest.mark.parametrize("held", [[], ["chat"], ["voice", "records"]])
def test_a_channel_needs_its_entitlement_by_name(held: list[str]) -> None:
    told = found(("entitlements", held))
    assert [path for path, _ in told] == ["accounts[0].channel", "accounts[1].channel"]
    assert all("'digital-messaging'" in reason for _, reason in told)


def test_all_problems_at_once_and_a_broken_part_hides_none() -> None:
    told = found(
        ("colour", "red"),
        ("accounts.0.idd", "typo"),
        ("accounts.1.workstream", "nowhere"),
        ("workstreams.1.agentQueues", "typo"),
        ("rules.0.when", {"field": "message.txt", "exists": True}),
        ("agentQueues.1", {"id": "gold", "hours": "never"}),
        ("operatingHours.0.timezone", "Mars/Base"),
    )
    assert sorted(path for path, _ in told) == [
        "accounts[0].idd",
        "accounts[1].workstream",
        "agentQueues[1].hours",
        "colour",
        "operatingHours[0].timezone",
        "rules[0].when.field",
        "workstreams[1].agentQueues",
    ]


def test_both_spellings_of_a_field_are_read() -> None:
    with pytest.raises(InvalidDocument) as refused:
        read("agent_queues: [{id: a, nam: x}]\nworkstreams: [{id: w, agent_queue: b}]")
    assert [one.path for one in refused.value.problems] == [
        "agent_queues[0].nam",
        "workstreams[0].agentQueue",
    ]


def test_what_is_no_document_at_all() -> None:
    for written in ("[]", "5", "text"):
        with pytest.raises(InvalidDocument) as refused:
            read(written)
        assert [one.path for one in refused.value.problems] == ["document"]


def test_a_list_that_cannot_be_read_does_not_make_everything_else_wrong() -> None:
    changes: tuple[tuple[str, Any], ...] = (("workstreams", 5), ("agentQueues", {}), ("entitlements", "all"))
    assert [path for path, _ in found(*changes)] == ["entitlements", "workstreams", "agentQueues"]


SECRET = "Tosi-Salainen-Arvo-123456"


@pytest.mark.parametrize(
    "settings",
    [
        {"authToken": [SECRET]},
        {"authToken": {"secrets": SECRET}},
        {"accountSid": SECRET},
        {"sender": SECRET + SECRET},
        {"apiBase": SECRET},
        {"apiKey": SECRET, "apiSecret": SECRET},
        {"sharedKeys": SECRET},
        {"sharedKeys": {"a": ["x", SECRET]}},
    ],
)
def test_no_problem_tells_what_was_typed_in_settings(settings: dict[str, Any]) -> None:
    told = found(("accounts.0.settings", {**AGAIN["settings"], **settings}))
    assert told
    assert not [reason for _, reason in told if SECRET in reason]


def test_the_refusal_s_sentence_is_bounded_but_its_problems_are_all() -> None:
    rules = [{**RULE, "name": f"rule {n}", "workstream": "nowhere"} for n in range(500)]
    with pytest.raises(InvalidDocument) as refused:
        validate(text(("rules", rules)))
    assert len(refused.value.problems) == 500
    assert refused.value.reason.endswith("and 480 more")


def test_typed_values_are_what_they_look_like() -> None:
    document = read(
        "operatingHours: [{id: o, timezone: UTC, open: [{days: [mon], from: 08:00, until: 12:30}]}]\n"
        "workstreams: [{id: w, agentQueue: q, autoClose: {waiting: P2D, open: null}}]"
    )
    opening = document.operating_hours[0].open[0]
    assert (opening.start.hour, opening.until.hour, opening.until.minute) == (8, 12, 30)
    times = document.workstreams[0].auto_close
    assert (times.waiting, times.open) == (timedelta(days=2), None)


def test_the_schema_describes_the_documents_that_are_read(example: str) -> None:
    described = json.loads(json.dumps(schema()))
    jsonschema.Draft202012Validator.check_schema(described)
    validator = jsonschema.Draft202012Validator(described)
    assert list(validator.iter_errors(load(example))) == []
    assert list(validator.iter_errors(WHOLE)) == []


@pytest.mark.parametrize(
    "changes",
    [
        ("colour", "red"),
        ("accounts.0.settings.sendr", "x"),
        ("accounts.0.settings.accountSid", "x"),
        ("accounts.1.settings.pageToken", {"secrets": "x"}),
        ("accounts.1.settings.pageToken", GONE),
    ],
)
def test_the_schema_refuses_what_the_check_refuses(changes: tuple[str, Any]) -> None:
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(changed(changes)))
    assert found(changes)


def test_the_sample_s_secret_is_really_in_it() -> None:
    assert TWILIO_TOKEN in text()
    assert yaml.safe_load(text()) == WHOLE
    assert Document.model_validate(WHOLE).accounts


def test_what_was_probably_meant_is_told(example: str) -> None:
    mistyped = example.replace("workstream: sales", "workstream: slaes", 1)
    assert [one.reason for one in problems(read(mistyped))] == [
        "there is no workstream 'slaes': is it 'sales'?"
    ]
    mistyped = example.replace("local-telegram-secret-token", "{sercet: telegram}")
    assert [str(one) for one in problems(read(mistyped))] == [
        "accounts[7].settings.secretToken: must be text, or a reference: {secret: NAME}"
    ]
