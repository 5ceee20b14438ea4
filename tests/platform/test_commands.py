"""What the commands say of a wrong use: one clear sentence, never a stack trace."""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

import pytest

from local.child import ROOT
from local.ports import free_port
from local.running import DATA, named


async def run(*words: str, path: str = "") -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local", *words),
        cwd=ROOT,
        env={**os.environ, "PATH": path or os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def note(data: Path, process: int, port: int) -> None:
    """Leave the note of a platform that was killed."""
    url = f"http://127.0.0.1:{port}"
    about = {"url": url, "simulators": url, "config": "c.yaml", "process": process, "ports": [port]}
    (data / "platform.json").write_text(json.dumps(about))


@pytest.mark.parametrize("words", [("config", "validate"), ("config", "apply"), ("import",)])
async def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    note(tmp_path, os.getpid(), free_port())
    (tmp_path / "latin").write_bytes(b"name: p\xe4iv\xe4")
    for name, reason in {
        "none": "No such file",
        ".": "Is a directory",
        "latin": "not UTF-8 at byte 7",
    }.items():
        code, said = await run(*words, str(tmp_path / name), "--data", str(tmp_path))
        assert (code, said.count("\n")) == (1, 1), said
        assert str(tmp_path / name) in said
        assert reason in said


async def test_run_tells_every_problem_of_its_configuration_before_it_starts_anything(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("version: 1\nagentqueues: []\nworkstreams: [{id: a, agentQueue: nobody}]\n")
    code, said = await run("run", "--config", str(file), "--data", str(tmp_path / "data"))
    assert code == 1
    assert said.splitlines() == [
        f"{file}:2: agentqueues: there is no such field",
        f"{file}:3: workstreams[0].agentQueue: there is no agent queue 'nobody'",
    ]


async def test_run_names_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        code, said = await run("run", "--port", port, "--data", str(tmp_path))
    assert code == 1
    assert said == f"the port {port} is taken: name another one with --port (make run PORT=n)\n"


@pytest.mark.parametrize("port", ["many", "65536", "-1", ""])
async def test_run_names_what_is_no_port(tmp_path: Path, port: str) -> None:
    code, said = await run("run", f"--port={port}", "--data", str(tmp_path))
    assert code == 2
    assert said.endswith(f"argument --port: {port!r} is no port: give a number from 1 to 65535\n")


@pytest.mark.parametrize("command", ["run", "services"])
async def test_a_folder_that_holds_nothing_is_named(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").touch()
    code, said = await run(command, "--data", str(tmp_path / "file"))
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"{tmp_path / 'file'} cannot hold the data: File exists; name another folder")


async def test_without_node_run_ends_and_says_so(tmp_path: Path) -> None:
    async with asyncio.timeout(60):
        port = str(free_port())
        code, said = await run("run", "--port", port, "--data", str(tmp_path), path=str(tmp_path))
    assert code == 1
    assert said.endswith("there is no `node` on the PATH: Node 20 or newer is needed\n")


async def test_a_token_is_of_a_platform_that_runs(tmp_path: Path) -> None:
    code, said = await run("token", "--data", str(tmp_path / "mistyped"))
    assert code == 1
    assert said.startswith(f"no platform runs on {tmp_path / 'mistyped'}")
    assert not (tmp_path / "mistyped").exists()


def test_the_commands_to_try_name_a_folder_of_ones_own() -> None:
    assert named(DATA) == ""
    assert named(Path("my data")) == " --data 'my data'"


async def test_a_folder_is_one_platforms(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        note(tmp_path, os.getpid(), other.getsockname()[1])
        code, said = await run("run", "--port", str(free_port()), "--data", str(tmp_path))
    assert code == 1
    assert said.startswith(f"a platform runs on {tmp_path}: http://127.0.0.1:")


async def test_a_platform_that_was_killed_is_told_as_such(tmp_path: Path) -> None:
    note(tmp_path, os.getpid(), port := free_port())
    code, said = await run("conversations", "--data", str(tmp_path))
    assert code == 1
    assert said.startswith(f"nothing answers at http://127.0.0.1:{port}: the platform has ended")


async def test_a_message_to_explain_must_be_json(tmp_path: Path) -> None:
    code, said = await run("config", "explain", '{"channel": "sms"', "--data", str(tmp_path))
    assert code == 1
    assert said.startswith("the message is not JSON: ")
