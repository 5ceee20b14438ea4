"""The input of the cost table (`infra/prices.yaml`), typed: an unknown or missing field stops its reader."""

from datetime import date
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, HttpUrl
from pydantic.alias_generators import to_camel

PRICES = Path(__file__).parent / "prices.yaml"


class Part(BaseModel):
    """A part of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


class Price(Part):
    """What so much of something costs; `checked`: when somebody compared it with its page, if ever."""

    amount: float = Field(gt=0)
    per: str
    source: HttpUrl
    checked: date | None


class Prices(Part):
    """Of everything that a message costs."""

    functions_second: Price
    functions_ready_second: Price
    functions_ready_work_second: Price
    functions_executions: Price
    bus_standard_hour: Price
    bus_included: Price
    bus_operations: Price
    bus_many_operations: Price
    bus_unit_hour: Price
    table_calls: Price
    table_gigabyte: Price
    logs_gigabyte: Price


class Work(Part):
    """What one thing of a kind causes: executions, calls, and milliseconds of a core."""

    http: float
    queue: float
    bus_operations: float
    table_calls: float
    http_milliseconds: float
    queue_milliseconds: float


class Kinds(Part):
    """The work of each kind of thing."""

    inbound: Work
    first_message: Work
    reply: Work
    receipt: Work


class Shape(Part):
    """What is assumed of the messages."""

    channels: int = Field(ge=1)
    first_message: float
    reply: float
    receipts_of_reply: float
    kilobytes_kept: float
    utilisation: float = Field(gt=0, le=1)
    least_seconds: float


class Rate(Part):
    """So many customers' messages a minute, and what to set for them: main.bicep's parameters."""

    per_minute: int = Field(gt=0)
    apps: int = Field(ge=1)
    instance_memory_mb: Literal[512, 2048, 4096] = Field(alias="instanceMemoryMB")
    maximum_instance_count: int = Field(ge=40, le=1000)
    http_concurrency: int = Field(ge=1, le=1000)
    always_ready: int = Field(ge=0, le=100)
    service_bus_sku: Literal["Standard", "Premium"]
    service_bus_capacity: Literal[1, 2, 4, 8, 16]
    scale_by_queue_length: bool
    trace_sampling: int = Field(ge=1, le=100)
    log_kilobytes: float


class Limit(Part):
    """How far a service goes: a rate with the load that meets it, or a figure."""

    service: str
    what: str
    source: HttpUrl
    most: float | None = None
    load: Literal["busCredits", "tableCalls", "instances"] | None = None
    sku: str = ""
    figure: str = ""


class Input(Part):
    """The whole file."""

    as_of: date
    currency: str
    prices: Prices
    work: Kinds
    shape: Shape
    rates: tuple[Rate, ...]
    limits: tuple[Limit, ...]


def read(path: Path = PRICES) -> Input:
    """Read and check the file. Raises pydantic's ValidationError."""
    return Input.model_validate(yaml.safe_load(path.read_text()))
