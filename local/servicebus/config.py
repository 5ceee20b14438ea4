"""The queues to serve, read from a file in the shape of the official Service Bus emulator's Config.json.

Follows https://learn.microsoft.com/azure/service-bus-messaging/test-locally-with-service-bus-emulator.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

MAX_TIME = timedelta(days=3650)


class Shape(BaseModel):
    """A frozen part of the file; names are PascalCase as the official emulator spells them."""

    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, populate_by_name=True, extra="ignore")


class Rules(Shape):
    """What a queue promises. Durations are ISO 8601 in the file; the defaults are Azure's."""

    lock_duration: timedelta = Field(timedelta(minutes=1), gt=timedelta(0), le=timedelta(minutes=5))
    max_delivery_count: int = Field(10, ge=1, le=2000)
    requires_session: bool = False
    requires_duplicate_detection: bool = False
    duplicate_detection_history_time_window: timedelta = Field(
        timedelta(minutes=10), ge=timedelta(seconds=1), le=timedelta(days=7)
    )
    default_message_time_to_live: timedelta = Field(MAX_TIME, gt=timedelta(0))
    dead_lettering_on_message_expiration: bool = False
    forward_dead_lettered_messages_to: str = ""
    forward_to: str = Field("", max_length=0)


class QueueConfig(Shape):
    """One queue."""

    name: str = Field(min_length=1, max_length=260, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/~-]*$")
    properties: Rules = Rules()


class Namespace(Shape):
    """The one namespace of the emulator. Topics are not served, so a file with topics is refused."""

    name: str = "sbemulatorns"
    queues: tuple[QueueConfig, ...] = ()
    topics: tuple[object, ...] = Field((), max_length=0)


class UserConfig(Shape):
    """The file's only section that matters here."""

    namespaces: tuple[Namespace, ...] = Field(min_length=1, max_length=1)


class Config(Shape):
    """The whole file."""

    user_config: UserConfig

    @property
    def queues(self) -> dict[str, Rules]:
        """Give the rules of each queue by its name. Raises ValueError for a forward to nowhere."""
        found = {queue.name: queue.properties for queue in self.user_config.namespaces[0].queues}
        for rules in found.values():
            target = rules.forward_dead_lettered_messages_to
            if target and target not in found:
                raise ValueError(f"ForwardDeadLetteredMessagesTo names no queue: {target}")
            if target and found[target].requires_session and not rules.requires_session:
                raise ValueError(
                    f"ForwardDeadLetteredMessagesTo needs sessions, the source has none: {target}"
                )
        return found


def read_config(path: Path) -> Config:
    """Read and check the file. Raises OSError or pydantic's ValidationError."""
    return Config.model_validate_json(path.read_bytes())


def default_config(channels: Iterable[str]) -> dict[str, Any]:
    """Give the configuration of the service's queues: two for each channel, `media` and `parked`."""
    ordered = {
        "LockDuration": "PT1M",
        "MaxDeliveryCount": 10,
        "RequiresSession": True,
        "RequiresDuplicateDetection": True,
        "DuplicateDetectionHistoryTimeWindow": "PT10M",
        "DefaultMessageTimeToLive": "P14D",
        "DeadLetteringOnMessageExpiration": True,
        "ForwardDeadLetteredMessagesTo": "",
        "ForwardTo": "",
    }
    parked = ordered | {
        "RequiresSession": False,
        "RequiresDuplicateDetection": False,
    }
    names = [f"{way}-{channel}" for channel in channels for way in ("inbound", "outbound")]
    queues = [{"Name": name, "Properties": ordered} for name in names]
    queues.append({"Name": "media", "Properties": ordered | {"RequiresSession": False}})
    queues.append({"Name": "parked", "Properties": parked})
    namespace = {"Name": "sbemulatorns", "Queues": queues}
    return {"UserConfig": {"Namespaces": [namespace], "Logging": {"Type": "Console"}}}
