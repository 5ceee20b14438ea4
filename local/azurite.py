"""Azurite, Microsoft's emulator of Azure Storage, as child processes of ours: one for tables, one for blobs.

https://learn.microsoft.com/azure/storage/common/storage-use-azurite. The pinned npm package is in
`local/package.json`; `npm ci` in `local/` installs it.
"""

import asyncio
import contextlib
import shutil
import signal
from enum import StrEnum
from pathlib import Path

from local.ports import free_port

HERE = Path(__file__).parent
SOURCES = HERE / "node_modules" / "azurite" / "dist" / "src"
# The account and key that every Azurite has: published by Microsoft, secret to nobody.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
PRELOADED = ("exit_with_parent.cjs", "keep_alive.cjs")
STARTED = b"successfully "  # "started" says the table service, "listens" the blob service
START_SECONDS = 60
STOP_SECONDS = 60


class Service(StrEnum):
    """What an Azurite serves."""

    TABLE = "table"
    BLOB = "blob"


class Azurite:
    """One service on loopback.

    `data` is the folder that it keeps its data in; None keeps them in memory. Port 0 takes a free one.
    It writes to disk every five seconds and when it stops, so a crash of the machine loses the last seconds.
    """

    def __init__(self, data: Path | None, port: int = 0, service: Service = Service.TABLE) -> None:
        self._service = service
        self._main = SOURCES / service / "main.js"
        self._data = data
        self._wanted = port
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[bytes] | None = None
        self.port = port

    @property
    def connection_string(self) -> str:
        """What the service's client takes in `from_connection_string`; meaningful once started."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"{self._service.capitalize()}Endpoint=http://127.0.0.1:{self.port}/{ACCOUNT};"
        )

    async def start(self) -> None:
        """Start it and return once it answers.

        Raises FileNotFoundError without Node or the npm package, and OSError when it does not start.
        """
        if not shutil.which("node"):
            raise FileNotFoundError("there is no `node` on the PATH: Node 20 or newer is needed")
        if not self._main.exists():
            raise FileNotFoundError(f"Azurite is not installed: run `npm ci` in {HERE}")
        # A free port can be taken by another process before Azurite binds it: then another one is as good.
        for _ in range(1 if self._wanted else 3):
            self.port = self._wanted or free_port()
            if await self._launch():
                return
        raise OSError(f"Azurite did not start on port {self.port}")

    async def stop(self) -> None:
        """Ask it to save and exit, and wait until it has.

        Raises TimeoutError when it has not after a minute; it is never killed, for that would lose data.
        """
        process, self._process = self._process, None
        if process is None:
            return
        # Exactly one SIGINT: the second one would end it before it has saved.
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
            if self._drain:
                await self._drain

    async def _launch(self) -> bool:
        # A session of its own, so that Ctrl-C in a terminal reaches it through `stop` only.
        process = await asyncio.create_subprocess_exec(
            *self._command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        stdout = process.stdout
        assert stdout is not None  # noqa: S101 - for the type checker; it was asked for above
        async with asyncio.timeout(START_SECONDS):
            async for line in stdout:
                if STARTED in line:
                    self._process, self._drain = process, asyncio.create_task(stdout.read())
                    return True
            await process.wait()
        return False

    def _command(self) -> list[str]:
        if self._data is not None:
            self._data.mkdir(parents=True, exist_ok=True)
        keep = ["--inMemoryPersistence"] if self._data is None else ["--location", str(self._data)]
        preloaded = (word for name in PRELOADED for word in ("--require", str(HERE / name)))
        return [
            *("node", *preloaded, str(self._main), "--silent"),
            *(f"--{self._service}Port", str(self.port), "--skipApiVersionCheck", "--disableTelemetry", *keep),
        ]
