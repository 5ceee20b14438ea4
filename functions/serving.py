"""The channels whose clients call us as they would call a provider: Direct Line, Dynamics' Messaging API.

Such a channel has no webhook to verify, but an API of its own below its webhook's address. Its server
answers there, over the same rooms as all others: what customers say goes through `inbound-<channel>`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from functions.channels.contract import Account, Request, Response
from functions.configuration.live import Live
from functions.conversations.threads import Threads
from functions.delivery.caller import Caller
from functions.identity.identities import Identities
from functions.identity.records import Records
from functions.intake.handshakes import Handshakes
from functions.intake.outbox import Outbox
from functions.keys import KeyRing
from functions.ports import Blobs, Calling, Push, Table

SERVERS: dict[tuple[str, str], str] = {
    ("chat", "directline"): "functions.directline.server:DirectLine",
    ("custom", "dynamics"): "functions.messaging.server:MessagingApi",
    ("voice", "twilio"): "functions.voice.twilio.server:TwilioCalls",
    ("voice", "acs"): "functions.voice.acs.server:AcsCalls",
}


class Server(Protocol):
    """Answers every call below an account's address."""

    async def answer(self, request: Request, account: Account[Any]) -> Response:
        """Answer one call; `request.rest` is the path below the account. Raises Unavailable."""


@runtime_checkable
class Mending(Protocol):
    """What a server of calls has besides."""

    async def mend(self) -> None:
        """Look after the calls that stand still."""


@runtime_checkable
class Tidying(Protocol):
    """What a server has besides that keeps something for a short time."""

    async def tidy(self) -> None:
        """Drop what has had its time."""


@runtime_checkable
class CallServer(Protocol):
    """What the server of calls has besides that ACS controls."""

    async def hear(self, account: Account[Any], name: str, frame: str, body: bytes) -> None:
        """Take a frame of a call's transcript; `frame` names it, however often it comes."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """What a server works with."""

    threads: Threads
    identities: Identities
    records: Records
    outbox: Outbox
    blobs: Blobs
    keys: KeyRing
    table: Callable[[str], Table]
    live: Callable[[], Awaitable[Live]]
    caller: Caller
    handshakes: Handshakes
    push: Push | None
    calling: Calling | None
    clock: Callable[[], datetime]


class Servers:
    """The servers, each imported and made at its first call."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._made: dict[tuple[str, str], Server] = {}

    def of(self, channel: str, provider: str) -> Server | None:
        """Give the channel's server; None for a channel with webhooks."""
        key = (channel, provider)
        if key in SERVERS and key not in self._made:
            module, name = SERVERS[key].split(":")
            self._made[key] = getattr(import_module(module), name)(self._rooms)
        return self._made.get(key)
