"""What reaches calls beside their webhooks: their transcripts' frames, and the timer that mends them.

Azure Communication Services sends a transcript to a WebSocket only. Functions have none: so the socket is Web
PubSub's, whose address we signed for this one call, and every frame is news for us, as
https://learn.microsoft.com/azure/azure-web-pubsub/reference-cloud-events#user-event has it.
"""

from functions.channels.contract import Request
from functions.errors import Invalid
from functions.intake.webhook import Accounts
from functions.serving import SERVERS, CallServer, Mending, Servers

CHANNEL, PROVIDER = "voice", "acs"


class CallNews:
    """Passes on to the server of calls; imports it only when there is something to pass on."""

    def __init__(self, servers: Servers, accounts: Accounts) -> None:
        self._servers = servers
        self._accounts = accounts

    async def hear(self, request: Request) -> None:
        """Take a frame; raises Invalid when its sender is no call of ours, and Unavailable."""
        kind, _, rest = request.headers.get("ce-userid", "").partition(".")
        account, _, call = rest.partition(".")
        server = self._servers.of(CHANNEL, PROVIDER)
        if kind != "call" or not isinstance(server, CallServer):
            raise Invalid("the connection is no call's")
        frame = f"{request.headers.get('ce-connectionid', '')}/{request.headers.get('ce-id', '')}"
        await server.hear(await self._accounts(CHANNEL, account), call, frame, request.body)

    async def mend(self) -> None:
        """Look after the calls that stand still."""
        for channel, provider in SERVERS:
            server = self._servers.of(channel, provider) if channel == CHANNEL else None
            if isinstance(server, Mending):
                await server.mend()
