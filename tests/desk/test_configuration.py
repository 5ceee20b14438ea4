"""Administrators read, check, compare, apply and explain the configuration."""

from typing import Any

import jsonschema
import pytest
import yaml

from functions.configuration.check import masked, read
from functions.configuration.yaml_text import load
from tests.desk.kit import ADMINISTRATOR, AGENT, Desk, Told

SECRETS = ("local-twilio-auth-token", "local-meta-app-secret", "100001:local-telegram-bot-token")


async def administrator(desk: Desk, method: str, path: str, body: Any = None, **headers: str) -> Told:
    return await desk.call(method, path, body, role=ADMINISTRATOR, **headers)


async def test_the_document_goes_out_with_its_secrets_masked(desk: Desk, example: str) -> None:
    told = await administrator(desk, "GET", "configuration")
    assert told.headers["etag"] == '"1"'
    assert not any(secret in told.body for secret in SECRETS)
    assert read(told.body) == masked(read(example))


@pytest.mark.parametrize(("verb", "path"), [("PUT", "configuration"), ("POST", "configuration/diff")])
async def test_masks_do_not_replace_the_secrets_that_they_hide(desk: Desk, verb: str, path: str) -> None:
    shown = (await administrator(desk, "GET", "configuration")).body
    told = await administrator(desk, verb, path, shown)
    assert (told.status, told.body["type"]) == (400, "urn:monikanava:problem:invalid-configuration")
    assert "accounts[0].settings.authToken" in [error["path"] for error in told.body["errors"]]
    kept = await desk.services.configurations.text(1)
    assert SECRETS[0] in kept


async def test_a_document_is_applied_and_in_force_at_once(blank: Desk, example: str) -> None:
    assert (await administrator(blank, "GET", "configuration")).headers["etag"] == '"0"'
    told = await administrator(blank, "PUT", "configuration", example, if_match='"0"')
    assert (told.status, told.body["version"], told.headers["etag"]) == (200, 1, '"1"')
    accounts = await administrator(blank, "GET", "accounts")
    written = [one["id"] for one in yaml.safe_load(example)["accounts"]]
    assert [one["id"] for one in accounts.body["items"]] == written
    assert (await blank.call("GET", "records/contact/aino")).body["phones"] == ["+358401234567"]


@pytest.mark.parametrize("match", ['"7"', "7", '"0"'])
async def test_an_edit_of_another_version_is_refused(desk: Desk, example: str, match: str) -> None:
    told = await administrator(desk, "PUT", "configuration", example, if_match=match)
    assert (told.status, told.body["type"]) == (412, "urn:monikanava:problem:precondition-failed")


@pytest.mark.parametrize("match", ['W/"1"', "one", '"1", "2"'])
async def test_a_condition_that_cannot_be_read_is_refused(desk: Desk, example: str, match: str) -> None:
    assert (await administrator(desk, "PUT", "configuration", example, if_match=match)).status == 400


async def test_every_problem_is_told_and_nothing_is_applied(desk: Desk, example: str) -> None:
    broken = example.replace("workstream: sales", "workstream: slaes").replace("agentQueue: gold", "x: y")
    validation = await administrator(desk, "POST", "configuration/validate", broken)
    assert (validation.status, validation.body["valid"]) == (200, False)
    paths = {problem["path"] for problem in validation.body["problems"]}
    streams = [one["workstream"] for one in yaml.safe_load(broken)["accounts"]]
    assert {f"accounts[{streams.index('slaes')}].workstream", "workstreams[0].rules[0].x"} <= paths
    told = await administrator(desk, "PUT", "configuration", broken)
    assert told.status == 400
    assert told.body["errors"] == validation.body["problems"]
    assert (await desk.services.configurations.current()).version == 1


async def test_a_good_document_has_no_problems(desk: Desk, example: str) -> None:
    told = await administrator(desk, "POST", "configuration/validate", example)
    assert told.body == {"valid": True, "problems": []}


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"\xff", 400), ("{", 400), ("", 400), ("a: &a [*a]", 400), ("#" * 4_000_001, 413)],
)
async def test_what_is_no_document_is_refused(desk: Desk, body: str | bytes, status: int) -> None:
    assert (await administrator(desk, "PUT", "configuration", body)).status == status


async def test_changes_are_told_without_secrets(desk: Desk, example: str) -> None:
    changed = example.replace("local-twilio-auth-token", "rotated").replace("name: Sales", "name: Myynti")
    told = await administrator(desk, "POST", "configuration/diff", changed)
    assert {change["path"] for change in told.body["changes"]} >= {"workstreams[sales].name"}
    assert "rotated" not in str(told.body)
    assert "local-twilio-auth-token" not in str(told.body)


async def test_a_decision_is_explained_rule_by_rule(desk: Desk) -> None:
    message = {
        "channel": "sms",
        "account": "sms-twilio",
        "text": "Paljonko tarjous maksaa?",
        "sender": {"id": "+358401234567", "phone": "+358401234567"},
    }
    told = await administrator(desk, "POST", "configuration/explain", {"message": message})
    assert (told.body["workstream"], told.body["agentQueue"]) == ("sales", "account-managers")
    rules = [(verdict["rule"], verdict["matched"]) for verdict in told.body["verdicts"]]
    assert rules == [("who asks to buy goes to sales", True), ("sales/customers we know", True)]
    assert any("message.text" in operand for operand in told.body["verdicts"][0]["operands"])
    assert await desk.services.identities.get("sms", "sms-twilio", "+358401234567") is None


@pytest.mark.parametrize(
    "message",
    [
        {"channel": "sms", "account": "nobody"},
        {"channel": "sms", "account": "sms-twilio", "provider": "meta"},
        {"channel": "sms"},
        {"channel": "sms", "account": "sms-twilio", "txet": "moi"},
        {"channel": "sms", "account": "sms-twilio", "receivedAt": "2026-01-01T00:00:00"},
        {"channel": "sms", "account": "sms-twilio", "receivedAt": "0001-01-01T00:00:00+14:00"},
        {"channel": "sms", "account": "sms-twilio", "receivedAt": "9999-12-31T23:00:00-12:00"},
    ],
)
async def test_a_message_that_could_not_come_is_not_explained(desk: Desk, message: dict[str, str]) -> None:
    told = await administrator(desk, "POST", "configuration/explain", {"message": message})
    assert told.status == 400


async def test_the_schema_takes_the_example(desk: Desk, example: str) -> None:
    told = await administrator(desk, "GET", "configuration/schema")
    assert told.headers["content-type"] == "application/schema+json"
    jsonschema.Draft202012Validator(told.body).validate(load(example))


async def test_agents_do_not_see_the_configuration(desk: Desk) -> None:
    for path in ("configuration", "configuration/schema", "accounts", "parked"):
        assert (await desk.call("GET", path, role=AGENT)).status == 403
