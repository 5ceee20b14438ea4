"""The configuration file, in the official emulator's shape."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from functions.channels import channel_names
from local.servicebus.config import default_config, read_config
from tests.platform.servicebus.conftest import write_config

SHIPPED = Path(__file__).parents[3] / "local" / "servicebus.json"
CHANNELS = channel_names()


def test_the_shipped_file_is_the_default_configuration() -> None:
    assert json.loads(SHIPPED.read_text()) == default_config(CHANNELS)


def test_the_queues_keep_order_and_tell_duplicates() -> None:
    queues = read_config(SHIPPED).queues
    assert set(queues) == {f"{way}-{name}" for name in CHANNELS for way in ("inbound", "outbound")} | {
        "media",
        "parked",
    }
    inbound = queues["inbound-sms"]
    assert inbound.requires_session
    assert inbound.requires_duplicate_detection
    assert inbound.duplicate_detection_history_time_window == timedelta(minutes=10)
    assert inbound.lock_duration == timedelta(minutes=1)
    assert inbound.default_message_time_to_live == timedelta(days=14)
    assert not queues["parked"].requires_session
    assert not queues["media"].requires_session
    assert queues["media"].requires_duplicate_detection


@pytest.mark.parametrize(
    "rules",
    [
        {"LockDuration": "PT10M"},
        {"LockDuration": "soon"},
        {"MaxDeliveryCount": 0},
        {"DuplicateDetectionHistoryTimeWindow": "P8D"},
        {"ForwardTo": "other"},
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path: Path, rules: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        read_config(write_config(tmp_path / "config.json", {"queue": rules}))


def test_a_forward_to_nowhere_is_refused(tmp_path: Path) -> None:
    path = write_config(tmp_path / "config.json", {"queue": {"ForwardDeadLetteredMessagesTo": "nowhere"}})
    with pytest.raises(ValueError, match="nowhere"):
        _ = read_config(path).queues
