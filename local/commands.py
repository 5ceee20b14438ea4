"""What the commands of `python -m local` do: start the platform, or talk to the one that runs."""

import argparse
import asyncio
import json
import os
import signal
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
import yaml

from functions.configuration.check import problems, read
from functions.configuration.problem import InvalidDocument
from local.capabilities import README, table, written
from local.desk import Desk, DeskError, Json
from local.filling import filled
from local.issuer import Issuer
from local.platform import FIXED, Platform
from local.simulators.compose import compose
from local.tables import show

Options = argparse.Namespace
STATE = "platform.json"
FOLLOWED = ("sequence", "kind", "author", "delivery", "payload", "text")


class Failed(Exception):
    """The command could not do it; the text says why."""


def nothing(parser: argparse.ArgumentParser) -> Callable[[Options], Awaitable[int]]:
    """Say which commands there are."""

    async def command(options: Options) -> int:
        parser.print_help()
        return 2

    return command


async def run(options: Options) -> None:
    """Start everything on the fixed ports, apply the configuration, and stay until Ctrl-C."""
    ports = replace(FIXED, host=options.port)
    public = {name: os.environ[name] for name in ("PUBLIC_BASE_URL",) if name in os.environ}
    print("starting Azurite, the Service Bus emulator, the simulators and the functions host …", flush=True)
    async with Platform(options.data, ports, public) as platform:
        await _configure(platform, options.config)
        remember(platform, options.config)
        print(_welcome(platform, options.config), flush=True)
        try:
            await _until_stopped(platform)
        finally:
            (platform.data / STATE).unlink()
            print("stopping …", flush=True)


async def services(options: Options) -> None:
    """Start all but the functions host; `func start` with local.settings.json is the rest."""
    platform = Platform(options.data, FIXED)
    platform.url = f"http://127.0.0.1:{FIXED.host}"
    try:
        await platform.start_services()
        remember(platform, Path("local/configuration.yaml"))
        print(
            "ready: now `func start`; the app's settings are in local.settings.sample.json\n"
            + _parts(platform)
        )
        await _until_stopped(platform)
    finally:
        await platform.stop()


async def send(options: Options) -> None:
    """Post one signed webhook to the running platform."""
    state = _state(options)
    account = _account(Path(state["config"]), options.account)
    callback = f"{state['url']}/api/channels/{account['channel']}/{account['id']}"
    request = compose(
        account["channel"],
        account["provider"],
        account["settings"],
        callback,
        text=options.text,
        **({"sender": options.sender} if options.sender else {}),
    )
    async with (
        aiohttp.ClientSession() as http,
        http.request(request.method, request.url, headers=request.headers, data=request.body) as answer,
    ):
        print(f"{answer.status} {await answer.text()}".rstrip())


async def conversations(options: Options) -> None:
    """Print the conversations as a table."""
    async with signed_in(options) as desk:
        show(await with_messages(desk), whole=True)


async def reply(options: Options) -> None:
    """Answer a customer of the running platform."""
    async with signed_in(options) as desk:
        print(
            json.dumps(
                await _said(desk.reply(options.conversation, options.text, str(uuid.uuid4()))), indent=2
            )
        )


async def act(options: Options) -> None:
    """Accept, end or close a conversation, or leave a note in it."""
    bodies: dict[str, Json] = {"close": {"reason": options.reason}, "note": {"text": options.text}}
    what, key = ("notes", str(uuid.uuid4())) if options.verb == "note" else (options.verb, "")
    async with signed_in(options) as desk:
        done = await _said(desk.act(options.conversation, what, bodies.get(options.verb), key))
        print(json.dumps(done, indent=2, ensure_ascii=False))


async def follow(options: Options) -> None:
    """Print what happens in a conversation, a line for each message or change."""
    async with signed_in(options) as desk:
        try:
            async for news in desk.events(options.conversation):
                for item in news["items"]:
                    print(*(item[field] or "" for field in FOLLOWED), sep="\t", flush=True)
                if news["typing"]:
                    print("…", flush=True)
        except DeskError as refused:
            raise Failed(str(refused)) from None


async def token(options: Options) -> None:
    """Print a token."""
    print(Issuer(options.data).token(options.role, options.subject))


async def capabilities(options: Options) -> None:
    """Print the table of what each channel carries, or write it into the README."""
    if options.write:
        README.write_text(written(README.read_text()))
    else:
        print(table(), end="")


