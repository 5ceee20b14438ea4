"""Starts the emulator as a child process, for the platform and for tests."""

from pathlib import Path
from typing import IO

from local.child import Child


class ServiceBus:
    """One emulator on a port and a data folder. Start it again after `stop` or `kill`: port and data stay."""

    def __init__(self, config: Path, data: Path, port: int = 0) -> None:
        self.port = port
        self._config = config
        self._data = data
        self._child: Child | None = None

    @property
    def connection_string(self) -> str:
        """Give the connection string; it holds a port once the emulator was started."""
        return (
            f"Endpoint=sb://127.0.0.1:{self.port};SharedAccessKeyName=RootManageSharedAccessKey;"
            "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
        )

    @property
    def pid(self) -> int | None:
        """Give the child's process id while it runs."""
        return self._child.pid if self._child else None

    async def start(self, log: IO[bytes] | None = None) -> None:
        """Start it, and return once it listens; raises OSError."""
        where = ("--config", str(self._config), "--data", str(self._data), "--port", str(self.port))
        self._child = Child("local.servicebus", *where)
        self.port = await self._child.start(log)

    async def stop(self) -> None:
        """End it cleanly; one that is not running is well."""
        if self._child:
            await self._child.stop()

    async def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        if self._child:
            await self._child.kill()

    async def __aenter__(self) -> "ServiceBus":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
