"""A Python module of ours as a child process: started, awaited until it is ready, stopped, or killed.

Such a module prints `ready PORT` on its standard output when it can be used, and stops on SIGTERM. It
ends when we do, however that comes: see `leash`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class Child:
    """One process in a session of its own: Ctrl-C reaches it only through `stop`."""

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self._command = (sys.executable, "-m", "local.leash", module, *arguments)
        self._environment = {**os.environ, **(environment or {})}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, log: IO[bytes] | None = None) -> int:
        """Return the port it listens on; raises OSError with its last words when it does not start."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=ROOT,
            env=self._environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        output = self._process.stdout or asyncio.StreamReader()
        try:
            async with asyncio.timeout(START_SECONDS):
                async for line in output:
                    if line.startswith(b"ready "):
                        return int(line.split()[1])
        except TimeoutError:
            self._process.kill()
        raise OSError(
            f"{self._command[3]} did not start: {'its last words are above' if log is None else log.name}"
        )

    @property
    def running(self) -> bool:
        """Tell whether it lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """Give its process id while it runs."""
        return self._process.pid if self._process and self.running else None

    async def stop(self) -> None:
        """Ask it to end and wait; after STOP_SECONDS it is killed."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a crash would: at once, with nothing saved."""
        await self._end(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end; give its exit code, 0 when it was never started."""
        return await self._process.wait() if self._process else 0

    async def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
