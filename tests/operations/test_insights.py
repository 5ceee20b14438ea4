"""Application Insights: what its own exporter posts, taken by a server in its place; without, no import."""

import asyncio
import gzip
import json
import os
import sys
from typing import Any

from aiohttp import web

from local.child import ROOT
from tests.operations.test_channels import SETTINGS

KEY = "00000000-0000-0000-0000-00000000000a"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
APP = """
import logging, sys
import function_app
from functions.telemetry import Figure, Kind, count, measure, span
logging.getLogger("monikanava").setLevel(logging.INFO)
with span("webhook sms", Kind.SERVER, sys.argv[1], channel="sms"):
    logging.getLogger("monikanava.intake").info("webhook kept: channel=%s items=%d", "sms", 2)
count(Figure.WEBHOOKS, channel="sms", status=200)
for lag in (3, 7):
    measure(Figure.LAG, lag, channel="sms")
print("opentelemetry.sdk" in sys.modules)
"""


async def run(connection: str) -> str:
    quiet = {"APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true", "OTEL_TRACES_SAMPLER": "always_on"}
    settings = {**SETTINGS, **quiet, "CHANNELS": "sms", "APPLICATIONINSIGHTS_CONNECTION_STRING": connection}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", APP, PARENT),
        cwd=ROOT,
        env={**os.environ, **settings, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return said.decode().strip()


async def test_spans_figures_and_logs_reach_it() -> None:
    taken: list[dict[str, Any]] = []

    async def track(request: web.Request) -> web.Response:
        body = await request.read()
        text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        items = (
            json.loads(text) if text.startswith(b"[") else [json.loads(line) for line in text.splitlines()]
        )
        taken.extend(items)
        told = {"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}
        return web.json_response(told)

    app = web.Application()
    app.router.add_post("/v2.1/track", track)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    where = f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{port}"
    assert await run(where) == "True"
    await runner.cleanup()
    kinds = {item["data"]["baseType"]: item for item in taken}
    request, log = kinds["RequestData"], kinds["MessageData"]
    assert request["data"]["baseData"]["name"] == "webhook sms"
    assert request["tags"]["ai.operation.id"] == log["tags"]["ai.operation.id"] == PARENT[3:35]
    assert log["data"]["baseData"]["properties"]["channel"] == "sms"
    assert log["data"]["baseData"]["properties"]["items"] == "2"
    figures = [item["data"]["baseData"]["metrics"][0] for item in taken if "Metric" in str(item["data"])]
    counted, measured = (
        next(one for one in figures if one["name"] == name)
        for name in ("monikanava.webhooks", "monikanava.lag")
    )
    # What alerts may ask for (`infra/check/queries.py`): only a histogram has its least and its most.
    assert (counted["value"], counted.get("max")) == (1, None)
    assert (measured["max"], measured["count"]) == (7, 2)


async def test_without_it_nothing_is_imported() -> None:
    assert await run("") == "False"
