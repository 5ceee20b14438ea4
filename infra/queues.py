"""The queues as Bicep reads them (`infra/queues.json`): the same facts that the local platform has.

https://learn.microsoft.com/azure/templates/microsoft.servicebus/namespaces/queues
"""

import json
from pathlib import Path
from typing import Any

from functions.channels import channel_names
from local.servicebus.config import Config, Rules, default_config

QUEUES = Path(__file__).parent / "queues.json"
LOCAL = Path(__file__).parent.parent / "local"
EMULATOR, OFFICIAL = LOCAL / "servicebus.json", LOCAL / "servicebus.official.json"
# What Microsoft's emulator takes at most (its Config-schema.json); with more it ends, saying `Out of memory`.
OFFICIAL_MOST = {"DefaultMessageTimeToLive": "PT1H", "DuplicateDetectionHistoryTimeWindow": "PT5M"}
FACTS = (
    "lock_duration",
    "max_delivery_count",
    "requires_session",
    "requires_duplicate_detection",
    "duplicate_detection_history_time_window",
    "default_message_time_to_live",
    "dead_lettering_on_message_expiration",
)


def queues() -> list[dict[str, Any]]:
    """Give each queue with its facts, spelled as Azure Resource Manager spells them."""
    config = Config.model_validate(default_config(channel_names()))
    return [{"name": name, **_facts(rules)} for name, rules in config.queues.items()]


def text() -> str:
    """Give the file's text."""
    return json.dumps(queues(), indent=2) + "\n"


def emulator_text() -> str:
    """Give the text of our emulator's file."""
    return json.dumps(default_config(channel_names()), indent=2) + "\n"


def official_text() -> str:
    """Give the text of Microsoft's emulator's file: the same queues, which keep things for a shorter time."""
    config = default_config(channel_names())
    for queue in config["UserConfig"]["Namespaces"][0]["Queues"]:
        queue["Properties"] |= OFFICIAL_MOST
    return json.dumps(config, indent=2) + "\n"


def _facts(rules: Rules) -> dict[str, Any]:
    found = rules.model_dump(mode="json", include=set(FACTS))
    names = {name: Rules.model_fields[name].alias or name for name in FACTS}
    return {alias[0].lower() + alias[1:]: found[name] for name, alias in names.items()}
