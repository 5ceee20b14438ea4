"""Chats: how many polls a second the platform answers, what each costs, and how long messages take.

Beside the same functions host with a function that does nothing. Latencies are whole ways, as the two people
see them: over HTTP, Service Bus, the router and the tables, to the other one's client.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import random
from statistics import quantiles
from urllib.parse import urlsplit

import aiohttp
from rich.table import Table

from bench import report
from bench.chats import DOCUMENT, SECRET, Chat
from bench.load import CONNECTIONS, load
from bench.platform import platform
from bench.router import azurite, make_services
from bench.timing import Measure, in_turns
from bench.webhook import APPS, Contestant
from functions.channels.contract import Request
from functions.cloud.tables import open_tables
from local.child import Child
from local.desk import Desk
from local.platform import Platform

OPEN, ROUNDS = 1000, 3
POLLS = 1  # of each chat in a round
TALKERS, EXCHANGES = 12, 16  # chats at a time, and messages of each
INTERVAL = 1.0  # seconds between polls, as the npm client's are
AT_ONCE = 32  # chats opened at the same time
Latencies = list[float]


async def tables() -> list[Table]:
    """Measure and tell."""
    cost = await calls_of_a_poll()
    async with platform(DOCUMENT) as running, _noop(running) as noop, _http() as http:
        chats = await _opened(http, running.url, OPEN)
        return [await _polls(chats, noop, cost), await _latencies(running, http, noop)]


async def calls_of_a_poll() -> int:
    """Count the table calls of one poll, in this process."""
    async with azurite() as connection:
        opened, calls = open_tables(connection), Counter[str]()
        services = await make_services(opened, calls, DOCUMENT)

        async def call(method: str, path: str, token: str) -> str:
            headers = {"authorization": f"Bearer {token}"}
            rest = f"v3/directline/conversations{path}"
            request = Request(method, "", "", headers, b"{}", datetime.now(UTC), rest=rest)
            return str((await services.intake.receive("chat", "bench", request)).body)

        begun = json.loads(await call("POST", "", SECRET))
        calls.clear()
        await call("GET", f"/{begun['conversationId']}/activities", begun["token"])
        await opened.close()
        return calls.total()


async def _polls(chats: list[Chat], noop: Contestant, cost: int) -> Table:
    port = urlsplit(chats[0].base).port or 80

    async def polls() -> float:
        return (await load(port, [chat.poll_request() for _ in range(POLLS) for chat in chats])).per_second

    measures: list[Measure] = [polls, noop.measure]
    await in_turns(measures, 1)
    rounds = await in_turns(measures, ROUNDS)
    shown = report.table(
        f"Polls of {len(chats):,} open chats, {CONNECTIONS} connections",
        *("server", "polls/s", "table calls a poll", "beside the no-op"),
    )
    rate, ratio = report.whole(rounds.median(0)), report.times(rounds.ratio(0, 1))
    shown.add_row("GET activities?watermark, whole app", rate, str(cost), ratio)
    shown.add_row("no-op function, same host", report.whole(rounds.median(1)), "0", report.times(1))
    return shown


async def _latencies(running: Platform, http: aiohttp.ClientSession, noop: Contestant) -> Table:
    chats = await _opened(http, running.url, TALKERS * 2)
    pushed, polled = chats[:TALKERS], chats[TALKERS:]
    async with Desk(running.url, running.issuer.token("Agent", "bench")) as desk:
        ways = {
            "customer → stored, echoed by push": await _talk(pushed, Chat.listen, _echo),
            "customer → agent, long poll": await _talk(pushed, Chat.listen, _to_agent(desk)),
            "agent → customer, push": await _talk(pushed, Chat.listen, _to_customer(desk)),
            f"agent → customer, polled every {INTERVAL:.0f} s": await _talk(
                polled, lambda chat: chat.poll_always(INTERVAL), _to_customer(desk, INTERVAL)
            ),
        }
    bare = await _bare(http, noop.url)
    shown = report.table(
        f"How long a message takes, {TALKERS} chats at a time",
        *("way", "p50", "p99", "p50 beside the no-op"),
        note="a long poll looks every 0.25 s at first",
    )
    for name, found in {**ways, "no-op function, same host: one call": bare}.items():
        middle, last = _percentile(found, 50), _percentile(found, 99)
        ratio = report.times(middle / _percentile(bare, 50))
        shown.add_row(name, report.millis(middle), report.millis(last), ratio)
    return shown


async def _talk(
    chats: list[Chat],
    follow: Callable[[Chat], Awaitable[None]],
    way: Callable[[Chat, str], Awaitable[float]],
) -> Latencies:
    """Let every chat exchange its messages, one after the other, and give the seconds of each."""
    following = [asyncio.ensure_future(follow(chat)) for chat in chats]

    async def exchange(chat: Chat) -> Latencies:
        await chat.say("begin")
        await chat.wait("begin")
        return [await way(chat, f"{id(follow)} {number}") for number in range(EXCHANGES)]

    try:
        found = await asyncio.gather(*map(exchange, chats))
    finally:
        for task in following:
            task.cancel()
    return [seconds for each in found for seconds in each]


async def _echo(chat: Chat, text: str) -> float:
    started = time.perf_counter()
    await chat.say(f"echo {text}")
    return await chat.wait(f"echo {text}") - started


def _to_agent(desk: Desk) -> Callable[[Chat, str], Awaitable[float]]:
    marks: dict[str, str] = {}

    async def way(chat: Chat, text: str) -> float:
        path = f"conversations/{chat.conversation}/events"
        if chat.name not in marks:
            marks[chat.name] = (await desk.get(path, wait="0"))["mark"]
        follower = asyncio.create_task(_followed(desk, path, marks, chat.name, text))
        await asyncio.sleep(0)
        started = time.perf_counter()
        await chat.say(text)
        return await follower - started

    return way


async def _followed(desk: Desk, path: str, marks: dict[str, str], name: str, text: str) -> float:
    while True:
        found = await desk.get(path, after=marks[name], wait="20")
        marks[name] = found["mark"]
        if any(item.get("text") == text for item in found["items"]):
            return time.perf_counter()


def _to_customer(desk: Desk, interval: float = 0) -> Callable[[Chat, str], Awaitable[float]]:
    async def way(chat: Chat, text: str) -> float:
        await asyncio.sleep(random() * interval)  # agents do not write just when a poll has been
        started = time.perf_counter()
        await desk.reply(chat.conversation, f"reply {text}", f"{chat.name} {text}")
        return await chat.wait(f"reply {text}") - started

    return way


async def _bare(http: aiohttp.ClientSession, url: str) -> Latencies:
    async def one() -> float:
        started = time.perf_counter()
        async with http.post(url, data=b"x", raise_for_status=True):
            return time.perf_counter() - started

    async def some() -> Latencies:
        return [await one() for _ in range(EXCHANGES)]

    found = await asyncio.gather(*(some() for _ in range(TALKERS)))
    return [seconds for each in found for seconds in each]


async def _opened(http: aiohttp.ClientSession, url: str, count: int) -> list[Chat]:
    """Open chats, each with a message that is stored."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one() -> Chat:
        async with turns:
            chat = await Chat.open(http, url)
            await chat.say("hello")
            return chat

    chats = list(await asyncio.gather(*(one() for _ in range(count))))
    for chat in chats:
        while "hello" not in chat.seen:
            await chat.poll()
    return chats


@asynccontextmanager
async def _noop(running: Platform) -> AsyncIterator[Contestant]:
    child = Child(
        *("local.host", "--app", str(APPS / "noop"), "--port", "0"), environment=running.environment()
    )
    with (running.data / "noop.log").open("wb") as log:
        port = await child.start(log)
    yield Contestant("no-op function, same host", f"http://127.0.0.1:{port}/api/noop")
    await child.stop()


@asynccontextmanager
async def _http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        yield http


def _percentile(found: Iterable[float], percent: int) -> float:
    return quantiles(found, n=100)[percent - 1]
