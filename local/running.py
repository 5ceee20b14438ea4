"""Where the platform of a data folder is: written down by the one that runs, read by all other commands.

One data folder is one platform's. One that was killed leaves its note behind, and its parts end a moment
after it; the next start waits for them, for two storage emulators on one folder would spoil it.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import fields, replace
from pathlib import Path
from shlex import quote
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from local.desk import Desk, DeskError
from local.issuer import Issuer
from local.platform import FIXED, Platform, Ports
from local.ports import free_port, is_free

DATA = Path(".data")
FILE = "platform.json"
ENDING_SECONDS = 60.0  # in which the parts of one that was killed have saved what they hold
PAUSE = 0.1
Answer = TypeVar("Answer")


class Failed(Exception):
    """The command could not do it; the text says why."""


class Running(BaseModel):
    """A platform that runs, or was killed: `process` tells."""

    url: str
    simulators: str
    config: Path
    process: int
    ports: tuple[int, ...]
    public: str = ""  # what providers call, where that is another address than `url`

    @property
    def alive(self) -> bool:
        """Tell whether its process is there; the number may be another's by now, so its ports count too."""
        try:
            os.kill(self.process, 0)
        except OSError:  # nobody's, or another user's by now
            return False
        return self.taken

    @property
    def taken(self) -> bool:
        """Tell whether anybody listens on one of its ports."""
        return not all(is_free(port) for port in self.ports)


def remember(platform: Platform, config: Path) -> None:
    """Write down where the platform is, for the other commands."""
    running = Running(
        url=platform.url,
        simulators=platform.simulators_url,
        config=config.resolve(),
        process=os.getpid(),
        ports=platform.listening,
        public=platform.environment()["PUBLIC_BASE_URL"],
    )
    (platform.data / FILE).write_text(running.model_dump_json())


def named(data: Path) -> str:
    """Give the words that name a folder in a command; none for the usual one."""
    return "" if data == DATA else f" --data {quote(str(data))}"


def forget(data: Path) -> None:
    """Take the note away: the platform has ended."""
    (data / FILE).unlink(missing_ok=True)


def recall(data: Path) -> Running:
    """Give the platform that runs on a folder; raises Failed when none does."""
    found = _read(data)
    if found is None:
        raise Failed(f"no platform runs on {data}: start it with `make run`, or name its folder with --data")
    return found


def usable(data: Path) -> None:
    """Make the folder when it is not there; raises Failed when nothing can be written into it."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            return
    except OSError as error:
        raise Failed(
            f"{data} cannot hold the data: {error.strerror}; name another folder with --data"
            " (make run DATA=folder)"
        ) from None


async def vacant(data: Path) -> None:
    """Return when no platform uses the folder; raises Failed when one does."""
    found = _read(data)
    if found is None:
        return
    deadline = time.monotonic() + ENDING_SECONDS
    while found.taken:
        if found.alive or time.monotonic() > deadline:
            raise Failed(
                f"a platform runs on {data}: {found.url}; stop it, or name another folder with --data"
            )
        await asyncio.sleep(PAUSE)


def chosen(host: int) -> Ports:
    """Give the usual ports, a free one in place of each that is taken; raises Failed for the host's own."""
    if not is_free(host):
        raise Failed(f"the port {host} is taken: name another one with --port (make run PORT=n)")
    taken = [
        one.name for one in fields(FIXED) if one.name != "host" and not is_free(getattr(FIXED, one.name))
    ]
    others = {name: free_port() for name in taken}
    for name, port in others.items():
        print(f"the port {getattr(FIXED, name)} ({name}) is taken: {port} instead")
    return replace(FIXED, host=host, **others)


def usual() -> Ports:
    """Give the usual ports; raises Failed when one is taken: `local.settings.sample.json` names them."""
    for one in fields(FIXED):
        port = getattr(FIXED, one.name)
        if one.name != "host" and not is_free(port):
            raise Failed(f"the port {port} ({one.name}) is taken: end what listens there")
    return FIXED


def _read(data: Path) -> Running | None:
    try:
        return Running.model_validate_json((data / FILE).read_text())
    except (OSError, ValidationError):
        return None


def settled_on(data: Path, config: Path) -> None:
    """Note that the platform has another configuration file now."""
    (data / FILE).write_text(recall(data).model_copy(update={"config": config.resolve()}).model_dump_json())


def signed_in(data: Path) -> Desk:
    """Sign in to the platform that runs on a folder; raises Failed when none does."""
    return Desk(recall(data).url, Issuer(data).token("Administrator", "local"))


async def said(answer: Awaitable[Answer]) -> Answer:
    """Give what the API answered; raises Failed with what it refused."""
    try:
        return await answer
    except DeskError as refused:
        raise Failed(str(refused)) from None
