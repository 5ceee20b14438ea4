"""HTTP triggers, on aiohttp: requests become the data that Microsoft's host sends its worker, and back.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
"""

import hmac
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from azure.functions.meta import Datum

from local.host.context import trace_context
from local.host.invoke import InvocationFailed, Invoker
from local.host.routes import Router
from local.host.spec import FunctionSpec, Level

LOG = logging.getLogger("monikanava.host")
BODY_LIMIT = 100 * 1024 * 1024
STOP_SECONDS = 30
# The server decides how the body is framed; what a function says of it could contradict the bytes sent.
FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that callers must show: a master key opens every function."""

    function: str
    master: str

    def open(self, level: Level, shown: str) -> bool:
        """Whether the key shown opens a function of this level."""
        if level is Level.ANONYMOUS:
            return True
        given = shown.encode()
        is_master = hmac.compare_digest(given, self.master.encode())
        is_function = hmac.compare_digest(given, self.function.encode())
        return is_master or (is_function and level is Level.FUNCTION)


class HttpServer:
    """Serves the HTTP functions of an app on loopback. No `keys`: none is asked for, as by Core Tools.

    Port 0 takes a free one; `port` tells which after `start`.
    """

    def __init__(
        self,
        specs: Iterable[FunctionSpec],
        invoker: Invoker,
        prefix: str,
        keys: Keys | None,
        status: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._router, self._invoker = Router(specs), invoker
        self._prefix, self._keys, self._status = prefix.lower(), keys, status
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, port: int) -> None:
        """Listen; raises OSError when the port is taken."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_get("/admin/host/status", self._host_status)
        app.router.add_route("*", r"/{path:[\s\S]*}", self._handle)  # a path may hold a line feed
        # A compressed body reaches the function as it came: signatures are over those bytes.
        self._runner = web.AppRunner(
            app, access_log=None, auto_decompress=False, shutdown_timeout=STOP_SECONDS
        )
        await self._runner.setup()
        sock = _listen(port)
        self.port = sock.getsockname()[1]
        await web.SockSite(self._runner, sock).start()

    async def stop(self) -> None:
        """Take no more requests, let running ones end for up to 30 seconds, and close."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _host_status(self, request: web.Request) -> web.Response:
        if not self._allowed(request, Level.ADMIN):
            return web.Response(status=401)
        return web.json_response(self._status())

    async def _handle(self, request: web.Request) -> web.Response:
        path = self._below_prefix(request)
        found = None if path is None else self._router.find(request.method, path)
        if found is None:
            return web.Response(status=404)
        route, parameters = found
        if not self._allowed(request, route.trigger.level):
            return web.Response(status=401)
        data = to_datum(request, parameters, await request.read())
        trace = trace_context(request.headers.get("traceparent", ""), request.headers.get("tracestate", ""))
        try:
            return to_response(await self._invoker.invoke(route.spec, data, {}, trace))
        except InvocationFailed:
            return web.Response(status=500)

    def _below_prefix(self, request: web.Request) -> str | None:
        path = request.rel_url.raw_path.strip("/")
        if not self._prefix:
            return path
        head, rest = path[: len(self._prefix)], path[len(self._prefix) :]
        return rest.strip("/") if head.lower() == self._prefix and rest[:1] in {"", "/"} else None

    def _allowed(self, request: web.Request, level: Level) -> bool:
        shown = request.headers.get("x-functions-key") or request.query.get("code", "")
        return self._keys is None or self._keys.open(level, shown)


def to_datum(request: web.Request, parameters: Mapping[str, str], body: bytes) -> Datum:
    """Give a request the form in which the worker's library reads it.

    As in the real host header names are lower case, what is repeated is joined by commas, and query
    parameters without a value are left out (the URL keeps them). As its front end does, the address that
    calls is put behind whatever X-Forwarded-For says.
    """
    headers = [(name.lower(), value) for name, value in request.headers.items()]
    target = request.raw_path if request.raw_path.startswith("/") else request.rel_url.raw_path_qs
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(f"{request.scheme}://{request.host}{target}", "string"),
            "headers": _joined([*headers, ("x-forwarded-for", _peer(request))]),
            "query": _joined((name, value) for name, value in request.query.items() if value),
            "params": {name: Datum(value, "string") for name, value in parameters.items()},
            "body": Datum(body, "bytes"),
        },
        "http",
    )


def to_response(answer: Datum | None) -> web.Response:
    """Give a function's output the form of an HTTP answer; no output is 204."""
    if answer is None:
        return web.Response(status=204)
    if answer.type == "string":
        return web.Response(text=answer.value)
    value = answer.value
    response = web.Response(status=int(value["status_code"].value), body=value["body"].value)
    for name, header in value["headers"].items():
        if name.lower() not in FRAMING:
            response.headers[name] = header.value
    for cookie in value["cookies"] or ():
        for morsel in cookie.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response


def _peer(request: web.Request) -> str:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return ":".join(map(str, peer[:2])) if peer else ""


def _joined(items: Iterable[tuple[str, str]]) -> dict[str, Datum]:
    values: dict[str, list[str]] = {}
    for name, value in items:
        values.setdefault(name, []).append(value)
    return {name: Datum(",".join(each), "string") for name, each in values.items()}


def _listen(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    return sock
