"""The environment as settings: what is taken, and which name is missed."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from functions.settings import MissingSetting, Settings, from_environment
from infra.queues import OFFICIAL, official_text
from local.servicebus.config import read_config

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {
    "PUBLIC_BASE_URL": "https://omni.example.com/",
    "ServiceBusConnection": "Endpoint=sb://x;SharedAccessKeyName=k;SharedAccessKey=s",
    "TABLES_CONNECTION_STRING": "UseDevelopmentStorage=true",
    "BLOBS_CONNECTION_STRING": "UseDevelopmentStorage=true;",
    "AUTH_ISSUER": "https://login.example/v2.0",
    "AUTH_AUDIENCE": "api://monikanava",
    "AUTH_JWKS_URL": "https://login.example/keys",
}


def test_a_whole_environment_is_taken() -> None:
    assert from_environment({**ENVIRONMENT, "CHANNELS": "sms, voice  facebook"}) == Settings(
        public_base_url="https://omni.example.com",
        bus_connection=ENVIRONMENT["ServiceBusConnection"],
        tables_connection="UseDevelopmentStorage=true",
        blobs_connection="UseDevelopmentStorage=true;",
        key_vault="",
        auth_issuer="https://login.example/v2.0",
        auth_audience="api://monikanava",
        auth_jwks_url="https://login.example/keys",
        channels=("sms", "voice", "facebook"),
    )


def test_without_a_list_all_channels_are_served() -> None:
    assert from_environment(ENVIRONMENT).channels == ()


@pytest.mark.parametrize("name", ENVIRONMENT)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_or_empty_setting_is_named(name: str, value: str | None) -> None:
    others = {key: text for key, text in ENVIRONMENT.items() if key != name}
    with pytest.raises(MissingSetting, match=f"the setting {name} is missing: ."):
        from_environment(others if value is None else {**others, name: value})


def test_managed_identity_needs_host_names_only() -> None:
    others = {key: text for key, text in ENVIRONMENT.items() if key[:3] not in ("Ser", "TAB", "BLO")}
    found = from_environment(
        {
            **others,
            "ServiceBusConnection__fullyQualifiedNamespace": "omni.servicebus.windows.net",
            "TABLES_ENDPOINT": "https://omni.table.core.windows.net",
            "BLOBS_ENDPOINT": "https://omni.blob.core.windows.net",
            "KEY_VAULT_URI": "https://omni.vault.azure.net",
        }
    )
    assert found.bus_connection == "omni.servicebus.windows.net"
    assert found.tables_connection == "https://omni.table.core.windows.net"
    assert found.blobs_connection == "https://omni.blob.core.windows.net"
    assert found.key_vault == "https://omni.vault.azure.net"


def test_a_channel_of_another_app_is_called_there() -> None:
    urls = {"CHANNEL_URLS": "chat=https://chat.example.com/ sms=https://sms.example.com"}
    found = from_environment(ENVIRONMENT | urls)
    assert found.callback("chat", "site") == "https://chat.example.com/api/channels/chat/site"
    assert found.callback("line", "shop") == "https://omni.example.com/api/channels/line/shop"


def test_a_channel_without_a_url_stops_the_start() -> None:
    with pytest.raises(MissingSetting, match="CHANNEL_URLS has no URL for 'chat'"):
        from_environment(ENVIRONMENT | {"CHANNEL_URLS": "chat"})


def test_the_sample_of_local_settings_is_complete() -> None:
    sample = json.loads((Path(__file__).parent.parent / "local.settings.sample.json").read_text())
    assert from_environment(sample["Values"]).public_base_url == "http://127.0.0.1:7071"


def test_the_sample_and_the_page_name_every_setting_that_is_read() -> None:
    source = (ROOT / "functions" / "settings.py").read_text()
    read = set(re.findall(r'"([A-Z][A-Z_]{5,})"', source)) | {"ServiceBusConnection"}
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    workers = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage", "PYTHON_ENABLE_OPENTELEMETRY"}
    azures = {"APPLICATIONINSIGHTS_AUTHENTICATION_STRING"}  # empty, it is a mistake to the exporter
    assert (read - azures) | workers == set(sample)
    page = (ROOT / "docs" / "core-tools.md").read_text()
    assert [name for name in read if f"`{name}`" not in page] == []


def test_the_official_emulator_is_given_our_queues() -> None:
    compose = yaml.safe_load((ROOT / "local" / "docker-compose.yaml").read_text())
    emulator = compose["services"]["servicebus"]
    (mounted,) = emulator["volumes"]
    assert (ROOT / "local" / mounted.partition(":")[0]).resolve() == OFFICIAL
    assert emulator["environment"]["SQL_SERVER"] in compose["services"]
    assert emulator["ports"] == ["127.0.0.1:5673:5672"]
    assert OFFICIAL.read_text() == official_text()
    config = read_config(OFFICIAL)
    assert config.queues.keys() == read_config(ROOT / "local" / "servicebus.json").queues.keys()
    # https://github.com/Azure/azure-service-bus-emulator-installer: Schema/Config-schema.json
    assert len(config.queues) <= 50
    for rules in config.queues.values():
        assert rules.default_message_time_to_live <= timedelta(hours=1)
        assert rules.duplicate_detection_history_time_window <= timedelta(minutes=5)
        assert timedelta(seconds=5) <= rules.lock_duration <= timedelta(minutes=5)
        assert rules.max_delivery_count <= 10


def test_push_is_taken_by_key_or_by_identity_or_not_at_all() -> None:
    endpoint = {"WEBPUBSUB_ENDPOINT": "https://omni.webpubsub.azure.com"}
    string = {"WEBPUBSUB_CONNECTION_STRING": "Endpoint=https://omni;AccessKey=k"}
    assert from_environment(ENVIRONMENT).push_connection == ""
    assert from_environment({**ENVIRONMENT, **endpoint}).push_connection == endpoint["WEBPUBSUB_ENDPOINT"]
    found = from_environment({**ENVIRONMENT, **endpoint, **string}).push_connection
    assert found == string["WEBPUBSUB_CONNECTION_STRING"]
