"""The runbook's commands, as they stand there, against the running platform."""

import asyncio
import json
import os
import re
from pathlib import Path

import aiohttp
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from local.child import ROOT
from local.desk import Desk
from local.platform import Platform
from tests.scenarios.texting import CONFIGURATION, TOKEN, Texting, number, sid
from tests.waiting import eventually

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
BLOCKS = [
    re.sub(r"^ +", "", block, flags=re.MULTILINE)
    for block in re.findall(r"^ *```sh\n(.*?)```", RUNBOOK, re.DOTALL | re.MULTILINE)
]


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
            first, *others = BLOCKS
            said = [await bash(f"{first}\n{block}", names, folder) for block in others]
            assert len(said) >= 9
            assert await desk.conversations() == []
            kept = await desk.send_text("GET", "configuration")
    assert "nobody can read this" in said[0]
    assert json.loads(said[-1][said[-1].rindex('{"id"') :])["conversations"] == 1
    assert "texts" in kept


def test_every_metric_of_the_runbook_is_one() -> None:
    from functions.telemetry import Figure

    told = RUNBOOK.partition("Figures by channel:")[2].partition("Logs hold")[0]
    names = {name.removeprefix("monikanava.") for name in re.findall(r"`([\w.]+)`", told)}
    assert names == {figure.removeprefix("monikanava.") for figure in Figure}
