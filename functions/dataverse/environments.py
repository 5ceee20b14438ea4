"""The environments of the configured accounts, each with its client."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from functions.channels.contract import Account
from functions.configuration.document import AccountEntry
from functions.configuration.live import Live
from functions.dataverse.client import Client, Environment
from functions.dataverse.http import Http
from functions.dataverse.shapes import Shapes
from functions.entra import ClientSecret, EntraApp, ManagedIdentity
from functions.errors import MonikanavaError, NotFound
from functions.ports import Entra
from functions.providers.dataverse.webhook import DataverseSettings

CHANNEL, PROVIDER = "records", "dataverse"
log = logging.getLogger("monikanava.dataverse")
LiveOf = Callable[[], Awaitable[Live]]


@dataclass(frozen=True, slots=True)
class Reached:
    """An account whose environment can be asked."""

    account: Account[DataverseSettings]
    client: Client
    shapes: Shapes


class Environments:
    """Makes a client for each environment, once."""

    def __init__(self, live: LiveOf, http: Http, entra: Entra, clock: Callable[[], datetime]) -> None:
        self._live = live
        self._http = http
        self._entra = entra
        self._clock = clock
        self._made: dict[Environment, tuple[Client, Shapes]] = {}

    async def of(self, account: str) -> Reached:
        """Give an account's environment; raises NotFound without an API, Unavailable without its secret."""
        return self._reached(await (await self._live()).account(CHANNEL, account))

    async def those(self, wanted: Callable[[DataverseSettings], object]) -> list[Reached]:
        """Give the environments of the accounts whose settings are wanted, and whose secrets are there."""
        found: list[Reached] = []
        for entry in await self._entries():
            try:
                account = await (await self._live()).account(CHANNEL, entry.id)
                if wanted(account.settings):
                    found.append(self._reached(account))
            except MonikanavaError as unreached:
                log.warning("not reached: account=%s: %s", entry.id, unreached.reason)
        return found

    async def writing_back(self) -> list[str]:
        """Name the accounts that write conversations back; asks for no secret."""
        names = ("writeBack", "write_back")
        return [
            entry.id
            for entry in await self._entries()
            if any(entry.settings.get(name) is True for name in names)
        ]

    async def _entries(self) -> list[AccountEntry]:
        entries = (await self._live()).document.accounts
        return [entry for entry in entries if (entry.channel, entry.provider) == (CHANNEL, PROVIDER)]

    def _reached(self, account: Account[DataverseSettings]) -> Reached:
        if not isinstance(account.settings, DataverseSettings) or not account.settings.api_base:
            raise NotFound(f"the account {account.id!r} has no Web API")
        where = environment(account.settings)
        if where not in self._made:
            client = Client(where, self._http, self._entra, self._clock)
            self._made[where] = (client, Shapes(client, self._clock))
        return Reached(account, *self._made[where])


def environment(settings: DataverseSettings) -> Environment:
    """Say where the API is, and in whose name it is asked."""
    secret = settings.client_secret.get_secret_value()
    app = EntraApp(
        tenant=settings.tenant_id,
        client_id=settings.client_id,
        scope=f"{settings.api_base}/.default",
        credential=ManagedIdentity() if settings.managed_identity else ClientSecret(secret),
        authority=settings.login_base,
    )
    return Environment(settings.api_base, app)
