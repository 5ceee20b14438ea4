"""Starts the emulator as a child process, for the platform and for tests."""

from typing import IO

import aiohttp

from local.child import Child

# Of no worth: whoever reaches the loopback may use the emulator, as with Azurite's well-known key.
KEY = "bW9uaWthbmF2YS1kZXZlbG9wbWVudC1vbmx5LWtleS1mb3ItdGhlLWxvb3BiYWNrLW9mLWEtbGFwdG9wLTEyMw=="


class WebPubSub:
    """One emulator on a port. Start it again after `stop` or `kill`: the port stays, connections do not."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self._child: Child | None = None
        self._handlers: dict[str, dict[str, object]] = {}

    @property
    def url(self) -> str:
        """Give the endpoint; it holds a port once the emulator was started."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connection_string(self) -> str:
        """Give the connection string."""
        return f"Endpoint={self.url};AccessKey={KEY};Version=1.0;"

    @property
    def pid(self) -> int | None:
        """Give the child's process id while it runs."""
        return self._child.pid if self._child else None

    async def start(self, log: IO[bytes] | None = None) -> None:
        """Return once it listens; raises OSError."""
        self._child = Child("local.webpubsub", "--port", str(self.port), "--key", KEY)
        self.port = await self._child.start(log)
        for hub in self._handlers:
            await self._configure(hub)

    async def tell(self, hub: str, url_template: str, *system_events: str, user_events: str = "") -> None:
        """Say where a hub's events go; it stays so when the emulator is started again."""
        self._handlers[hub] = {
            "urlTemplate": url_template,
            "systemEvents": system_events,
            "userEventPattern": user_events,
        }
        await self._configure(hub)

    async def stop(self) -> None:
        """End it cleanly; one that is not running is well."""
        if self._child:
            await self._child.stop()

    async def kill(self) -> None:
        """End it as a crash would."""
        if self._child:
            await self._child.kill()

    async def _configure(self, hub: str) -> None:
        url, handler = f"{self.url}/emulator/hubs/{hub}", self._handlers[hub]
        async with aiohttp.ClientSession() as http, http.put(url, json=handler, raise_for_status=True):
            return
