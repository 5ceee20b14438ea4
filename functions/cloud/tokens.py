"""`functions.ports.Entra` by msal, whose blocking calls run in threads."""

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from functions.entra import EntraApp
from functions.errors import NotGranted

if TYPE_CHECKING:
    from functions.cloud.entra import Client

log = logging.getLogger("monikanava.tokens")


class EntraTokens:
    """The tokens of all applications, kept in memory; lives on one event loop."""

    def __init__(self) -> None:
        self._clients: dict[EntraApp, Client] = {}
        self._locks: defaultdict[EntraApp, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def token(self, app: EntraApp, renew: bool = False) -> str:
        """Give a token; many who ask at once wait for one request. Raises NotGranted or Unavailable."""
        async with self._locks[app]:
            try:
                return await asyncio.to_thread(self._ask, app, renew)
            except NotGranted as refused:
                log.warning("no token: app=%s code=%s", app.client_id, refused.code)
                raise

    def _ask(self, app: EntraApp, renew: bool) -> str:
        from functions.cloud.entra import Client  # noqa: PLC0415 (msal and requests cost a cold start)

        if app not in self._clients:
            self._clients[app] = Client(app)
        return self._clients[app].token(renew)
