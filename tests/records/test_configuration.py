"""Record tables, intake rules and the account in the configuration: what is refused, and what is hidden."""

from typing import Any

import pytest

from functions.configuration.changes import diff, masked
from functions.configuration.check import problems, read
from functions.configuration.document import Document
from functions.configuration.problem import InvalidDocument
from functions.configuration.yaml_text import load
from tests.records.house import DOCUMENT, KEY

RULE = {"name": "r", "when": {"field": "record.entity", "equals": "incident"}, "workstream": "cases"}


def document(**changes: Any) -> Document:
    whole: Any = load(DOCUMENT)
    return Document.model_validate({**whole, **changes})


def test_the_houses_own_has_no_problems() -> None:
    assert problems(read(DOCUMENT)) == []


@pytest.mark.parametrize(
    ("changes", "where", "reason"),
    [
        ({"intakeRules": [RULE, RULE]}, "intakeRules[1].name", "is the name of intakeRules[0] already"),
        (
            {"intakeRules": [{**RULE, "workstream": "none"}]},
            "intakeRules[0].workstream",
            "there is no workstream",
        ),
        ({"intakeRules": [{**RULE, "workstream": None}]}, "intakeRules[0].workstream", "is missing"),
        ({"intakeRules": [{**RULE, "agentQueue": "urgent"}]}, "intakeRules[0].agentQueue", "workstream only"),
        (
            {"intakeRules": [{**RULE, "when": {"field": "record.", "equals": "x"}}]},
            "intakeRules[0].when.field",
            "there is no field",
        ),
        (
            {"recordTables": [{"entity": "contact"}, {"entity": "contact"}]},
            "recordTables[1].entity",
            "is the entity of recordTables[0] already",
        ),
        ({"entitlements": ["digital-messaging"]}, "accounts[1].channel", "needs the entitlement 'records'"),
    ],
)
def test_one_problem(changes: dict[str, Any], where: str, reason: str) -> None:
    [problem] = problems(document(**changes))
    assert problem.path == where
    assert reason in problem.reason


@pytest.mark.parametrize(
    "table",
    [
        {"entity": "Contact"},
        {"entity": "contact", "phones": ["Mobile Phone"]},
        {"entity": "contact", "active": {"column": "statecode", "values": []}},
        {"entity": "contact", "socialIds": {"LINE": ["new_line"]}},
        {"entity": "contact", "fullName": "x"},
    ],
)
def test_a_table_that_cannot_be_is_told_by_its_place(table: dict[str, Any]) -> None:
    text = DOCUMENT.replace("- entity: new_visit", f"- {table}\n  - entity: new_visit")
    with pytest.raises(InvalidDocument) as refused:
        read(text)
    assert all(problem.path.startswith("recordTables[0].") for problem in refused.value.problems)


def test_the_keys_of_the_webhook_are_masked_and_a_difference_is_named() -> None:
    shown = masked(read(DOCUMENT)).model_dump_json()
    assert KEY not in shown
    other: Any = load(DOCUMENT.replace(KEY, "another-key"))
    [change] = diff(read(DOCUMENT), Document.model_validate(other))
    assert change.path == "accounts[dynamics].settings.headers"
    assert "another-key" not in change.model_dump_json()
    assert KEY not in change.model_dump_json()


def test_differences_are_named_by_table_and_rule() -> None:
    tables: Any = load(DOCUMENT)["recordTables"]  # type: ignore[call-overload, index]
    after = document(recordTables=[{**tables[0], "name": "new_name"}], intakeRules=[RULE])
    paths = [change.path for change in diff(document(), after)]
    assert "recordTables[new_visit].name" in paths
    assert "intakeRules[r]" in paths


def test_the_order_of_intake_rules_counts() -> None:
    rules = document().intake_rules
    turned = document().model_copy(update={"intake_rules": rules[::-1]})
    assert [change.path for change in diff(document(), turned)] == ["intakeRules"]
