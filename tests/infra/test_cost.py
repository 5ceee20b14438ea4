"""The tables of docs/scaling.md are those of the script; the arithmetic is checked by hand."""

import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from infra.check import ROOT, code
from infra.check.bicep import Kind, properties, read
from infra.cost import HOURS, SECONDS, cost, load, timers_a_second
from infra.prices import PRICES, Rate
from infra.prices import read as read_prices
from infra.tables import PAGE, written

GIVEN = read_prices()
SLOW, _, FAST = GIVEN.rates
PARAMETERS = ("serviceBusSku", "serviceBusCapacity", "scaleByQueueLength", "traceSampling")


def test_the_page_has_the_present_tables(uses: code.Uses) -> None:
    page = PAGE.read_text()
    assert written(page, GIVEN, timers_a_second(uses.timers)) == page


def test_the_rates_are_those_that_are_asked_for() -> None:
    assert [rate.per_minute for rate in GIVEN.rates] == [10, 1_000, 100_000]


@pytest.mark.parametrize("rate", GIVEN.rates, ids=lambda rate: f"{rate.per_minute} a minute")
def test_no_rate_is_over_a_limit(rate: Rate) -> None:
    found = load(rate, GIVEN)
    loads = {
        "busCredits": found.bus_credits,
        "tableCalls": found.table_calls,
        "instances": found.instances,
    }
    for limit in GIVEN.limits:
        if limit.load and limit.most and limit.sku in ("", rate.service_bus_sku):
            assert loads[limit.load] < limit.most, limit.what
    assert found.http_instances < rate.maximum_instance_count * rate.apps


def test_what_is_set_is_a_parameter_of_bicep() -> None:
    main, types = read(ROOT / "main.bicep"), read(ROOT / "types.bicep")
    assert set(PARAMETERS) <= set(main.of(Kind.PARAMETER))
    app = types.of(Kind.TYPE)["appOption"].node
    names = set(properties(next(child for child in app.children if child.type == "object")))
    fields = {field.alias for field in Rate.model_fields.values()}
    assert fields - {"perMinute", "apps", "logKilobytes"} <= names | set(PARAMETERS)


def test_operations_are_counted() -> None:
    work, shape = GIVEN.work, GIVEN.shape
    a_message = work.inbound.bus_operations + shape.reply * work.reply.bus_operations
    a_message += shape.reply * shape.receipts_of_reply * work.receipt.bus_operations
    assert load(SLOW, GIVEN).bus_operations == pytest.approx(a_message * 10 / 60)


def test_a_standard_namespace_costs_its_base_until_the_included_operations_are_used() -> None:
    found = cost(SLOW, GIVEN, 0)
    assert load(SLOW, GIVEN).bus_operations * SECONDS < 13e6
    assert found.service_bus == pytest.approx(HOURS * 0.0135)


def test_a_premium_namespace_costs_its_units() -> None:
    assert cost(FAST, GIVEN, 0).service_bus == pytest.approx(HOURS * 0.928 * FAST.service_bus_capacity)


def test_rare_calls_pay_their_seconds_and_many_share_a_core() -> None:
    slow, fast = load(SLOW, GIVEN), load(FAST, GIVEN)
    assert slow.http_instances == pytest.approx(1 - math.exp(-slow.http))
    assert fast.http_instances < fast.http  # a second each would be more


def test_timers_are_read_from_the_code(uses: code.Uses) -> None:
    assert timers_a_second(["0 * * * * *", "*/10 * * * * *"]) == pytest.approx(7 / 60)
    assert timers_a_second(uses.timers) >= 7 / 60
    assert cost(SLOW, GIVEN, 0.2).functions > cost(SLOW, GIVEN, 0.1).functions


def test_every_price_names_its_page() -> None:
    for _, price in GIVEN.prices:
        assert price.source.host == "azure.microsoft.com"
        assert price.checked is None or price.checked <= GIVEN.as_of


def test_a_slip_in_the_input_is_told(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(PRICES.read_text().replace("tableCalls: {amount", "tabelCalls: {amount"))
    with pytest.raises(ValidationError, match="tabelCalls"):
        read_prices(path)
