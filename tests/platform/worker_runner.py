"""Runs our app with the logic of Microsoft's own Python worker: one JSON line in, one JSON line out.

A program, not a test. `azure-functions-runtime` must be
importable. Its handlers take protobuf messages by their attributes only, so plain objects stand in for them.

    {}                                                     → {"functions": {NAME: id}} or {"error": …}
    {"function": id, "input": [name, datum], "metadata": {name: datum}}
                                                           → {"status": 200, "headers": {…}, "body": "…"}
                                                             {} for a function that answers nothing
    a datum is {"type": "string", "value": …}
"""

import asyncio
import base64
import importlib
import json
import sys
from types import SimpleNamespace
from typing import Any

RUNTIME = importlib.import_module("azure_functions_runtime")


class Typed(SimpleNamespace):
    """Protobuf's message with a choice of fields, of which one is set."""

    def WhichOneof(self, _: str) -> str | None:
        return next(iter(vars(self)), None)


class BindingInfo(SimpleNamespace):
    undefined, out, inout = 0, 1, 2


class StatusResult(SimpleNamespace):
    Failure, Success = 0, 1


PROTOS = SimpleNamespace(
    BindingInfo=BindingInfo,
    StatusResult=StatusResult,
    TypedData=Typed,
    **dict.fromkeys(
        (
            *(
                "FunctionMetadataResponse",
                "InvocationResponse",
                "ParameterBinding",
                "RpcException",
                "RpcHttp",
            ),
            *("RpcFunctionMetadata", "RpcRetryOptions", "WorkerInitResponse", "WorkerMetadata"),
        ),
        SimpleNamespace,
    ),
)


def typed(datum: dict[str, Any]) -> Typed:
    kind, value = datum["type"], datum["value"]
    if kind == "bytes":
        value = base64.b64decode(value)
    elif kind == "http":
        value = SimpleNamespace(**{**value, "body": typed(value["body"])})
    elif kind == "collection_string":
        value = SimpleNamespace(string=value)
    return Typed(**{kind: value})


async def index() -> dict[str, Any]:
    request = SimpleNamespace(capabilities={}, function_app_directory=sys.argv[1])
    started = await RUNTIME.worker_init_request(
        SimpleNamespace(
            request=SimpleNamespace(worker_init_request=request),
            properties={"host": "127.0.0.1", "protos": PROTOS},
        )
    )
    if started.result.status != StatusResult.Success:
        return {"error": started.result.exception.stack_trace}
    found = await RUNTIME.functions_metadata_request(None)
    return {"functions": {one.name: one.function_id for one in found.function_metadata_results}}


async def invoke(order: dict[str, Any]) -> dict[str, Any]:
    name, datum = order["input"]
    request = SimpleNamespace(
        invocation_id="an-invocation",
        function_id=order["function"],
        input_data=[SimpleNamespace(name=name, data=typed(datum), WhichOneof=lambda _: "data")],
        trigger_metadata={key: typed(value) for key, value in order["metadata"].items()},
        trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )
    answer = await RUNTIME.invocation_request(
        SimpleNamespace(request=SimpleNamespace(invocation_request=request))
    )
    if answer.result.status != StatusResult.Success:
        return {"error": answer.result.exception.stack_trace}
    return answered(answer.return_value) if answer.return_value else {}


def answered(value: Typed) -> dict[str, Any]:
    http = value.http
    body = getattr(http.body, "bytes", None) or getattr(http.body, "string", "").encode()
    return {"status": int(http.status_code), "headers": dict(http.headers), "body": body.decode()}


async def main() -> None:
    RUNTIME.start_threadpool_executor()
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        print(json.dumps(await (invoke(order) if order else index())), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
