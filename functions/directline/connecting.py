"""Clients that connect: the address of their stream, and what they are given as soon as they are there.

Who connects is told us by the service (https://learn.microsoft.com/azure/azure-web-pubsub/reference-cloud-events).
The news holds the connection's user, and no claims: so the user of an address says what the client may read,
and from where on. The service has it from a token that we signed.
"""

import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from functions.channels.chat import Chat
from functions.channels.contract import Request, Response
from functions.conversations.threads import Threads
from functions.directline.activities import View, Watermark
from functions.directline.call import Call
from functions.directline.pushing import FRAME, Accounts, Pusher, frame, group_of
from functions.directline.reading import news
from functions.directline.tokens import Grant
from functions.errors import Forbidden, Invalid, MonikanavaError, NotAuthentic
from functions.ports import Push

MINUTES = 2  # for a client to connect; once it is, it stays
CONNECTED = "azure.webpubsub.sys.connected"
SENT = "azure.webpubsub.user.message"
Frames = Callable[[Request], Awaitable[None]]  # takes what a client sent; chat's send nothing
log = logging.getLogger("monikanava.push")


async def stream_url(call: Call, grant: Grant, watermark: str = "") -> str | None:
    """Give the WebSocket address of what comes after a watermark; None when there is no push.

    Raises Invalid for a watermark that is not ours, and Unavailable when the service does not answer.
    """
    if call.rooms.push is None:
        return None
    Watermark.read(watermark)
    listener = Listener(call.account.id, grant.conversation, grant.began, grant.locale, watermark)
    return await call.rooms.push.address(str(listener), MINUTES)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who a connection is: what it reads, and after which watermark."""

    account: str
    conversation: str
    began: datetime
    locale: str
    watermark: str

    def __str__(self) -> str:
        content = [self.account, self.conversation, int(self.began.timestamp()), self.locale, self.watermark]
        return urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, user: str) -> "Listener":
        """Read a connection's user; raises Invalid for one that is none of ours."""
        try:
            content = json.loads(urlsafe_b64decode(user + "=" * (-len(user) % 4)))
            account, conversation, began, locale, watermark = content
            return cls(
                str(account),
                str(conversation),
                datetime.fromtimestamp(began, UTC),
                str(locale),
                str(watermark),
            )
        except (ValueError, TypeError, OverflowError, OSError):
            raise Invalid("the connection's user is none of ours") from None


class Connections:
    """Hears of connections, and gives each what came before it was there."""

    def __init__(
        self, push: Push, threads: Threads, accounts: Accounts, pusher: Pusher, frames: Frames
    ) -> None:
        self._push = push
        self._frames = frames
        self._threads = threads
        self._accounts = accounts
        self._pusher = pusher

    async def hear(self, request: Request) -> Response:
        """Answer one call of the service; a refusal is an answer too."""
        try:
            if request.method == "OPTIONS":
                return self._allowed(request)
            connection = request.headers.get("ce-connectionid", "")
            if not self._push.genuine(connection, request.headers.get("ce-signature", "")):
                raise NotAuthentic("the signature is not the service's")
            if request.headers.get("ce-type") == CONNECTED:
                await self._catch_up(connection, request)
            elif request.headers.get("ce-type") == SENT:
                await self._frames(request)
        except MonikanavaError as error:
            log.warning("event refused: code=%s", error.code)
            return Response(error.status, error.reason)
        return Response(204)

    def _allowed(self, request: Request) -> Response:
        origin = request.headers.get("webhook-request-origin", "")
        if origin.lower() != self._push.host:
            raise Forbidden("another service than ours asks")
        return Response(headers={"WebHook-Allowed-Origin": origin})

    async def _catch_up(self, connection: str, request: Request) -> None:
        listener = Listener.read(request.headers.get("ce-userid", ""))
        account = await self._accounts(Chat.channel, listener.account)
        view = View(account, listener.conversation, request.received_at)
        try:
            await self._send(connection, view, listener)
        except MonikanavaError:
            self._pusher.remind(connection, self._push.close)
            raise

    async def _send(self, connection: str, view: View, listener: Listener) -> None:
        """Give what it missed; then let it hear what comes, and give what came meanwhile."""
        before = await self._backlog(connection, view, listener, Watermark.read(listener.watermark))
        await self._push.join(group_of(view.account, listener.conversation), connection)
        await self._backlog(connection, view, listener, before)

    async def _backlog(self, connection: str, view: View, listener: Listener, before: Watermark) -> Watermark:
        # The token itself is not needed any more: what it allowed is what the address allows.
        began = listener.began
        grant = Grant(listener.conversation, "", began, view.now, began, locale=listener.locale)
        while True:
            found, mark = await news(self._threads, view, grant, before)
            for start in range(0, len(found), FRAME):
                last = start + FRAME >= len(found)
                part = frame(found[start : start + FRAME], mark if last else None)
                await self._push.send_to(connection, part)
            if mark.mark == before.mark:
                return mark
            before = mark
