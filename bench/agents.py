"""`python -m bench.agents KEYS_URL APP_ID`: the M365 Agents SDK's aiohttp host; its agent does nothing.

It checks the Bot Framework's token, reads the activity, and makes the clients an agent answers with. Its
address of the Bot Framework's keys is fixed: here the simulator's are put in its place.
"""

import argparse
import asyncio
import signal

from aiohttp import web
from microsoft_agents.activity import Activity
from microsoft_agents.hosting.aiohttp import CloudAdapter, jwt_authorization_middleware
from microsoft_agents.hosting.core import ClaimsIdentity, Connections, TurnContext
from microsoft_agents.hosting.core.authorization import (
    AccessTokenProviderBase,
    AgentAuthConfiguration,
    AnonymousTokenProvider,
)
from microsoft_agents.hosting.core.authorization._entra_issuers import BOTFRAMEWORK_JWKS_URIS


class Token(AnonymousTokenProvider):
    """A token that has been fetched before, which costs nothing."""

    async def get_access_token(
        self, resource_url: str, scopes: list[str], force_refresh: bool = False
    ) -> str:
        """Give it."""
        return "token"


class OneConnection(Connections):
    """The agent's only connection."""

    def __init__(self, configuration: AgentAuthConfiguration) -> None:
        self._configuration = configuration

    def get_connection(self, connection_name: str) -> AccessTokenProviderBase:
        """Give the token of the connection."""
        return Token()

    def get_default_connection(self) -> AccessTokenProviderBase:
        """Give the token of the connection."""
        return Token()

    def get_token_provider(
        self, claims_identity: ClaimsIdentity, service_url: str
    ) -> AccessTokenProviderBase:
        """Give the token of the connection."""
        return Token()

    def get_token_provider_from_activity(
        self, claims_identity: ClaimsIdentity, activity: Activity
    ) -> AccessTokenProviderBase:
        """Give the token of the connection."""
        return Token()

    def get_default_connection_configuration(self) -> AgentAuthConfiguration:
        """Give the agent's registration."""
        return self._configuration


class Nothing:
    """An agent that does nothing."""

    async def on_turn(self, context: TurnContext) -> None:
        """Take the activity."""


async def _serve(keys: str, app_id: str) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    for issuer in BOTFRAMEWORK_JWKS_URIS:
        BOTFRAMEWORK_JWKS_URIS[issuer] = keys
    configuration = AgentAuthConfiguration(client_id=app_id, tenant_id="", client_secret="-")
    adapter, agent = CloudAdapter(connection_manager=OneConnection(configuration)), Nothing()

    async def messages(request: web.Request) -> web.Response:
        return await adapter.process(request, agent) or web.Response()

    app = web.Application(middlewares=[jwt_authorization_middleware])
    app["agent_configuration"] = configuration
    app.router.add_post("/api/messages", messages)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"ready {runner.addresses[0][1]}", flush=True)
    await stopped.wait()
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.agents", description=__doc__)
    parser.add_argument("keys")
    parser.add_argument("app_id")
    options = parser.parse_args()
    asyncio.run(_serve(options.keys, options.app_id))
