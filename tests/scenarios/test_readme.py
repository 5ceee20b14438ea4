"""Every command that the README shows for a running platform, typed as it stands there."""

import asyncio
import re
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from local.capabilities import written
from local.child import ROOT
from local.desk import Desk
from local.platform import Platform
from local.running import remember
from tests.waiting import eventually

CONFIGURATION = ROOT / "local" / "configuration.yaml"
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
PROGRAM = ".venv/bin/python -m local "
COMMANDS = [
    line.removeprefix(PROGRAM)
    for block in BLOCKS
    for line in block.splitlines()
    if line.startswith(PROGRAM) and "services" not in line  # that one takes the fixed ports, and stays up
]
TARGETS = re.findall(r"^make (\w+)", "\n".join(BLOCKS), re.MULTILINE)


@pytest_asyncio.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with Platform(tmp_path_factory.mktemp("readme")) as platform:
        await platform.configure(CONFIGURATION.read_text())
        remember(platform, CONFIGURATION)
        yield platform


async def run(platform: Platform, line: str) -> str:
    words = shlex.split(line, comments=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "local",
        "--data",
        str(platform.data),
        *words,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def opened(desk: Desk) -> str:
    async def any_stored() -> bool:
        return bool(await desk.conversations())

    await eventually(any_stored)
    return str((await desk.conversations())[0]["id"])


async def answered(platform: Platform, account: str) -> None:
    """Reply to an account's customer; return when the provider has told that the reply is delivered."""
    async with Desk(platform.url, platform.issuer.token("Administrator", "test")) as desk:

        async def theirs() -> list[str]:
            return [one["id"] for one in await desk.conversations() if one["account"] == account]

        async def there() -> bool:
            return bool(await theirs())

        await eventually(there)
        (conversation,) = await theirs()
        path = f"conversations/{conversation}/messages"
        reply = await desk.reply(conversation, "Hei!", account)

        async def delivered() -> bool:
            return bool((await desk.get(f"{path}/{reply['id']}"))["delivery"] == "delivered")

        await eventually(delivered)


async def test_the_commands_do_what_is_written(platform: Platform) -> None:
    assert len(COMMANDS) >= 7
    conversation = ""
    async with Desk(platform.url, platform.issuer.token("Administrator", "test")) as desk:
        for line in COMMANDS:
            said = await run(platform, line.replace("CONVERSATION", conversation))
            assert said.strip(), line
            if line.startswith("send"):
                assert said.startswith("200 ")
                conversation = await opened(desk)
            if line.startswith("reply"):
                assert '"delivery": "queued"' in said


async def test_what_the_running_platform_refuses_is_told_plainly(platform: Platform, tmp_path: Path) -> None:
    async def refused(*words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "local", *words, "--data", str(platform.data)),
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        assert process.returncode == 1
        return said.decode()

    assert (await refused("send", "sms-twillio", "--text", "Hei")).startswith(
        "no account 'sms-twillio'; there are sms-twilio, "
    )
    assert "is more than one webhook" in await refused("send", "chat-web", "--text", "Hei")
    assert await refused("reply", "nobody", "--text", "Hei") == "404 Not Found: no such conversation\n"
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: 1\nworkstream: []\naccounts: {}\n")
    assert await refused("config", "apply", str(broken)) == (
        f"{broken}:3: accounts: must be a list\n{broken}:2: workstream: there is no such field\n"
    )


async def test_a_change_is_told_in_a_line_and_the_next_send_knows_it(
    platform: Platform, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.yaml"
    other = CONFIGURATION.read_text().replace("id: sms-twilio", "id: sms-two")
    changed.write_text(other.replace("accountSid: AC00", "accountSid: ACff", 1))  # the first account's
    told = "+ accounts[sms-two]\n- accounts[sms-twilio]\n2 changes\n"
    assert await run(platform, f"config diff {changed}") == told
    assert (await run(platform, f"config apply {changed}")).startswith(told)
    assert (await run(platform, "send sms-two --text Hei --sender +358401234999")).startswith("200 ")
    await answered(platform, "sms-two")
    assert "2 changes" in await run(platform, f"config apply {CONFIGURATION}")


async def test_what_is_sent_is_signed_for_the_address_that_providers_call(tmp_path: Path) -> None:
    async with Platform(tmp_path, environment={"PUBLIC_BASE_URL": "https://tunnel.example"}) as platform:
        await platform.configure(CONFIGURATION.read_text())
        remember(platform, CONFIGURATION)
        assert (await run(platform, "send sms-twilio --text Hei")).startswith("200 ")


async def test_a_command_without_a_platform_says_so(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "local",
        "--data",
        str(tmp_path),
        "conversations",
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert "make run" in said.decode()


def test_the_targets_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert TARGETS
    assert all(f"\n{target}:" in makefile for target in TARGETS)


def test_the_capabilities_are_those_of_the_adapters() -> None:
    readme = (ROOT / "README.md").read_text()
    assert written(readme) == readme


def test_every_runtime_dependency_says_why_it_is_there() -> None:
    names = re.findall(r"^([A-Za-z0-9-]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    table = (ROOT / "README.md").read_text()
    missing = [name for name in dict.fromkeys(names) if not re.search(rf"^\| .*{name}", table, re.MULTILINE)]
    assert not missing
