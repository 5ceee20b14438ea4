"""Spans, figures and logs as OpenTelemetry has them; imported only by apps that send them somewhere.

https://opentelemetry.io/docs/specs/otel/. What an exception says is never told, for it may quote a customer:
a span that fails has the exception's type alone, and so has a log.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from opentelemetry import trace
from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.metrics import Counter, Histogram, Meter, _Gauge
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags, Tracer

from functions.telemetry import Fact, Figure, Kind, Span

KINDS: Mapping[Kind, SpanKind] = {
    Kind.SERVER: SpanKind.SERVER,
    Kind.CONSUMER: SpanKind.CONSUMER,
    Kind.PRODUCER: SpanKind.PRODUCER,
    Kind.CLIENT: SpanKind.CLIENT,
}
SEVERITIES = {
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}
SLOT = re.compile(r"(?:(\w+)=)?%[-+ #0]*[\d.]*[srdfx]")


class _Open:
    """A span of OpenTelemetry's, under way."""

    def __init__(self, found: trace.Span) -> None:
        self._span = found
        context = found.get_span_context()
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def tell(self, name: str, fact: Fact) -> None:
        """Set an attribute."""
        self._span.set_attribute(name, fact)


class OpenTelemetry:
    """Tells a tracer and a meter."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._meter = meter
        self._counters: dict[Figure, Counter] = {}
        self._histograms: dict[Figure, Histogram] = {}
        self._gauges: dict[Figure, _Gauge] = {}

    @contextmanager
    def span(self, name: str, kind: Kind, parent: str, facts: dict[str, Fact]) -> Iterator[Span]:
        """Begin a span below its parent.

        One may be under way, of the functions host or of ours: who calls us is in that one, and so is work
        without a parent; what has its parent elsewhere lies there, with a link to the one under way.
        """
        ambient = trace.get_current_span().get_span_context()
        inside = ambient.is_valid and (kind is Kind.SERVER or not parent)
        elsewhere = ambient.is_valid and not inside and ambient.trace_id != _context(parent).trace_id
        with self._tracer.start_as_current_span(
            name,
            context=None if inside or not parent else _remote(parent),
            kind=KINDS[kind],
            attributes=facts,
            links=[Link(ambient)] if elsewhere else [],
            record_exception=False,
            set_status_on_exception=False,
        ) as found:
            try:
                yield _Open(found)
            except BaseException as error:
                found.set_attribute("error.type", type(error).__name__)
                found.set_status(StatusCode.ERROR)
                raise

    def count(self, figure: Figure, amount: int, facts: dict[str, Fact]) -> None:
        """Add to a counter."""
        if figure not in self._counters:
            self._counters[figure] = self._meter.create_counter(figure)
        self._counters[figure].add(amount, facts)

    def measure(self, figure: Figure, value: float, facts: dict[str, Fact]) -> None:
        """Record into a histogram, in seconds."""
        if figure not in self._histograms:
            self._histograms[figure] = self._meter.create_histogram(figure, unit="s")
        self._histograms[figure].record(value, facts)

    def level(self, figure: Figure, value: float, facts: dict[str, Fact]) -> None:
        """Set a gauge."""
        if figure not in self._gauges:
            self._gauges[figure] = self._meter.create_gauge(figure)
        self._gauges[figure].set(value, facts)


class StructuredLogs(logging.Handler):
    """Gives log records on with their fields apart: of `account=%s` in a message, `account` is a field."""

    def __init__(self, logger: Logger) -> None:
        super().__init__(logging.INFO)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Give one on; the trace is that of the span it was written in."""
        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                body=record.getMessage(),
                severity_number=SEVERITIES.get(record.levelno, SeverityNumber.INFO),
                severity_text=record.levelname,
                attributes={"logger": record.name, **fields(record)},
            )
        )


def fields(record: logging.LogRecord) -> dict[str, Fact]:
    """Read the named values of a record."""
    if not isinstance(record.args, tuple):
        return {}
    pairs = zip(_names(str(record.msg)), record.args, strict=False)
    return {name: value if isinstance(value, Fact) else str(value) for name, value in pairs if name}


@cache
def _names(message: str) -> tuple[str, ...]:
    """Name each slot of a message; empty where it has no name. Messages are few: they stand in the code."""
    return tuple(found[1] or "" for found in SLOT.finditer(message))


def _context(traceparent: str) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(int(flags, 16)))


def _remote(traceparent: str) -> Context:
    return trace.set_span_in_context(trace.NonRecordingSpan(_context(traceparent)), Context())
