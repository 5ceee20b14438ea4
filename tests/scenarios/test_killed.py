"""`python -m local run` is killed with all its parts while webhooks pour in, and started again at once."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path

import aiohttp

from local.child import ROOT
from local.ports import free_port
from local.running import FILE, signed_in
from tests.scenarios.test_crash import stored
from tests.scenarios.texting import CONFIGURATION, Texting, number, sid
from tests.waiting import eventually

PEOPLE, TURNS, BEFORE = 10, 12, 40


async def start(folder: Path, port: int) -> Process:
    words = ("--port", str(port), "--config", str(folder / "c.yaml"), "--data", str(folder / "data"))
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local", "run", *words), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def welcome(process: Process) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(120):
        async for line in process.stdout:
            if line.startswith(b"Monikanava is up"):
                return
    raise AssertionError("it did not start")


async def test_a_platform_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIGURATION)
    port = free_port()
    first = await start(tmp_path, port)
    await welcome(first)
    async with aiohttp.ClientSession() as http:
        texting = Texting(f"http://127.0.0.1:{port}", http)

        async def talk(person: int) -> None:
            for turn in range(TURNS):
                await texting.say(number(person), sid(person, turn), f"{turn}")

        talking = asyncio.gather(*(talk(person) for person in range(PEOPLE)))
        await eventually(lambda: sum(map(len, texting.accepted.values())) >= BEFORE)
        first.kill()
        await first.wait()
        second = await start(tmp_path, port)
        await welcome(second)
        await talking
    async with signed_in(tmp_path / "data") as desk:

        async def all_stored() -> bool:
            return sum(map(len, (await stored(desk)).values())) >= PEOPLE * TURNS

        await eventually(all_stored)
        found = await stored(desk)
    for person, messages in found.items():
        assert [message["providerMessageId"] for message in messages] == texting.accepted[person]
    second.send_signal(signal.SIGINT)
    assert await second.wait() == 0
    assert not (tmp_path / "data" / FILE).exists()
