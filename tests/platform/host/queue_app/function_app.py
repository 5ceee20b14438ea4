"""Queue functions that keep what they were given; the tests read it from `/api/seen`."""

import asyncio
import json
import time
import typing
from collections import Counter, defaultdict

import azure.functions as func

Messages = typing.List[func.ServiceBusMessage]  # noqa: UP006 - the worker does not know list[...]

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen: dict[str, list[object]] = defaultdict(list)
running: Counter[str] = Counter()


@app.route(route="seen/{name}")
async def tell(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(seen[req.route_params["name"]]), mimetype="application/json")


@app.service_bus_queue_trigger(
    arg_name="message", queue_name="%ORDERS%", connection="BUS", is_sessions_enabled=True
)
async def orders(message: func.ServiceBusMessage, context: func.Context) -> None:
    text, session = message.get_body().decode(), str(message.session_id)
    seen["began"].append(text)
    running[session] += 1
    together = running[session]
    if text.startswith("sleep"):
        await asyncio.sleep(float(text.removeprefix("sleep")))
    running[session] -= 1
    seen["orders"].append([session, text, message.delivery_count, together, time.time()])
    if text == "poison" or (text == "once" and message.delivery_count == 1):
        raise ValueError(text)


@app.service_bus_queue_trigger(arg_name="message", queue_name="orders/$DeadLetterQueue", connection="BUS")
def dead(message: func.ServiceBusMessage) -> None:
    seen["dead"].append([message.get_body().decode(), message.application_properties])


@app.service_bus_queue_trigger(arg_name="message", queue_name="plain", connection="BUS")
def plain(message: func.ServiceBusMessage, context: func.Context) -> None:
    names = ("message_id", "subject", "correlation_id", "content_type")
    told = {name: getattr(message, name) for name in names}
    times = {name: str(getattr(message, name)) for name in ("enqueued_time_utc", "expires_at_utc")}
    trace = context.trace_context.trace_parent
    kept = {"body": message.get_body().hex(), "trace": trace, "metadata": message.metadata, **told, **times}
    seen["plain"].append(kept)


@app.service_bus_queue_trigger(
    arg_name="messages", queue_name="batches", connection="BUS", is_sessions_enabled=True, cardinality="many"
)
async def batches(messages: Messages) -> None:
    texts = [message.get_body().decode() for message in messages]
    counts = [message.delivery_count for message in messages]
    numbers = [message.application_properties["number"] for message in messages]
    running["batches"] += 1
    together = running["batches"]
    await asyncio.sleep(0.05)
    running["batches"] -= 1
    sessions = [message.session_id for message in messages]
    seen["batches"].append([sessions, texts, counts, numbers, messages[0].metadata, together])
    if "once" in texts and messages[texts.index("once")].delivery_count == 1:
        raise ValueError


@app.service_bus_queue_trigger(
    arg_name="message", queue_name="binary", connection="BUS", data_type=func.DataType.BINARY
)
async def binary(message: func.ServiceBusMessage) -> None:
    seen["binary"].append(message.get_body().hex())
