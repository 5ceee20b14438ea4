"""The desk API's routes as functions of the app: one function for each row of the table."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import azure.functions as func

from functions.cloud.http import to_http, to_request
from functions.desk.route import Route
from functions.desk.routes import ROUTES
from functions.desk.tokens import Authority
from functions.services import Services
from functions.telemetry import Kind, span


def register(
    app: func.FunctionApp, services: Callable[[], Awaitable[Services]], authority: Authority
) -> None:
    """Add every route. `services` is awaited at each call, and gives the same object each time.

    The host's own keys are not asked for: the bearer token decides.
    """
    for route in ROUTES:
        named = app.function_name(route.name)
        routed = app.route(route.path, methods=[route.method], auth_level=func.AuthLevel.ANONYMOUS)
        named(routed(_function(route, services, authority)))


def _function(
    route: Route[Any, Any, Any], services: Callable[[], Awaitable[Services]], authority: Authority
) -> Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]:
    async def desk(req: func.HttpRequest) -> func.HttpResponse:
        request = to_request(req, datetime.now(UTC))
        with span(route.name, Kind.SERVER, request.headers.get("traceparent", "")) as told:
            response = await route.answer(request, req.route_params, services, authority)
            told.tell("http.response.status_code", response.status)
        return to_http(response)

    return desk
