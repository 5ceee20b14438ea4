"""What the administrator is told to paste where, from the configuration and what azd knows."""

import pytest
from pydantic import ValidationError

from functions.configuration.check import read
from infra.__main__ import main
from infra.callbacks import apps, lines
from local.child import ROOT

DEPLOYED = apps(
    """[{"name": "whatsapp", "resource": "f1", "url": "https://one.example.com", "channels": ["whatsapp"]},
        {"name": "api", "resource": "f2", "url": "https://two.example.com", "channels": ["sms"]}]"""
)
DOCUMENT = """
version: 1
entitlements: [digital-messaging]
accounts:
  - id: wa
    channel: whatsapp
    provider: meta
    workstream: service
    settings:
      phoneNumberId: "100000000000002"
      appSecret: {secret: wa-app}
      verifyToken: {secret: wa-verify}
      accessToken: {secret: wa-access}
  - id: text
    channel: sms
    provider: twilio
    workstream: service
    settings: {accountSid: AC00000000000000000000000000000001, authToken: {secret: wa-app}, sender: "+358401"}
  - id: bot
    channel: telegram
    provider: telegram
    workstream: service
    settings: {botToken: {secret: bot}, secretToken: {secret: bot-secret}}
workstreams: [{id: service, name: Service, agentQueue: service}]
agentQueues: [{id: service, name: Service}]
"""


def test_each_account_has_the_callback_of_the_app_that_serves_it() -> None:
    told = list(lines(read(DOCUMENT), DEPLOYED, "kv-test"))
    assert "  https://one.example.com/api/channels/whatsapp/wa" in told
    assert "  https://two.example.com/api/channels/sms/text" in told
    assert "  no app serves the channel telegram" in told


def test_a_secret_is_told_by_its_name_in_each_step_and_to_be_put_into_the_vault_once() -> None:
    told = list(lines(read(DOCUMENT), DEPLOYED, "kv-test"))
    assert any("(the secret wa-verify of Key Vault)" in line for line in told)
    assert sum("--vault-name kv-test --name wa-app " in line for line in told) == 1


@pytest.mark.parametrize("channels", ['["telegram"]', "[]"])
def test_while_a_channel_moves_the_new_app_is_told(channels: str) -> None:
    two = apps(
        f"""[{{"name": "old", "resource": "f1", "url": "https://old.example.com", "channels": {channels}}},
             {{"name": "new", "resource": "f2", "url": "https://new.example.com",
               "channels": ["telegram"]}}]"""
    )
    told = list(lines(read(DOCUMENT), two, "kv-test"))
    assert "  https://new.example.com/api/channels/telegram/bot" in told


def test_an_app_that_names_a_channel_goes_before_one_that_serves_all() -> None:
    two = apps(
        """[{"name": "bots", "resource": "f1", "url": "https://bots.example.com", "channels": ["telegram"]},
            {"name": "api", "resource": "f2", "url": "https://all.example.com", "channels": []}]"""
    )
    told = list(lines(read(DOCUMENT), two, "kv-test"))
    assert "  https://bots.example.com/api/channels/telegram/bot" in told
    assert "  https://all.example.com/api/channels/sms/text" in told


def test_one_app_without_a_list_serves_all() -> None:
    one = apps('[{"name": "api", "resource": "func", "url": "https://all.example.com", "channels": []}]')
    told = list(lines(read(DOCUMENT), one, "kv-test"))
    assert sum("https://all.example.com/api/channels/" in line for line in told) >= 3


def test_what_azd_did_not_write_is_refused() -> None:
    with pytest.raises(ValidationError):
        apps("[{}]")


def test_outside_azd_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MONIKANAVA_APPS", raising=False)
    monkeypatch.setattr("sys.argv", ["infra", "callbacks", str(ROOT / "local" / "configuration.yaml")])
    assert main() == 1
    assert capsys.readouterr().err == "MONIKANAVA_APPS is set by azd only: azd hooks run postprovision\n"
