"""The commands of the runbook and of the desk's page, as they stand there, against the running platform."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import aiohttp
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from functions.configuration.problem import InvalidDocument
from functions.conversations.model import State
from functions.conversations.states import TRANSITIONS
from functions.desk.configuration import PreconditionFailed
from functions.desk.replies import OptedOut
from functions.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Invalid,
    MonikanavaError,
    NotAuthentic,
    NotFound,
    Stale,
    TooLarge,
    Unavailable,
)
from local.child import ROOT
from local.desk import Desk
from local.platform import Platform
from local.running import remember
from tests.scenarios.texting import CONFIGURATION, TOKEN, Texting, number, sid
from tests.waiting import eventually

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
DESK = (ROOT / "docs" / "desk.md").read_text()
LOCAL = ROOT / "local" / "configuration.yaml"


def blocks(page: str) -> list[str]:
    """Give a page's commands."""
    found = re.findall(r"^ *```sh\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    return [re.sub(r"^ +", "", block, flags=re.MULTILINE) for block in found]


async def prepared(platform: Platform, desk: Desk) -> dict[str, str]:
    """Have one conversation and one parked message; give what the commands name."""
    async with aiohttp.ClientSession() as http:
        texting = Texting(platform.url, http)
        await texting.say(number(1), sid(1, 0), "Hei")
    client = ServiceBusClient.from_connection_string(platform.bus.connection_string)
    async with client, client.get_queue_sender("inbound-sms") as sender:
        await sender.send_messages(ServiceBusMessage("nobody can read this", session_id="x", message_id="x"))

    async def there() -> bool:
        return bool(await desk.conversations()) and bool(await desk.items("parked"))

    await eventually(there)
    return {
        "BASE": platform.url,
        "TOKEN": platform.issuer.token("Administrator", "runbook"),
        "CONVERSATION": str((await desk.conversations())[0]["id"]),
        "PARKED": str((await desk.items("parked"))[0]["id"]),
        "CHANNEL": "sms",
        "ACCOUNT": "texts",
        "CUSTOMER": number(1),
    }


async def bash(script: str, names: dict[str, str], folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-euo",
        "pipefail",
        "-c",
        script,
        cwd=folder,
        env={**os.environ, **names},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, f"{script}\n{said.decode()}"
    return said.decode()


async def test_the_runbook_does_what_it_says(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    async with Platform(tmp_path / "platform") as platform:
        configuration = CONFIGURATION.replace("http://simulators", platform.simulators_url)
        (folder / "both.yaml").write_text(configuration.replace(TOKEN, f"[new-token, {TOKEN}]"))
        (folder / "new.yaml").write_text(configuration.replace(TOKEN, "new-token"))
        await platform.configure(configuration)
        async with Desk(platform.url, platform.issuer.token("Administrator", "test")) as desk:
            names = await prepared(platform, desk)
            first, *others = blocks(RUNBOOK)
            said = [await bash(f"{first}\n{block}", names, folder) for block in others]
            assert len(said) >= 9
            assert await desk.conversations() == []
            kept = await desk.send_text("GET", "configuration")
    assert "nobody can read this" in said[0]
    assert json.loads(said[-1][said[-1].rindex('{"id"') :])["conversations"] == 1
    assert "texts" in kept


async def test_an_agents_desk_is_written_as_the_page_says(tmp_path: Path) -> None:
    async with Platform(tmp_path) as platform:
        await platform.configure(LOCAL.read_text())
        remember(platform, LOCAL)
        script = "\necho ----\n".join(blocks(DESK))
        for written, meant in (
            ("http://127.0.0.1:7071", platform.url),
            (".venv/bin/python -m local", f"{sys.executable} -m local --data {tmp_path}"),
        ):
            script = script.replace(written, meant)
        async with Desk(platform.url, platform.issuer.token("Administrator", "test")) as desk:
            await bash(f"{sys.executable} -m local --data {tmp_path} send sms-twilio --text Hei", {}, ROOT)

            async def there() -> bool:
                return bool(await desk.conversations())

            await eventually(there)
            names = {"CONVERSATION": str((await desk.conversations())[0]["id"])}
            _, inbox, lists, *_ = (await bash(script, names, ROOT)).split("----\n")
            (closed,) = await desk.conversations()
    assert names["CONVERSATION"] in inbox
    assert names["CONVERSATION"] in lists
    assert (closed["state"], closed["stateReason"], closed["agentQueue"]) == ("closed", "Hyvitetty", "gold")


def test_the_page_has_every_way_of_a_conversation() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.*?) \|", DESK, re.MULTILINE)
    assert {(State(one), State(other)): reason for one, other, reason in rows} == dict(TRANSITIONS)


def test_the_refusals_of_the_page_are_those_of_the_api() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.*?) \|", DESK, re.MULTILINE)
    told = {(int(status), code) for status, codes in rows for code in re.findall(r"`([\w-]+)`", codes)}
    answered: list[type[MonikanavaError]] = [
        Invalid,
        InvalidDocument,
        NotAuthentic,
        Forbidden,
        NotFound,
        Conflict,
        AlreadyExists,
        Stale,
    ]
    answered += [OptedOut, PreconditionFailed, TooLarge, Unavailable, MonikanavaError]
    assert {(status, code) for status, code in told if status != 422} == {
        (one.status, one.code) for one in answered
    }


def test_every_metric_of_the_runbook_is_one() -> None:
    from functions.telemetry import Figure

    told = RUNBOOK.partition("Figures by channel:")[2].partition("Logs hold")[0]
    names = {name.removeprefix("monikanava.") for name in re.findall(r"`([\w.]+)`", told)}
    assert names == {figure.removeprefix("monikanava.") for figure in Figure}
