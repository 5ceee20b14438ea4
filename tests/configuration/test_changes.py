"""Differences and masks: what changed, and never a secret on either side."""

from typing import Any

import pytest

from functions.configuration.changes import Change, diff, masked
from functions.configuration.document import Document
from tests.configuration.samples import GONE, TWILIO_TOKEN, WHOLE, changed

WAS = Document.model_validate(WHOLE)


def differences(*changes: tuple[str, Any]) -> list[Change]:
    return diff(WAS, Document.model_validate(changed(*changes)))


def test_nothing_changed() -> None:
    assert differences() == []


@pytest.mark.parametrize(
    ("path", "value", "where", "kind", "before", "after"),
    [
        ("defaultRegion", "SE", "defaultRegion", "changed", None, "SE"),
        ("entitlements", ["voice"], "entitlements", "changed", ["digital-messaging"], ["voice"]),
        ("accounts.0.workstream", "sales", "accounts[sms-twilio].workstream", "changed", "service", "sales"),
        (
            "accounts.0.settings.sender",
            "+1",
            "accounts[sms-twilio].settings.sender",
            "changed",
            "+358454900000",
            "+1",
        ),
        (
            "accounts.0.settings.authToken",
            "new-token",
            "accounts[sms-twilio].settings.authToken",
            "changed",
            "********",
            "********",
        ),
        (
            "accounts.0.settings.authToken",
            {"secret": "twilio"},
            "accounts[sms-twilio].settings.authToken",
            "changed",
            "********",
            {"secret": "twilio"},
        ),
        ("agentQueues.+", {"id": "new"}, "agentQueues[new]", "added", None, {"id": "new"}),
        ("rules.0.workstream", "service", "rules[buyers].workstream", "changed", "sales", "service"),
        (
            "workstreams.0.rules.0.agentQueue",
            "service",
            "workstreams[service].rules[gold].agentQueue",
            "changed",
            "gold",
            "service",
        ),
        ("records.0.name", "Anni", "records[contact/c-1].name", "changed", "Anna", "Anni"),
    ],
)
def test_one_change(path: str, value: object, where: str, kind: str, before: object, after: object) -> None:
    (change,) = differences((path, value))
    assert (change.path, change.kind, change.before, change.after) == (where, kind, before, after)


def test_what_is_gone_is_told_whole() -> None:
    (change,) = differences(("records", []))
    assert (change.path, change.kind) == ("records[contact/c-1]", "removed")
    assert change.before == {"entity": "contact", "id": "c-1", "name": "Anna", "phones": ["040 123 4567"]}


def test_the_order_of_rules_is_a_change_and_that_of_accounts_is_none() -> None:
    rules = list(reversed(WHOLE["rules"]))
    (change,) = differences(("rules", rules), ("accounts", list(reversed(WHOLE["accounts"]))))
    assert (change.path, change.before, change.after) == ("rules", ["buyers", "others"], ["others", "buyers"])


def test_a_first_configuration_is_all_added_and_shows_no_secret() -> None:
    changes = diff(Document(), WAS)
    assert {change.kind for change in changes[1:]} == {"added"}
    assert TWILIO_TOKEN not in str(changes)
    assert TWILIO_TOKEN not in str(diff(WAS, Document()))


def test_the_mask_hides_secrets_and_shows_their_names() -> None:
    shown = masked(WAS)
    assert TWILIO_TOKEN not in shown.model_dump_json()
    assert shown.accounts[0].settings["sender"] == "+358454900000"
    assert shown.accounts[1].settings["appSecret"] == {"secret": "meta-app-secret"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("accounts.0.settings.sharedKeys", {"k1": "hidden-value"}),
        ("accounts.0.settings.auth_token", "hidden-value"),
        ("accounts.0.settings.authTokn", "hidden-value"),
        ("accounts.0.settings.authToken", ["hidden-value", {"a": "hidden-value"}]),
        ("accounts.0.settings.authToken", {"secret": "name", "value": "hidden-value"}),
        ("accounts.0.channel", "no-such-channel"),
        ("accounts.1.settings", {"secret": "hidden-value"}),
    ],
)
def test_what_might_be_a_secret_is_masked(path: str, value: object) -> None:
    shown = masked(Document.model_validate(changed((path, value)))).model_dump_json()
    assert "hidden-value" not in shown
    assert TWILIO_TOKEN not in shown


def test_a_part_that_is_gone_from_the_settings_is_told() -> None:
    (change,) = differences(("accounts.1.settings.pageToken", GONE))
    assert (change.before, change.after) == ({"secret": "meta-page-token"}, None)
