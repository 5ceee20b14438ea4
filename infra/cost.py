"""What a rate of messages costs in a month, and how far the services' limits are: pure arithmetic.

https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs. On Flex Consumption an instance
is billed while it works, a second at least. HTTP functions share theirs, each other one has its own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from croniter import croniter

from infra.prices import Input, Prices, Rate, Work

HOURS = 730.0
SECONDS = HOURS * 3600
MILLION = 1e6
START, DAY = datetime(2026, 1, 1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Load:
    """What arrives in a second, and the instances that it takes on the average."""

    http: float
    queue: float
    bus_operations: float
    table_calls: float
    http_instances: float
    queue_instances: float

    @property
    def bus_credits(self) -> float:
        """Give the messages that are sent and received, which is what Service Bus throttles by."""
        return 2 * self.queue

    @property
    def instances(self) -> float:
        """Give those of all functions together."""
        return self.http_instances + self.queue_instances


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a month, by service."""

    functions: float
    service_bus: float
    tables: float
    logs: float
    messages: float

    @property
    def month(self) -> float:
        """Give the sum."""
        return self.functions + self.service_bus + self.tables + self.logs

    @property
    def per_million(self) -> float:
        """Give what a million customers' messages cost, with their replies and receipts."""
        return self.month / self.messages * MILLION


def timers_a_second(schedules: Sequence[str]) -> float:
    """Give how often timers run in a second, from their schedules of six fields, seconds first."""
    runs = sum(_runs(schedule) for schedule in schedules)
    return runs / DAY.total_seconds()


def _runs(schedule: str) -> int:
    moments = croniter(schedule, START, ret_type=datetime, second_at_beginning=True)
    return sum(1 for _ in takewhile(lambda moment: moment <= START + DAY, iter(moments)))


def load(rate: Rate, given: Input) -> Load:
    """Give the load of a rate: each message with its share of replies, receipts and first messages."""
    shape, a_second = given.shape, rate.per_minute / 60
    shares: list[tuple[float, Work]] = [
        (1.0, given.work.inbound),
        (shape.first_message, given.work.first_message),
        (shape.reply, given.work.reply),
        (shape.reply * shape.receipts_of_reply, given.work.receipt),
    ]

    def total(name: str) -> float:
        return a_second * sum(share * float(getattr(work, name)) for share, work in shares)

    queues = 2 * shape.channels  # routing and delivery of each
    return Load(
        http=total("http"),
        queue=total("queue"),
        bus_operations=total("bus_operations"),
        table_calls=total("table_calls"),
        http_instances=_instances(rate.apps, total("http"), total("http_milliseconds"), given),
        queue_instances=_instances(queues, total("queue"), total("queue_milliseconds"), given),
    )


def cost(rate: Rate, given: Input, timers: float) -> Cost:
    """Give a month's cost; `timers` is how often in a second an app's timers run."""
    found, prices = load(rate, given), given.prices
    messages = rate.per_minute / 60 * SECONDS
    return Cost(
        functions=_functions(found, rate, given, timers),
        service_bus=_service_bus(found, rate, prices),
        tables=found.table_calls * SECONDS / MILLION * prices.table_calls.amount
        + messages * given.shape.kilobytes_kept / MILLION * prices.table_gigabyte.amount,
        logs=messages * rate.log_kilobytes / MILLION * prices.logs_gigabyte.amount,
        messages=messages,
    )


def _instances(groups: int, a_second: float, milliseconds: float, given: Input) -> float:
    """Give how many work at a time, of groups that share the load evenly.

    Where calls are rare it is less than one each: as much as there is a call in every least second.
    """
    rare = 1 - math.exp(-a_second / groups * given.shape.least_seconds)
    return groups * max(rare, milliseconds / groups / 1000 / given.shape.utilisation)


def _functions(found: Load, rate: Rate, given: Input, timers: float) -> float:
    prices, gigabytes = given.prices, rate.instance_memory_mb / 1024
    ready = rate.apps * rate.always_ready
    on_ready = min(found.http_instances, ready)
    clock = rate.apps * timers * given.shape.least_seconds
    on_demand = found.instances - on_ready + clock
    executions = (found.http + found.queue + rate.apps * timers) * SECONDS / MILLION
    return executions * prices.functions_executions.amount + gigabytes * SECONDS * (
        on_demand * prices.functions_second.amount
        + ready * prices.functions_ready_second.amount
        + on_ready * prices.functions_ready_work_second.amount
    )


def _service_bus(found: Load, rate: Rate, prices: Prices) -> float:
    if rate.service_bus_sku == "Premium":
        return rate.service_bus_capacity * HOURS * prices.bus_unit_hour.amount
    millions = found.bus_operations * SECONDS / MILLION
    some = min(max(millions - prices.bus_included.amount, 0), 100 - prices.bus_included.amount)
    many = max(millions - 100, 0)
    return (
        HOURS * prices.bus_standard_hour.amount
        + some * prices.bus_operations.amount
        + many * prices.bus_many_operations.amount
    )
