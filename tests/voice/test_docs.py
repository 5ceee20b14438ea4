"""docs/voice.md is right: its configuration can be applied, its diagram has the flow's states."""

import re

from functions.configuration.check import validate
from functions.voice.model import CallState
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "voice.md").read_text()
[YAML] = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
[DIAGRAM] = re.findall(r"```mermaid\n(.*?)```", TEXT, re.DOTALL)


def test_the_configuration_can_be_applied() -> None:
    assert validate(YAML).call_flows[0].id == "service"


def test_the_diagram_has_every_state() -> None:
    named = re.findall(r"^  (\S+) --> (\w+)", DIAGRAM, re.MULTILINE)
    assert {name for pair in named for name in pair} - {"[*]"} == set(CallState)
