"""docs/chat.md is right: its configuration can be applied, and its table has every setting."""

import re

from pydantic.alias_generators import to_camel

from functions.channels.chat import ChatSettings
from functions.configuration.check import validate
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "chat.md").read_text()


def test_the_configuration_can_be_applied() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    [account] = validate(text).accounts
    assert (account.channel, account.provider) == ("chat", "directline")


def test_the_table_has_every_setting() -> None:
    named = {name for row in re.findall(r"^\| (`.*?) \|", TEXT, re.MULTILINE) for name in row.split(", ")}
    assert named == {f"`{to_camel(name)}`" for name in ChatSettings.model_fields}
