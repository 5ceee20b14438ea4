"""The HTTP side of the simulators, one for all providers.

/twilio/…  /meta/…  /google/… …     the providers' send APIs: an account's `api_base` is one of these
GET /‹provider›/…                   the media that customers send: see `media`
GET, DELETE /sent?provider=NAME    what was taken, newest last; forget it, with what was ordered
POST /behave                       {"provider", "answer": "ok|429|500|permanent|timeout|reset", "times"}
POST /accounts                     {"provider", "account", "secret", "callback"}: who gets news of messages
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import ValidationError

from local.simulators import botframework, entra, media
from local.simulators.acs import Acs
from local.simulators.acs_calls import AcsCalls
from local.simulators.apple import Apple
from local.simulators.botframework import BotFramework
from local.simulators.custom import Custom
from local.simulators.dataverse import Dataverse
from local.simulators.dynamics import Dynamics
from local.simulators.google import Google
from local.simulators.line import Line
from local.simulators.meta import Meta
from local.simulators.provider import Provider, Rejected, Repeating, Reply, TokenGiver
from local.simulators.signed import SignedRequest
from local.simulators.state import Behaviour, Order, Registered, State, Taken
from local.simulators.telegram import Telegram
from local.simulators.telesign import Telesign
from local.simulators.twilio import Twilio
from local.simulators.twilio_calls import TwilioCalls
from local.simulators.wechat import WeChat
from local.simulators.x import X

PROVIDERS: tuple[Provider, ...] = (
    Twilio(),
    Meta(),
    Telegram(),
    Google(),
    Line(),
    Acs(),
    Apple(),
    Telesign(),
    X(),
    WeChat(),
    BotFramework(),
    Custom(),
    Dynamics(),
)
SILENCE = 60.0  # seconds that a TIMEOUT lasts: longer than any caller waits
log = logging.getLogger("monikanava.simulators")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Simulators:
    """All providers behind one application."""

    def __init__(self) -> None:
        self.state = State()
        self.dataverse = Dataverse(self.state.next)
        self._http: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._twilio_calls = TwilioCalls()
        self._acs_calls = AcsCalls(self.state)

    def application(self) -> web.Application:
        """Give the application, to be served."""
        app = web.Application(middlewares=[_explain])
        for provider in PROVIDERS:
            app.router.add_post(f"/{provider.name}{provider.path}", self._sender(provider))
            if isinstance(provider, TokenGiver):
                app.router.add_post(f"/{provider.name}{provider.token_path}", _giver(provider))
        app.add_routes(
            [*media.routes(), *entra.routes(), *botframework.routes(), *self._twilio_calls.routes()]
        )
        app.add_routes(self.dataverse.routes())
        app.add_routes(self._acs_calls.routes())
        app.router.add_get("/sent", self._sent)
        app.router.add_delete("/sent", self._clear)
        app.router.add_post("/behave", self._behave)
        app.router.add_post("/accounts", self._register)
        app.on_shutdown.append(self._stop)
        app.on_shutdown.append(self._twilio_calls.stop)
        app.on_shutdown.append(self._acs_calls.stop)
        return app

    def _sender(self, provider: Provider) -> Handler:
        async def send(request: web.Request) -> web.StreamResponse:
            try:
                taken = await provider.read(request)
            except Rejected as rejected:
                return _json(rejected.reply)
            return await self._answer(provider, taken, request)

        return send

    async def _answer(self, provider: Provider, taken: Taken, request: web.Request) -> web.StreamResponse:
        behaviour = self.state.next(provider.name)
        if behaviour in provider.refusals:
            return _json(provider.refusals[behaviour])
        if earlier := self.state.earlier(taken):
            return _json((provider.again if isinstance(provider, Repeating) else provider.accepted)(earlier))
        self.state.taken.append(taken)
        if behaviour is Behaviour.TIMEOUT:
            await self._silence()
        if behaviour in (Behaviour.TIMEOUT, Behaviour.RESET) and request.transport:
            request.transport.abort()
        elif (registered := self.state.registered(taken)) and not taken.typing:
            self._start(self._tell(provider.news(taken, registered)))
        return _json(provider.accepted(taken))

    async def _silence(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), SILENCE)
        except TimeoutError:
            return

    async def _tell(self, news: list[SignedRequest]) -> None:
        self._http = self._http or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        for call in news:
            try:
                async with self._http.post(call.url, data=call.body, headers=call.headers) as answer:
                    log.info("told: status=%d", answer.status)
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("nobody listened: %s", type(error).__name__)

    async def _sent(self, request: web.Request) -> web.StreamResponse:
        found = self.state.sent(request.query.get("provider", ""))
        return web.json_response([taken.model_dump(mode="json", by_alias=True) for taken in found])

    async def _clear(self, request: web.Request) -> web.StreamResponse:
        self.state.clear(request.query.get("provider", ""))
        return web.Response(status=204)

    async def _behave(self, request: web.Request) -> web.StreamResponse:
        self.state.order(Order.model_validate_json(await request.read()))
        return web.Response(status=204)

    async def _register(self, request: web.Request) -> web.StreamResponse:
        self.state.register(Registered.model_validate_json(await request.read()))
        return web.Response(status=204)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop(self, app: web.Application) -> None:
        self._closing.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http:
            await self._http.close()


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as error:
        return web.json_response(error.errors(include_url=False, include_context=False), status=400)


def _giver(provider: TokenGiver) -> Handler:
    async def give(request: web.Request) -> web.StreamResponse:
        return _json(await provider.give(request))

    return give


def _json(reply: Reply) -> web.Response:
    return web.json_response(reply.content, status=reply.status, headers=dict(reply.headers))
