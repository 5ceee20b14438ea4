"""A hub's connections: who they are, in which groups, and sending to some of them."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

SEND_SECONDS = 5.0  # a client that takes nothing for so long is dropped


@dataclass(eq=False, slots=True)
class Connection:
    """One client's WebSocket."""

    hub: str
    user: str
    groups: set[str]
    socket: web.WebSocketResponse
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    state: str = ""  # `ce-connectionState`, which event handlers may set
    reason: str = ""  # why we closed it

    async def send(self, kind: WSMsgType, payload: bytes) -> None:
        """Send a frame; a client that is gone, or takes nothing, misses it and is closed."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                if kind is WSMsgType.BINARY:
                    await self.socket.send_bytes(payload)
                else:
                    await self.socket.send_str(payload.decode())
        except (ConnectionError, TimeoutError):
            await self.close("the client does not take what is sent")

    async def close(self, reason: str) -> None:
        """Close it, as the service does: 1000, whatever the reason."""
        self.reason = self.reason or reason
        await self.socket.close(message=reason.encode()[:120])


class Hub:
    """The connections of one hub."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}

    def add(self, connection: Connection) -> None:
        """Let a connection be found."""
        self._connections[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        """Forget a connection; a forgotten one is well."""
        self._connections.pop(connection.id, None)

    def all(self) -> list[Connection]:
        """Give every connection."""
        return list(self._connections.values())

    def one(self, connection: str) -> list[Connection]:
        """Give the connection of this id, if it is there."""
        return self._where(lambda found: found.id == connection)

    def of_user(self, user: str) -> list[Connection]:
        """Give a user's connections."""
        return self._where(lambda found: found.user == user)

    def of_group(self, group: str) -> list[Connection]:
        """Give a group's connections."""
        return self._where(lambda found: group in found.groups)

    def _where(self, wanted: Callable[[Connection], bool]) -> list[Connection]:
        return [found for found in self._connections.values() if wanted(found)]


async def send(connections: Iterable[Connection], kind: WSMsgType, payload: bytes) -> None:
    """Send a frame to each; a slow one holds up no other."""
    await asyncio.gather(*(connection.send(kind, payload) for connection in connections))
