"""The unmodified npm client botframework-directlinejs, from a page of another origin, by polling."""

import asyncio
import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.directline.kit import ALLOWED, SECRET, Chats

FOLDER = Path(__file__).parent / "node"
LIMIT = 100  # seconds
ONLINE, EXPIRED, ENDED = 2, 3, 5


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


async def install() -> None:
    """Install the client, once, although two of the room's files may be played at the same time."""
    assert shutil.which("node"), "Node is needed: https://nodejs.org"
    with (FOLDER / "package.json").open() as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        if not (FOLDER / "node_modules" / ".package-lock.json").is_file():
            await run("npm", "ci", "--loglevel=error")


async def play(chats: Chats, script: str, **environment: str) -> dict[str, Any]:
    """Play a script's scenarios, and give what it saw."""
    await install()
    where = {"URL": chats.url, "SECRET": SECRET, "ORIGIN": ALLOWED, "DESK_TOKEN": chats.desk_token}
    found: dict[str, Any] = json.loads(await run("node", script, **where, **environment))
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(chats: Chats) -> dict[str, Any]:
    talk = await chats.start()
    tokens = {"EXPIRED": chats.forged("expired", talk), "GOOD": talk.token, "CONVERSATION": talk.conversation}
    return await play(chats, "polling.mjs", **tokens)


def test_a_whole_conversation(seen: dict[str, Any]) -> None:
    whole = seen["whole"]
    assert whole["same"] == [True, True]
    assert whole["echo"] == {
        "from": {"id": whole["user"], "role": "user"},
        "channelData": {"clientActivityID": "c1", "kept": True},
    }
    assert whole["reply"] == {"id": "web", "name": "Tuki", "role": "bot"}
    assert whole["texts"] == ["Hei!", "moi", "päivää", "liitteet"]
    assert whole["types"] == [
        *("message", "message", "event", "message", "message"),
        *("endOfConversation", "endOfConversation"),
    ]
    assert whole["refused"] == 404
    assert whole["statuses"] == [0, 1, ONLINE, ENDED]


def test_files_reach_the_agent_and_come_back(seen: dict[str, Any]) -> None:
    files = {one["name"]: one for one in seen["whole"]["files"]}
    assert set(files) == {"kuva.png", "ä b.txt"}
    assert files["kuva.png"]["agent"] == files["kuva.png"]["customer"] == "iVBORw0KGgoAAAANSUhEUg=="
    assert files["ä b.txt"]["agent"] == files["ä b.txt"]["customer"] == "aGVp"
    assert files["kuva.png"]["type"] == "image/png"


def test_after_a_reload(seen: dict[str, Any]) -> None:
    assert seen["reload"] == {"second": ["jälkeen"], "third": ["Hello!", "ennen", "jälkeen"]}


def test_another_token(seen: dict[str, Any]) -> None:
    assert seen["refresh"] == {"given": 3, "texts": ["Hello!", "uudella"]}


def test_an_expired_token(seen: dict[str, Any]) -> None:
    expired = seen["expired"]
    assert expired["retried"] == "retry"
    assert EXPIRED in expired["statuses"]
    assert expired["statuses"][expired["statuses"].index(EXPIRED) :].count(ONLINE) == 1
    assert expired["texts"] == ["Hello!", "uudella"]


def test_with_a_secret(seen: dict[str, Any]) -> None:
    assert seen["bySecret"]["texts"] == ["Hello!", "salaisuudella"]
