"""An event handler as an app would have one: it writes down what it is told, and answers as it is set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True)
class Event:
    """One call: its headers, in lower case, and its body."""

    name: str
    method: str
    headers: dict[str, str]
    body: str


@dataclass
class EventHandler:
    """Answers by event name; 204 to all others."""

    url: str = ""
    allows: str = "*"
    answers: dict[str, web.Response] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def named(self, name: str) -> list[Event]:
        return [event for event in self.events if event.name == name]

    async def serve(self, request: web.Request) -> web.Response:
        name, headers = request.match_info["event"], {k.lower(): v for k, v in request.headers.items()}
        self.events.append(Event(name, request.method, headers, await request.text()))
        if request.method == "OPTIONS":
            return web.Response(headers={"WebHook-Allowed-Origin": self.allows} if self.allows else {})
        answer = self.answers.get(name)
        if answer is None:
            return web.Response(status=204)
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in ("content-length", "date")}
        return web.Response(status=answer.status, body=answer.body, headers=kept)


@asynccontextmanager
async def serving() -> AsyncIterator[EventHandler]:
    handler = EventHandler()
    app = web.Application()
    app.router.add_route("*", "/events/{event}", handler.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    handler.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events/{{event}}"
    yield handler
    await runner.cleanup()
