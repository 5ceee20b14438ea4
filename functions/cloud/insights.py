"""Application Insights: where spans, figures and logs go in Azure, when its connection string is set.

https://learn.microsoft.com/azure/azure-monitor/app/opentelemetry-configuration. The exporter alone is taken:
Microsoft's distribution instruments a dozen libraries besides, which a cold start would pay for. Sampling is
OpenTelemetry's own: OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG.
"""

import logging
import os
from typing import TYPE_CHECKING

from functions import telemetry
from functions.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

NAME = "monikanava"
ENTRA = "authorization=aad"


def configure(settings: Settings) -> None:
    """Have the app told of to Application Insights; without a connection string nothing is imported."""
    if settings.insights_connection:
        _export(settings.insights_connection, _credential(settings.insights_authentication))


def _export(connection: str, credential: "TokenCredential | None") -> None:
    # A quarter of a second in all, which an app without a connection string need not pay.
    from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.sdk._logs import LoggerProvider  # noqa: PLC0415
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: PLC0415
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    from functions.cloud.opentelemetry import OpenTelemetry, StructuredLogs  # noqa: PLC0415

    os.environ.setdefault("OTEL_SERVICE_NAME", os.environ.get("WEBSITE_SITE_NAME", NAME))
    where = {"connection_string": connection, "credential": credential}
    tracing, logs = TracerProvider(), LoggerProvider()
    tracing.add_span_processor(BatchSpanProcessor(AzureMonitorTraceExporter(**where)))
    logs.add_log_record_processor(BatchLogRecordProcessor(AzureMonitorLogExporter(**where)))
    metrics = MeterProvider([PeriodicExportingMetricReader(AzureMonitorMetricExporter(**where))])
    trace.set_tracer_provider(tracing)  # the exporter asks the global one what app this is
    telemetry.listen(OpenTelemetry(tracing.get_tracer(NAME), metrics.get_meter(NAME)))
    logging.getLogger(NAME).addHandler(StructuredLogs(logs.get_logger(NAME)))


def _credential(authentication: str) -> "TokenCredential | None":
    """Read `Authorization=AAD;ClientId=…`, as the functions host does; None: the connection string opens."""
    if ENTRA not in authentication.lower():
        return None
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415

    parts = dict(part.partition("=")[::2] for part in authentication.split(";"))
    return ManagedIdentityCredential(client_id=parts.get("ClientId"))
