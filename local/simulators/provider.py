"""What the simulator of a provider is made of; `server` does the rest for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from aiohttp import web

from local.simulators.signed import SignedRequest
from local.simulators.state import Behaviour, Registered, Taken


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API answers."""

    status: int
    content: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


class Rejected(Exception):
    """The provider would not take the call as it is."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Provider(Protocol):
    """A provider's send API."""

    name: str
    path: str  # of its send calls, below the provider's prefix
    refusals: Mapping[Behaviour, Reply]

    async def read(self, request: web.Request) -> Taken:
        """Read a call; raises Rejected for what the provider would refuse."""

    def accepted(self, taken: Taken) -> Reply:
        """Say that it was taken."""

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Give the webhooks that tell how the message fared."""


@runtime_checkable
class TokenGiver(Protocol):
    """What a provider has besides that wants an access token: where it gives one."""

    token_path: str  # below the provider's prefix

    async def give(self, request: web.Request) -> Reply:
        """Give a token, or say why not."""


@runtime_checkable
class Repeating(Protocol):
    """What a provider has besides that answers a repeated idempotency key in a way of its own."""

    def again(self, taken: Taken) -> Reply:
        """Answer a call whose key came before, with the message that was taken then."""