async def validate(options: Options) -> int:
    """Print every problem of a configuration file; needs no running platform."""
    try:
        found = problems(read(_text(options, "http://127.0.0.1")))
    except InvalidDocument as error:
        found = list(error.problems)
    for problem in found:
        print(f"{problem.path}: {problem.reason}")
    print(f"{options.file}: {len(found)} problems")
    return 1 if found else 0


async def diff(options: Options) -> None:
    """Print what applying the file would change."""
    async with signed_in(options) as desk:
        print(
            await _said(
                desk.send_text("POST", "configuration/diff", _text(options, _state(options)["simulators"]))
            )
        )


async def apply(options: Options) -> None:
    """Apply a configuration file to the running platform."""
    async with signed_in(options) as desk:
        print(
            await _said(desk.send_text("PUT", "configuration", _text(options, _state(options)["simulators"])))
        )


async def explain(options: Options) -> None:
    """Print the decision for a message, with every rule."""
    async with signed_in(options) as desk:
        decision = await _said(desk.post("configuration/explain", {"message": json.loads(options.message)}))
        print(json.dumps(decision, indent=2, ensure_ascii=False))


def _text(options: Options, simulators: str) -> str:
    file: Path = options.file
    return filled(file.read_text(), simulators, options.data)


async def _said(answer: Awaitable[Json | str]) -> Json | str:
    try:
        return await answer
    except DeskError as refused:
        raise Failed(str(refused)) from None


async def with_messages(desk: Desk) -> list[tuple[Json, list[Json]]]:
    """Read every conversation with its messages."""
    found = await desk.conversations()
    return [(one, await desk.items(f"conversations/{one['id']}/messages")) for one in found]


def signed_in(options: Options) -> Desk:
    """Sign in to the platform that runs; raises Failed when none does."""
    return Desk(_state(options)["url"], Issuer(options.data).token("Administrator", "local"))


def _state(options: Options) -> dict[str, str]:
    """Find the running platform by what it wrote in the data folder."""
    path: Path = options.data / STATE
    try:
        state: dict[str, str] = json.loads(path.read_text())
    except OSError:
        raise Failed(f"no platform runs on {options.data}: start it with `make run`") from None
    return state


def _account(config: Path, account_id: str) -> Json:
    accounts: list[Json] = yaml.safe_load(config.read_text())["accounts"]
    for account in accounts:
        if account["id"] == account_id:
            return account
    raise Failed(f"no account {account_id!r}; there are {', '.join(a['id'] for a in accounts)}")


async def _configure(platform: Platform, config: Path) -> None:
    try:
        await platform.configure(await asyncio.to_thread(config.read_text))
    except (OSError, ValueError) as error:
        raise Failed(f"{config}: {error}") from None


def remember(platform: Platform, config: Path) -> None:
    """Write down where the platform is, for the other commands."""
    state = {"url": platform.url, "simulators": platform.simulators_url, "config": str(config.resolve())}
    (platform.data / STATE).write_text(json.dumps(state))


def _welcome(platform: Platform, config: Path) -> str:
    accounts: list[Json] = yaml.safe_load(config.read_text())["accounts"]
    pages = [f"{platform.url}/api/channels/chat/{one['id']}" for one in accounts if one["channel"] == "chat"]
    return f"""
Monikanava is up: {platform.url}   (development only; Ctrl-C stops it, the data stays in {platform.data})
{_parts(platform)}
  try           .venv/bin/python -m local send sms-twilio --text "Hei"
                .venv/bin/python -m local conversations
  chat pages    {" ".join(pages) or "none: the configuration has no chat account"}
  API           {platform.url}/api/openapi.json   token: .venv/bin/python -m local token --role Agent
"""


def _parts(platform: Platform) -> str:
    return f"""  webhooks      {platform.url}/api/channels/CHANNEL/ACCOUNT
  Service Bus   {platform.bus.connection_string}
  tables        {platform.tables.connection_string}
  blobs         {platform.blobs.connection_string}
  Web PubSub    {platform.push.connection_string}
  providers     {platform.simulators_url}/sent   (what the simulated providers received)"""


async def _until_stopped(platform: Platform) -> None:
    """Wait for Ctrl-C or SIGTERM; raises Failed when the functions host ends by itself."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    waiting: list[asyncio.Task[object]] = [asyncio.create_task(stopped.wait())]
    if platform.host:
        waiting.append(asyncio.create_task(platform.host.wait()))
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    if not stopped.is_set():
        raise Failed(f"the functions host ended; its log is {platform.data / 'host.log'}")
