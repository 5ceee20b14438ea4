"""Starts the emulator as a child process, for the platform and for tests."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

START_LIMIT = 30.0  # seconds
STOP_LIMIT = 10.0


class NotStarted(RuntimeError):
    """The emulator ended, or was silent, before it was ready; its own words are on stderr."""


class ServiceBus:
    """One emulator on a port and a data folder. Start it again after `stop` or `kill`: port and data stay."""

    def __init__(self, config: Path, data: Path, port: int = 0) -> None:
        self.port = port
        self._config = config
        self._data = data
        self._process: asyncio.subprocess.Process | None = None

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
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def start(self) -> None:
        """Start it, and return once it listens. Raises NotStarted."""
        arguments = ("--config", str(self._config), "--data", str(self._data), "--port", str(self.port))
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "local.servicebus", *arguments),
            cwd=Path(__file__).parents[2],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), START_LIMIT)
        except TimeoutError:
            line = b""
        word, _, port = line.decode().partition(" ")
        if word != "ready":
            await self.kill()
            raise NotStarted("the Service Bus emulator did not start")
        self.port = int(port)

    async def stop(self) -> None:
        """End it cleanly; one that is not running is well."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        await self._end(signal.SIGKILL)

    async def __aenter__(self) -> "ServiceBus":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(how)
        try:
            await asyncio.wait_for(process.wait(), STOP_LIMIT)
        except TimeoutError:
            process.kill()
            await process.wait()
