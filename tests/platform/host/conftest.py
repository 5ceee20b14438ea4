"""The host as its users run it: a process of its own, on a free port."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

ROOT = Path(__file__).parents[3]
SAMPLE = Path(__file__).parent / "sample_app"


@dataclass(frozen=True)
class Running:
    """A host process and a client of its HTTP functions."""

    process: asyncio.subprocess.Process
    http: aiohttp.ClientSession
    log: Path

    async def seen(self, name: str) -> list[Any]:
        """What the sample app kept under a name."""
        async with self.http.get(f"/api/seen/{name}") as answer:
            kept: list[Any] = json.loads(await answer.text())
            return kept


async def start(app: Path, log: Path, *arguments: str, **settings: str) -> Running:
    """Run `python -m local.host` and wait until it serves; its log goes to the file."""
    environment: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "local.host",
                "--app",
                str(app),
                "--port",
                "0",
            ),
            *arguments,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        ready, _, port = (await process.stdout.readline()).decode().partition(" ")
    assert ready == "ready", f"see {log}"
    return Running(process, aiohttp.ClientSession(f"http://127.0.0.1:{int(port)}"), log)


async def stop(host: Running) -> int:
    """Ask the host to stop, and give its exit code."""
    await host.http.close()
    if host.process.returncode is None:
        host.process.terminate()
    async with asyncio.timeout(40):
        return await host.process.wait()


@pytest_asyncio.fixture(scope="module")
async def host(tmp_path_factory: Any) -> AsyncIterator[Running]:
    """The sample app, without keys and without a broker."""
    running = await start(SAMPLE, tmp_path_factory.mktemp("host") / "log", TICK="*/1 * * * * *")
    yield running
    assert await stop(running) == 0
