"""The same promises through the unmodified npm client."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest_asyncio

from local.servicebus.launch import ServiceBus

FOLDER = Path(__file__).parent / "node"
LIMIT = 60  # seconds


async def run(*command: str, **environment: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=FOLDER, env=os.environ | environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), LIMIT)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    return out


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(bus: ServiceBus) -> dict[str, Any]:
    """Install the client once, play every scenario, and give what it saw."""
    assert shutil.which("node"), "Node is needed: https://nodejs.org"
    if not (FOLDER / "node_modules" / "@azure" / "service-bus").is_dir():
        await run("npm", "ci", "--loglevel=error")
    out = await run("node", "scenarios.mjs", CONNECTION_STRING=bus.connection_string)
    found: dict[str, Any] = json.loads(out)
    return found


def test_settling(seen: dict[str, Any]) -> None:
    settling = seen["settling"]
    assert settling["seen"] == [
        ["complete", 0],
        ["abandon", 0],
        ["abandon", 1],
        "yes",
        ["defer", 0],
        ["bury", 0],
    ]
    assert settling["deferred"] == "defer"
    assert settling["dead"] == ["bury", "r", "d", 7]
    assert settling["left"] == 0


def test_scheduling_and_peeking(seen: dict[str, Any]) -> None:
    assert seen["scheduling"] == {"peeked": ["later", "scheduled"], "now": "single in a batch"}


def test_sessions(seen: dict[str, Any]) -> None:
    assert seen["sessions"] == {
        "session": "s",
        "taken": "SessionCannotBeLocked",
        "state": "state",
        "renewed": True,
        "bodies": ["1", "2", "3"],
    }


def test_a_subscription_gets_everything(seen: dict[str, Any]) -> None:
    assert seen["subscribing"] == list(range(20))


def test_refusals(seen: dict[str, Any]) -> None:
    assert seen["refusals"]["unknown"] == "MessagingEntityNotFound"
    assert "session id" in seen["refusals"]["homeless"]
