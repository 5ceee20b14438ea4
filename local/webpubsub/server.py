"""An emulator of Azure Web PubSub for a laptop: the unmodified SDK, and plain WebSockets, talk to it.

    REST  /api/hubs/{hub}/…        send, close and look for connections, groups, users: what `azure-messaging-
                                   webpubsubservice` calls, with tokens of an access key
    WS    /client/hubs/{hub}       clients, with tokens that the SDK makes
    PUT   /emulator/hubs/{hub}     our own, in place of Azure's management API: the hub's event handler

https://learn.microsoft.com/rest/api/webpubsub/dataplane/. What it does not do: Entra ID's tokens (and so
`:generateToken`), the PubSub subprotocols (JSON, protobuf, MQTT), Socket.IO, anonymous clients, users' groups
and permissions changed over REST, lists of connections, filters, quotas, TLS. What it answers
when it is asked to send to a connection that is gone is not documented: here 202, as for an empty group.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import WSMsgType, web
from pydantic import ValidationError

from local.webpubsub.access import Refused, check_call
from local.webpubsub.client import FRAME_LIMIT, Clients
from local.webpubsub.hub import Connection, Hub, send
from local.webpubsub.upstream import EventHandler, Upstream

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# Below /api/hubs/{hub}; the SDK quotes what it puts into a path.
TARGETS = ("", "/groups/{group}", "/users/{user}", "/connections/{connection}")
FRAMES = {
    "text/plain": WSMsgType.TEXT,
    "application/json": WSMsgType.TEXT,
    "application/octet-stream": WSMsgType.BINARY,
}


class WebPubSubServer:
    """One service with its access keys, all hubs behind one application."""

    def __init__(self, keys: Sequence[str], origin: str = "127.0.0.1") -> None:
        self._keys = tuple(keys)
        self._clients = Clients(self._keys, {}, {}, Upstream(origin, self._keys))

    def application(self) -> web.Application:
        """Give the application, to be served."""
        app = web.Application(client_max_size=FRAME_LIMIT)
        for target in TARGETS:
            path = f"/api/hubs/{{hub}}{target}"
            app.router.add_post(f"{path}/:send", self._keyed(self._send))
            if target:
                app.router.add_head(path, self._keyed(self._exists))
            if not target.startswith("/connections"):
                app.router.add_post(f"{path}/:closeConnections", self._keyed(self._close))
        app.router.add_delete("/api/hubs/{hub}/connections/{connection}", self._keyed(self._close))
        member = "/api/hubs/{hub}/groups/{group}/connections/{connection}"
        app.router.add_put(member, self._keyed(self._join))
        app.router.add_delete(member, self._keyed(self._leave))
        app.router.add_get("/client/hubs/{hub}", self._clients.connect)
        app.router.add_get("/client/", self._clients.connect)
        app.router.add_put("/emulator/hubs/{hub}", self._configure)
        app.on_shutdown.append(self._stop)
        return app

    def _keyed(self, handler: Handler) -> Handler:
        async def checked(request: web.Request) -> web.StreamResponse:
            try:
                check_call(request, self._keys)
            except Refused as refused:
                return web.Response(status=401, text=str(refused))
            return await handler(request)

        return checked

    async def _send(self, request: web.Request) -> web.StreamResponse:
        kind = FRAMES.get(request.content_type)
        if kind is None or "filter" in request.query:
            return web.Response(status=400, text="this content type, or a filter, is not supported")
        await send(self._found(request), kind, await request.read())
        return web.Response(status=202)

    async def _close(self, request: web.Request) -> web.StreamResponse:
        reason = request.query.get("reason", "")
        await asyncio.gather(*(connection.close(reason) for connection in self._found(request)))
        return web.Response(status=204)

    async def _join(self, request: web.Request) -> web.StreamResponse:
        found = self._hub(request).one(request.match_info["connection"])
        for connection in found:
            connection.groups.add(request.match_info["group"])
        return web.Response(status=200 if found else 404)

    async def _leave(self, request: web.Request) -> web.StreamResponse:
        for connection in self._hub(request).one(request.match_info["connection"]):
            connection.groups.discard(request.match_info["group"])
        return web.Response(status=204)

    async def _exists(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=200 if self._found(request) else 404)

    def _found(self, request: web.Request) -> list[Connection]:
        hub, named = self._hub(request), request.match_info
        if "group" in named:
            found = hub.of_group(named["group"])
        elif "user" in named:
            found = hub.of_user(named["user"])
        else:
            found = hub.one(named["connection"]) if "connection" in named else hub.all()
        excluded = request.query.getall("excluded", [])
        return [connection for connection in found if connection.id not in excluded]

    def _hub(self, request: web.Request) -> Hub:
        return self._clients.hubs.get(request.match_info["hub"], Hub())

    async def _configure(self, request: web.Request) -> web.StreamResponse:
        try:
            handler = EventHandler.model_validate_json(await request.read())
        except ValidationError as error:
            return web.Response(status=400, text=f"not an event handler: {error.error_count()} errors")
        self._clients.handlers[request.match_info["hub"]] = handler
        return web.Response(status=204)

    async def _stop(self, _: web.Application) -> None:
        await self._clients.stop()
