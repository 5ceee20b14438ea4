"""A provider's media server on loopback that answers as told, and remembers how it was asked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class MediaServer:
    """One origin. A path answers with what was put there, the last for good; others are 404."""

    url: str = ""
    answers: dict[str, list[web.Response | Answer]] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)

    def put(self, path: str, *answers: web.Response | Answer) -> str:
        """Give the path's URL."""
        self.answers[path] = list(answers)
        return self.url + path

    def paths(self) -> list[str]:
        return [request.raw_path for request in self.asked]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        waiting = self.answers.get(request.path, [])
        if not waiting:
            return web.Response(status=404)
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return _copy(answer) if isinstance(answer, web.Response) else await answer(request)


def _copy(answer: web.Response) -> web.Response:
    """A response can be sent once only."""
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def found(content: bytes, content_type: str = "image/png") -> web.Response:
    return web.Response(body=content, content_type=content_type)


def status(number: int, **headers: str) -> web.Response:
    return web.Response(
        status=number, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def redirect(url: str, number: int = 302) -> web.Response:
    return web.Response(status=number, headers={"Location": url})


@asynccontextmanager
async def serving() -> AsyncIterator[MediaServer]:
    server = MediaServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()
