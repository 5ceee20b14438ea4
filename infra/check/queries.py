"""What alerts and the workbook ask for, against what the code tells and what Azure's tables have.

https://learn.microsoft.com/azure/azure-monitor/reference/tables/appmetrics and
…/reference/supported-metrics/microsoft-servicebus-namespaces-metrics. Nobody else reads a query before an
alert should come: Azure does not look at them when they are deployed, for their tables are not there yet.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.check.code import How, Told, Uses
from infra.check.problem import Problem

ALERTS, WORKBOOK = "alerts.json", "workbook.json"
TABLES: Mapping[str, frozenset[str]] = {
    "AppMetrics": frozenset(("Name", "Sum", "Min", "Max", "ItemCount", "Properties", "TimeGenerated")),
    "AppTraces": frozenset(("Message", "SeverityLevel", "ItemCount", "Properties", "TimeGenerated")),
    "customMetrics": frozenset(("name", "valueSum", "valueMin", "valueMax", "customDimensions", "timestamp")),
    "traces": frozenset(("message", "severityLevel", "itemCount", "customDimensions", "timestamp")),
}
_WORDS = """
and bin by count count_ in max min or project split startswith strcat sum sumif summarize top tostring where
"""
WORDS = frozenset(_WORDS.split())
LEVELS = frozenset(("Average", "Minimum", "Maximum"))
METRICS: Mapping[str, frozenset[str]] = {  # of Service Bus, and how each can be aggregated
    "ActiveMessages": LEVELS,
    "DeadletteredMessages": LEVELS,
    "IncomingMessages": frozenset(("Total",)),
    "ThrottledRequests": frozenset(("Total",)),
}


def check(uses: Uses, root: Path) -> Iterator[Problem]:
    """Find queries that could never find anything, and metrics that do not exist."""
    alerts = json.loads((root / ALERTS).read_text())
    workbook = json.loads((root / WORKBOOK).read_text())
    for alert in alerts["metrics"]:
        yield from (Problem(ALERTS, 0, f"{alert['name']}: {says}") for says in _metric(alert, uses))
    for alert in alerts["logs"]:
        yield from (Problem(ALERTS, 0, f"{alert['name']}: {says}") for says in _query(alert["query"], uses))
    for item in workbook["items"]:
        if query := item["content"].get("query"):
            yield from (Problem(WORKBOOK, 0, f"{item['name']}: {says}") for says in _query(query, uses))


def _metric(alert: Mapping[str, Any], uses: Uses) -> Iterator[str]:
    if alert["aggregation"] not in METRICS.get(alert["metric"], ()):
        yield f"Service Bus has no metric {alert['metric']!r} by {alert['aggregation']!r}"
    for entity in sorted({*alert["entities"]} - {"*"} - uses.queues):
        yield f"the code uses no queue {entity!r}"


def _query(query: str, uses: Uses) -> Iterator[str]:
    table = query.partition(" ")[0]
    yield from _columns(table, query)
    figures = re.findall(r"'(monikanava\.[\w.]+)'", query)
    for figure in figures:
        if figure in uses.figures:
            yield from _figure(figure, uses.figures[figure], query)
        else:
            yield f"the code measures no {figure!r}"
    for prefix in re.findall(r"[Mm]essage startswith '([^']+)'", query):
        if not any(line.startswith(prefix) for line in uses.logs):
            yield f"the code logs nothing that begins with {prefix!r}"


def _columns(table: str, query: str) -> Iterator[str]:
    if table not in TABLES:
        yield f"there is no table {table!r}"
        return
    plain = re.sub(r"'[^']*'", "''", query.partition(" ")[2])
    own = set(re.findall(r"(\w+) = ", plain))
    for word in dict.fromkeys(re.findall(r"(?<![\w.])[A-Za-z_]\w*", plain)):
        if word not in WORDS | TABLES[table] | own:
            yield f"{table} has no column {word!r}"


def _figure(name: str, told: Told, query: str) -> Iterator[str]:
    for fact in dict.fromkeys(re.findall(r"(?:Properties|customDimensions)\.(\w+)", query)):
        if fact not in told.facts:
            yield f"the code tells no {fact!r} of {name!r}"
    # Of one value the exporter sends neither the least nor the most: those are of histograms alone.
    if told.how is not How.MEASURE and (found := re.search(r"\b(Min|Max|valueMin|valueMax)\b", query)):
        yield f"{name!r} has no {found[0]!r}, only its sum"
