"""Entra ID and Azure's own token endpoint on loopback: they note what msal asks, and answer as told."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

from local.simulators import entra


@dataclass
class EntraServer:
    """The simulator, with a note of each token request."""

    base: str = ""
    asked: list[Mapping[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    answer: web.Response | None = None
    identity_status: int = 200

    @web.middleware
    async def note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.endswith("/token"):
            form = await request.post()
            self.asked.append({name: str(value) for name, value in form.items()})
            if self.answer:
                return web.Response(
                    status=self.answer.status, headers=self.answer.headers, body=self.answer.body
                )
        if request.path.startswith("/entra/unknown/"):
            return web.json_response({"error": "invalid_tenant"}, status=400)
        return await handler(request)

    async def identity(self, request: web.Request) -> web.Response:
        self.asked.append(request.query)
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        if self.identity_status != 200:
            return web.json_response({"statusCode": self.identity_status}, status=self.identity_status)
        content = {"access_token": f"azure-{len(self.asked)}", "expires_on": "4102444800"}
        return web.json_response(content)


@asynccontextmanager
async def serving() -> AsyncIterator[EntraServer]:
    server = EntraServer()
    app = web.Application(middlewares=[server.note])
    app.add_routes(entra.routes())
    app.router.add_get("/identity", server.identity)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()
