"""The tables of docs/scaling.md, made from `infra/prices.yaml`; a test holds them there.

`python -m infra write` puts them between the page's two marks.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.cost import cost, load
from infra.prices import Input, Limit, Rate

PAGE = Path(__file__).parent.parent / "docs" / "scaling.md"
BEGIN, END = "<!-- cost: python -m infra write -->\n", "<!-- end of cost -->"
SETTINGS = {
    "function apps": "apps",
    "`instanceMemoryMB`": "instance_memory_mb",
    "`maximumInstanceCount`": "maximum_instance_count",
    "`httpConcurrency`": "http_concurrency",
    "`alwaysReady`, each app": "always_ready",
    "`serviceBusSku`": "service_bus_sku",
    "`serviceBusCapacity`": "service_bus_capacity",
    "`scaleByQueueLength`": "scale_by_queue_length",
    "`traceSampling`, %": "trace_sampling",
}


def written(page: str, given: Input, timers: float) -> str:
    """Give the page with the present tables between its marks."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + text(given, timers) + END + rest.partition(END)[2]


def text(given: Input, timers: float) -> str:
    """Give the tables: what to set, what it costs, how far the limits are."""
    checked = [price.checked for _, price in given.prices if price.checked]
    count = len(type(given.prices).model_fields)
    rates = [f"{rate.per_minute:,}" for rate in given.rates]
    return "\n".join(
        [
            f"Prices of {given.as_of}, of which {len(checked)} of {count} were compared with their pages "
            "(`infra/prices.yaml`).\n",
            *_table(("customers' messages a minute", *rates), _rows(given, timers)),
            "",
            *_table(("service", "limit", "most", *(f"at {rate}" for rate in rates)), _limits(given)),
            "",
        ]
    )


def _rows(given: Input, timers: float) -> Iterator[Sequence[str]]:
    for name, field in SETTINGS.items():
        yield name, *(_value(getattr(rate, field)) for rate in given.rates)
    loads = [load(rate, given) for rate in given.rates]
    yield "instances at work, on the average", *(f"{found.instances:,.1f}" for found in loads)
    costs = [cost(rate, given, timers) for rate in given.rates]
    for name in ("functions", "service_bus", "tables", "logs", "month"):
        title = {"service_bus": "Service Bus", "month": "**a month**"}.get(name, name.capitalize())
        yield f"{title}, {given.currency}", *(f"{getattr(found, name):,.0f}" for found in costs)
    yield f"**a million messages, {given.currency}**", *(f"**{found.per_million:,.2f}**" for found in costs)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)


def _limits(given: Input) -> Iterator[Sequence[str]]:
    for limit in given.limits:
        most = f"{limit.most:,.0f}" if limit.most else limit.figure
        shares = (_share(limit, rate, given) for rate in given.rates)
        yield f"[{limit.service}]({limit.source})", limit.what, most, *shares


def _share(limit: Limit, rate: Rate, given: Input) -> str:
    if not limit.most or not limit.load or limit.sku not in ("", rate.service_bus_sku):
        return "–"
    found = load(rate, given)
    amount = {
        "busCredits": found.bus_credits,
        "tableCalls": found.table_calls,
        "instances": found.instances,
    }[limit.load]
    return f"{amount / limit.most:.0%}"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---", *["--:"] * (len(head) - 1)], *rows)]
