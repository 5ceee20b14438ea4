"""An app with a function for each thing the host must do; tests read what it saw from `/api/seen`."""

import asyncio
import json
import time
from collections import defaultdict

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen: dict[str, list[object]] = defaultdict(list)


@app.route(route="echo/{*path}")
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    told = {
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "params": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().hex(),
    }
    return func.HttpResponse(json.dumps(told), mimetype="application/json")


@app.route(route="items/{id:int}", methods=["GET"])
def item(req: func.HttpRequest) -> str:
    return f"item {req.route_params['id']}"


@app.route(route="items/{name?}", methods=["GET", "POST"])
def named(req: func.HttpRequest) -> str:
    return f"{req.method} named {req.route_params.get('name')}"


@app.route(route="items/new", methods=["GET"])
def new(req: func.HttpRequest) -> str:
    return "a new one"


@app.route(route="none")
async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None  # type: ignore[return-value]  # the worker allows it, but no annotation that says so


@app.route(route="fails")
async def fails(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("a secret that nobody may see")


@app.route(route="slow")
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    seen["slow"].append("began")
    try:
        await asyncio.sleep(float(req.params.get("seconds", "60")))
    except asyncio.CancelledError:
        seen["slow"].append("cancelled")
        raise
    return func.HttpResponse("slept")


@app.route(route="slow-thread")
def slow_thread(req: func.HttpRequest) -> str:
    time.sleep(3)
    return "slept"


@app.route(route="out")
@app.generic_output_binding(arg_name="answer", type="http")
def out(req: func.HttpRequest, answer: func.Out[func.HttpResponse], context: func.Context):  # type: ignore[no-untyped-def]
    told = {
        "id": context.invocation_id,
        "name": context.function_name,
        "trace": context.trace_context.trace_parent,
    }
    headers = {"Set-Cookie": "a=1; Path=/", "X-Kept": "yes", "Content-Length": "3"}
    answer.set(func.HttpResponse(json.dumps(told), status_code=201, headers=headers))


@app.route(route="keyed", auth_level=func.AuthLevel.FUNCTION)
def keyed(req: func.HttpRequest) -> str:
    return "open"


@app.route(route="master", auth_level=func.AuthLevel.ADMIN)
def master(req: func.HttpRequest) -> str:
    return "open"


@app.route(route="seen/{name}")
async def tell(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(seen[req.route_params["name"]]), mimetype="application/json")


@app.timer_trigger(arg_name="timer", schedule="%TICK%", run_on_startup=True)
async def tick(timer: func.TimerRequest) -> None:
    seen["tick"].append({"at": time.time(), "past_due": timer.past_due})


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def yearly(timer: func.TimerRequest) -> None:
    seen["yearly"].append(time.time())
