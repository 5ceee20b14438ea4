"""The example of docs/records.md can be applied."""

from pathlib import Path

from functions.configuration.check import validate

DOCS = (Path(__file__).parents[2] / "docs" / "records.md").read_text()


def test_the_configuration_can_be_applied() -> None:
    text = DOCS.partition("```yaml\n")[2].partition("```")[0]
    document = validate(text)
    assert [rule.workstream for rule in document.intake_rules] == ["cases"]
    assert document.record_table("new_visit").customer == ("new_guest",)
