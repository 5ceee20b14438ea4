"""Azure Web PubSub behind `functions.ports.Push`: frames to the WebSockets of chat clients.

https://learn.microsoft.com/azure/azure-web-pubsub/concept-client-protocols (simple WebSocket clients) and
…/reference-cloud-events (`ce-signature`). The SDK is imported at the first use: most functions never push.

What a client sends are keep-alives only. Its address says so (`webpubsub_mode=sendToGroup`, to a group that
has no members and that nobody may join): else each of them, every 20 seconds, would be a call of our app.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ResourceNotFoundError

from functions.errors import Unavailable

if TYPE_CHECKING:
    from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient

HUB = "chat"
SILENCE = "keepalive"  # the group that keep-alives go to
DEADLINE = 2.0  # seconds for one call
PIPELINE: Mapping[str, Any] = {"retry_total": 0, "connection_timeout": 1, "read_timeout": 2}


class WebPubSub:
    """`functions.ports.Push` on one hub. Takes a connection string, or the endpoint's URL with a credential.

    Every method raises Unavailable within DEADLINE when the service does not answer or refuses us.
    """

    def __init__(self, where: str, credential: AsyncTokenCredential | None = None, hub: str = HUB) -> None:
        parts = {} if credential else _parts(where)
        self._where = where
        self._credential = credential
        self._hub = hub
        self._key = parts.get("accesskey", "").encode()
        self._opened: WebPubSubServiceClient | None = None
        self.host = urlsplit(parts.get("endpoint", where)).hostname or ""

    async def send(self, group: str, frame: str) -> None:
        """Give a frame to every connection of a group."""
        async with self._guarded() as client:
            await client.send_to_group(group, _body(frame), content_type="text/plain")

    async def send_to(self, connection: str, frame: str) -> None:
        """Give a frame to one connection; one that is gone is well."""
        async with self._guarded() as client:
            await client.send_to_connection(connection, _body(frame), content_type="text/plain")

    async def join(self, group: str, connection: str) -> None:
        """Put a connection into a group; one that is gone is well."""
        async with self._guarded() as client:
            with suppress(ResourceNotFoundError):
                await client.add_connection_to_group(group, connection)

    async def close(self, connection: str) -> None:
        """Close a connection; one that is gone is well."""
        async with self._guarded() as client:
            await client.close_connection(connection)

    async def close_all(self, group: str) -> None:
        """Close every connection of a group."""
        async with self._guarded() as client:
            await client.close_group_connections(group)

    async def address(self, user: str, minutes: int) -> str:
        """Give the URL with which one client may connect, for so many minutes; it is in no group."""
        url = await self._url(user, [f"webpubsub.sendToGroup.{SILENCE}"], minutes)
        mode = urlencode({"webpubsub_mode": "sendToGroup", "group": SILENCE})
        return f"{url}&{mode}"

    async def uplink(self, user: str, minutes: int) -> str:
        """Give the URL with which one client may connect whose frames are news for us, each one."""
        return await self._url(user, [], minutes)

    async def _url(self, user: str, roles: list[str], minutes: int) -> str:
        async with self._guarded() as client:
            token = await client.get_client_access_token(user_id=user, roles=roles, minutes_to_expire=minutes)
        return str(token["url"])

    def genuine(self, connection: str, signature: str) -> bool:
        """Tell whether an event of a connection is the service's own, by `ce-signature`.

        With a managed identity we hold no key: then the function's key, in the handler's URL, is the proof.
        """
        if not self._key:
            return True
        right = "sha256=" + hmac.digest(self._key, connection.encode(), sha256).hex()
        # One for each of the service's two keys.
        return any(hmac.compare_digest(right.encode(), given.encode()) for given in signature.split(","))

    async def stop(self) -> None:
        """Close our own sockets."""
        if self._opened:
            await self._opened.close()

    def _client(self) -> "WebPubSubServiceClient":
        if self._opened is None:
            from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient  # noqa: PLC0415

            if self._credential is None:
                made = WebPubSubServiceClient.from_connection_string(self._where, self._hub, **PIPELINE)
            else:
                made = WebPubSubServiceClient(self._where, self._hub, self._credential, **PIPELINE)
            self._opened = made
        return self._opened

    @asynccontextmanager
    async def _guarded(self) -> "AsyncIterator[WebPubSubServiceClient]":
        try:
            async with asyncio.timeout(DEADLINE):
                yield self._client()
        except (AzureError, TimeoutError) as error:
            raise Unavailable(f"Web PubSub does not answer ({type(error).__name__})") from None


def _body(frame: str) -> Any:
    # Bytes, though the SDK names str: of text it counts the characters as bytes, and cuts the end off.
    return frame.encode()


def _parts(connection: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in connection.split(";") if part)
    return {name.strip().lower(): value for name, _, value in pairs}
