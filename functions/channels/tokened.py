"""Adapters whose calls carry an access token: the provider's own (`Tokened`), or one of Entra ID."""

from typing import Any, Protocol, runtime_checkable

from functions.channels.contract import Account, Call, Tokened
from functions.entra import EntraApp


@runtime_checkable
class EntraTokened(Protocol):
    """What an adapter has besides, whose provider wants a token that Entra ID gives to an application."""

    def entra_app(self, account: Account[Any]) -> EntraApp:
        """Name the application of this account, and what its token is for."""

    def authorised(self, call: Call, token: str) -> Call:
        """Give a call of this account with the token in its place."""


AnyTokened = Tokened | EntraTokened
