"""Agents follow a conversation: by a long poll, and by the npm EventSource."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import azure.functions as func
import pytest
import pytest_asyncio
from aiohttp import web

from functions.conversations.model import Conversation
from functions.desk.events import LAST_PAUSE
from functions.message import Address
from tests.desk.issuers import token
from tests.desk.kit import BASE, Desk, now

NODE = Path(__file__).parent / "node"
EVENTS = "conversations/{id}/events"


async def follow(desk: Desk, conversation: Conversation, after: str = "", wait: float = 0) -> dict[str, Any]:
    query = f"after={after}&wait={wait}"
    told = await desk.call("GET", f"conversations/{conversation.id}/events", query=query)
    assert told.status == 200
    found: dict[str, Any] = told.body
    return found


async def says(desk: Desk, conversation: Conversation, text: str) -> None:
    who = {"thread": conversation.thread, "sender": Address(id=conversation.customer.id)}
    await desk.opened(**who, text=text, received_at=now())


def texts(events: dict[str, Any]) -> list[str]:
    return [item["text"] for item in events["items"]]


async def test_a_poll_without_waiting_gives_what_there_is(desk: Desk) -> None:
    conversation = await desk.opened()
    first = await follow(desk, conversation)
    assert texts(first) == ["moi"]
    again = await follow(desk, conversation, first["mark"])
    assert again == {"items": [], "typing": False, "mark": first["mark"]}


async def test_a_poll_that_waits_wakes_when_the_customer_writes(desk: Desk) -> None:
    conversation = await desk.opened()
    mark = (await follow(desk, conversation))["mark"]
    waiting = asyncio.create_task(follow(desk, conversation, mark, wait=30))
    await asyncio.sleep(1)  # it has looked a few times by now
    assert not waiting.done()
    started = time.monotonic()
    await says(desk, conversation, "vielä yksi asia")
    assert texts(await waiting) == ["vielä yksi asia"]
    assert time.monotonic() - started < LAST_PAUSE + 1


async def test_a_poll_that_waits_in_vain_gives_an_empty_list(desk: Desk) -> None:
    conversation = await desk.opened()
    mark = (await follow(desk, conversation))["mark"]
    started = time.monotonic()
    assert (await follow(desk, conversation, mark, wait=1))["items"] == []
    assert 1 <= time.monotonic() - started < 3


async def test_the_customers_typing_is_shown_and_ends(desk: Desk) -> None:
    conversation = await desk.opened()
    mark = (await follow(desk, conversation))["mark"]
    await desk.services.threads.typing(conversation.id[:32], "customer")
    typing = await follow(desk, conversation, mark, wait=5)
    assert (typing["typing"], typing["items"]) == (True, [])
    started = time.monotonic()
    ended = await follow(desk, conversation, typing["mark"], wait=10)
    assert ended["typing"] is False
    assert 2 < time.monotonic() - started < 9


async def test_a_long_wait_and_a_foreign_mark_are_refused(desk: Desk) -> None:
    path = f"conversations/{(await desk.opened()).id}/events"
    assert (await desk.call("GET", path, query="wait=31")).status == 400
    assert (await desk.call("GET", path, query="after=x")).status == 400
    assert (await desk.call("GET", path, role=None)).status == 401
    unknown = f"conversations/{'0' * 32}-000001/events"
    assert (await desk.call("GET", unknown, query="wait=20")).status == 404


async def test_a_stream_says_where_to_go_on(desk: Desk) -> None:
    conversation = await desk.opened()
    path = f"conversations/{conversation.id}/events"
    told = await desk.call("GET", path, query="wait=0", accept="text/event-stream")
    fields = dict(line.split(": ", 1) for line in told.body.splitlines() if line)
    assert int(fields["retry"]) > 0
    assert json.loads(fields["data"])["mark"] == fields["id"]
    after = await desk.call("GET", path, query="wait=0", last_event_id=fields["id"])
    assert after.body["items"] == []


@asynccontextmanager
async def serving(desk: Desk) -> AsyncIterator[str]:
    """The function that is followed, on a port: everything that the client sends reaches it."""

    async def answer(request: web.Request) -> web.Response:
        called = func.HttpRequest(
            "GET",
            f"{BASE}{request.path_qs}",
            headers=dict(request.headers),
            route_params=dict(request.match_info),
            body=b"",
        )
        told = await desk.functions["GET", EVENTS].get_user_function()(called)
        return web.Response(status=told.status_code, body=told.get_body(), headers=dict(told.headers))

    app = web.Application()
    app.router.add_get(f"/api/{EVENTS}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client() -> None:
    """Install the client once."""
    assert shutil.which("node"), "Node is needed: https://nodejs.org"
    if not (NODE / "node_modules" / "eventsource").is_dir():
        install = await asyncio.create_subprocess_exec("npm", "ci", "--loglevel=error", cwd=NODE)
        assert await asyncio.wait_for(install.wait(), 60) == 0


@pytest.mark.usefixtures("client")
async def test_an_event_source_follows_a_conversation_from_answer_to_answer(desk: Desk) -> None:
    conversation = await desk.opened()
    async with serving(desk) as base:
        url = f"{base}/api/conversations/{conversation.id}/events?wait=5"
        follower = await asyncio.create_subprocess_exec(
            "node",
            "follow.mjs",
            cwd=NODE,
            env={**os.environ, "URL": url, "TOKEN": token(roles=["Agent"])},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert texts(await _heard(follower)) == ["moi"]
            await says(desk, conversation, "yksi")
            assert texts(await _heard(follower)) == ["yksi"]
            path = f"conversations/{conversation.id}/messages"
            await desk.call("POST", path, {"text": "kaksi"}, idempotency_key=uuid4().hex)
            replied = await _heard(follower)
            assert [(item["kind"], item["text"]) for item in replied["items"]] == [
                ("state", "an agent took it"),
                ("message", "kaksi"),
            ]
            await desk.services.threads.failed(replied["items"][1]["id"], "30003", "unreachable")
            [changed] = (await _heard(follower))["items"]
            assert (changed["text"], changed["delivery"]) == ("kaksi", "failed")
        finally:
            follower.kill()
            await follower.communicate()


async def _heard(follower: asyncio.subprocess.Process) -> dict[str, Any]:
    """Read the next event that has something to tell."""
    assert follower.stdout
    async with asyncio.timeout(20):
        while line := await follower.stdout.readline():
            event: dict[str, Any] = json.loads(line)
            assert event["id"] == event["mark"]
            if event["items"]:
                return event
    raise AssertionError("the follower gave up")
