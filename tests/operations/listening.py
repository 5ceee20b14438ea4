"""OpenTelemetry's own SDK, which keeps spans, figures and logs in memory."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from functions import telemetry
from functions.cloud.opentelemetry import OpenTelemetry, StructuredLogs

Fields = dict[str, object]


@dataclass(frozen=True)
class Heard:
    """What was told."""

    spans: InMemorySpanExporter
    metrics: InMemoryMetricReader
    logs: InMemoryLogRecordExporter

    def span(self, name: str) -> ReadableSpan:
        """Give the first span of this name that ended."""
        return next(one for one in self.spans.get_finished_spans() if one.name == name)

    def names(self) -> set[str]:
        return {one.name for one in self.spans.get_finished_spans()}

    def figures(self) -> dict[str, list[Fields]]:
        """Give each figure's points: their facts, with the value as `value`."""
        found: dict[str, list[Fields]] = {}
        data = self.metrics.get_metrics_data()
        for metric in data.resource_metrics[0].scope_metrics[0].metrics if data else ():
            for point in metric.data.data_points:
                value = getattr(point, "value", getattr(point, "sum", None))
                found.setdefault(metric.name, []).append({**(point.attributes or {}), "value": value})
        return found

    def written(self, beginning: str) -> tuple[str, Fields]:
        """Give the log that begins so: its trace's id, and its fields."""
        for one in self.logs.get_finished_logs():
            record = one.log_record
            if str(record.body).startswith(beginning):
                return f"{record.trace_id or 0:032x}", dict(record.attributes or {})
        raise LookupError(beginning)


@contextmanager
def listening() -> Iterator[Heard]:
    heard = Heard(InMemorySpanExporter(), InMemoryMetricReader(), _log_exporter())
    tracing, logs, metrics = TracerProvider(), LoggerProvider(), MeterProvider([heard.metrics])
    tracing.add_span_processor(SimpleSpanProcessor(heard.spans))
    logs.add_log_record_processor(SimpleLogRecordProcessor(heard.logs))
    handler, logger = StructuredLogs(logs.get_logger("test")), logging.getLogger("monikanava")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    telemetry.listen(OpenTelemetry(tracing.get_tracer("test"), metrics.get_meter("test")))
    try:
        yield heard
    finally:
        telemetry.listen(None)
        logger.removeHandler(handler)
        logger.setLevel(level)
        for provider in (tracing, logs, metrics):
            provider.shutdown()


def _log_exporter() -> InMemoryLogRecordExporter:
    return InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
