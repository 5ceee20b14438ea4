"""The clients' endpoint: plain WebSockets, in both modes of …/concept-client-protocols.

sendEvent (the default): every frame is a `message` event; without a handler for it, or when it refuses, the
connection is dropped. sendToGroup: every frame is published to the group that the address names.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiohttp import WSMessage, WSMsgType, web

from local.webpubsub.access import Client, Refused, read_client
from local.webpubsub.hub import Connection, Hub, send
from local.webpubsub.upstream import USER, EventHandler, Told, Upstream, json_object

FRAME_LIMIT = 1024 * 1024
PING_SECONDS = 30.0
CLOSE_SECONDS = 2.0  # for a client to answer the goodbye
KINDS = {WSMsgType.TEXT: "text/plain; charset=utf-8", WSMsgType.BINARY: "application/octet-stream"}


@dataclass(slots=True)
class Clients:
    """Connects clients to hubs, and tells the hubs' event handlers."""

    keys: Sequence[str]
    hubs: dict[str, Hub]
    handlers: dict[str, EventHandler]
    upstream: Upstream
    tasks: set[asyncio.Task[Told]] = field(default_factory=set)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until it goes."""
        hub = request.match_info.get("hub") or request.query.get("hub", "")
        try:
            client = read_client(request, hub, self.keys)
        except Refused as refused:
            return web.Response(status=401, text=str(refused))
        socket = web.WebSocketResponse(
            timeout=CLOSE_SECONDS, max_msg_size=FRAME_LIMIT, heartbeat=PING_SECONDS
        )
        connection = Connection(hub, client.user, set(client.groups), socket)
        refusal = await self._ask(request, connection, client)
        if refusal:
            return refusal
        await socket.prepare(request)
        here = self.hubs.setdefault(hub, Hub())
        here.add(connection)
        self._notify(connection, "connected")
        try:
            await self._listen(request, connection, client)
        finally:
            here.remove(connection)
            self._notify(connection, "disconnected", {"reason": connection.reason})
        return socket

    async def stop(self) -> None:
        """Close every connection, and let the handlers hear of it."""
        for hub in self.hubs.values():
            await asyncio.gather(*(connection.close("the service stops") for connection in hub.all()))
        await asyncio.gather(*self.tasks)
        await self.upstream.close()

    async def _ask(
        self, request: web.Request, connection: Connection, client: Client
    ) -> web.StreamResponse | None:
        """Ask the `connect` handler; what it refuses is refused."""
        handler = self._handler(connection, "connect")
        if handler is None:
            return None
        query = {name: request.query.getall(name) for name in request.query if name != "access_token"}
        headers = {name: request.headers.getall(name) for name in request.headers}
        asked = {"claims": client.claims, "query": query, "headers": headers, "subprotocols": []}
        told = await self.upstream.tell(handler, connection, "connect", json.dumps(asked).encode())
        if not told.good:
            refused = 400 <= told.status < 500
            return web.Response(status=told.status if refused else 500, body=told.body if refused else None)
        answer = json_object(told)
        connection.user = str(answer.get("userId") or connection.user)
        connection.groups.update(map(str, answer.get("groups") or ()))
        connection.state = told.state or ""
        return None

    async def _listen(self, request: web.Request, connection: Connection, client: Client) -> None:
        group = request.query.get("group", "")
        to_group = request.query.get("webpubsub_mode") == "sendToGroup"
        async for frame in connection.socket:
            if frame.type not in KINDS:
                return
            if not to_group:
                await self._message(connection, frame)
            elif client.may_send(group):
                await send(self.hubs[connection.hub].of_group(group), frame.type, _payload(frame))
            else:
                await connection.close("it may not send to that group")

    async def _message(self, connection: Connection, frame: WSMessage) -> None:
        handler = self._handler(connection, "message", USER)
        if handler is None:
            await connection.close("nobody handles messages")
            return
        told = await self.upstream.tell(
            handler, connection, "message", _payload(frame), kind=USER, content_type=KINDS[frame.type]
        )
        if not told.good:
            await connection.close("the event handler refused a message")
            return
        if told.state is not None:
            connection.state = told.state
        if told.body:
            binary = told.content_type == "application/octet-stream"
            await connection.send(WSMsgType.BINARY if binary else WSMsgType.TEXT, told.body)

    def _handler(self, connection: Connection, event: str, kind: str = "") -> EventHandler | None:
        handler = self.handlers.get(connection.hub)
        wanted = handler and (handler.wants(kind, event) if kind else event in handler.system_events)
        return handler if wanted else None

    def _notify(self, connection: Connection, event: str, body: dict[str, str] | None = None) -> None:
        """Tell of what is no question: the connection does not wait for it."""
        if handler := self._handler(connection, event):
            telling = self.upstream.tell(handler, connection, event, json.dumps(body or {}).encode())
            task = asyncio.create_task(telling)
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)


def _payload(frame: WSMessage) -> bytes:
    data: str | bytes = frame.data
    return data.encode() if isinstance(data, str) else data
