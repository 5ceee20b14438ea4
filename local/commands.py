"""What the commands of `python -m local` do: start the platform, or talk to the one that runs."""

import argparse
import asyncio
import json
import os
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from functions.configuration.document import AccountEntry
from local.capabilities import README, table, written
from local.configuring import document_of, text_of
from local.desk import Desk, DeskError, Json
from local.issuer import Issuer
from local.platform import FIXED, Platform
from local.running import (
    Failed,
    chosen,
    forget,
    named,
    recall,
    remember,
    said,
    signed_in,
    usable,
    usual,
    vacant,
)
from local.simulators.compose import PLAYS, compose
from local.tables import show

Options = argparse.Namespace
FOLLOWED = ("sequence", "kind", "author", "delivery", "payload", "text")


def nothing(parser: argparse.ArgumentParser) -> Callable[[Options], Awaitable[int]]:
    """Say which commands there are."""

    async def command(options: Options) -> int:
        parser.print_help()
        return 2

    return command


async def run(options: Options) -> None:
    """Start everything on the fixed ports, apply the configuration, and stay until Ctrl-C."""
    usable(options.data)
    document = await text_of(options.config)
    accounts = document_of(document, options.data, options.config).accounts
    chats = [one.id for one in accounts if one.channel == "chat"]
    await vacant(options.data)
    ports = chosen(options.port)
    public = {name: os.environ[name] for name in ("PUBLIC_BASE_URL",) if name in os.environ}
    print("starting Azurite, the Service Bus emulator, the simulators and the functions host …", flush=True)
    async with _started(Platform(options.data, ports, public)) as platform:
        await platform.configure(document)
        remember(platform, options.config)
        print(_welcome(platform, chats, named(options.data)), flush=True)
        await _until_stopped(platform)
        print("stopping …", flush=True)
    forget(options.data)


async def services(options: Options) -> None:
    """Start all but the functions host; `func start` with local.settings.json is the rest."""
    usable(options.data)
    await vacant(options.data)
    platform = Platform(options.data, usual())
    platform.url = f"http://127.0.0.1:{FIXED.host}"
    try:
        await platform.start_services()
        remember(platform, Path("local/configuration.yaml"))
        print(
            "ready: now `func start`; the app's settings are in local.settings.sample.json\n"
            + _parts(platform)
        )
        await _until_stopped(platform)
    except OSError as error:
        raise Failed(str(error)) from None
    finally:
        await platform.stop()
    forget(options.data)


async def send(options: Options) -> None:
    """Post one signed webhook to the running platform."""
    running = recall(options.data)
    account = await _account(running.config, options.data, options.account)
    public = running.public or running.url  # what providers sign
    callback = f"{public}/api/channels/{account.channel}/{account.id}"
    request = compose(
        account.channel,
        account.provider,
        account.settings,
        callback,
        text=options.text,
        **({"sender": options.sender} if options.sender else {}),
    )
    async with (
        aiohttp.ClientSession() as http,
        http.request(
            request.method,
            request.url.replace(public, running.url, 1),
            headers=request.headers,
            data=request.body,
        ) as answer,
    ):
        print(f"{answer.status} {await answer.text()}".rstrip())


async def conversations(options: Options) -> None:
    """Print the conversations as a table."""
    async with signed_in(options.data) as desk:
        show(await with_messages(desk), whole=True)


async def reply(options: Options) -> None:
    """Answer a customer of the running platform."""
    async with signed_in(options.data) as desk:
        print(
            json.dumps(
                await said(desk.reply(options.conversation, options.text, str(uuid.uuid4()))), indent=2
            )
        )


async def act(options: Options) -> None:
    """Accept, transfer, end or close a conversation, or leave a note in it."""
    bodies: dict[str, Json] = {
        "close": {"reason": options.reason},
        "transfer": {"agentQueue": options.queue, "reason": options.reason},
        "note": {"text": options.text},
    }
    what, key = ("notes", str(uuid.uuid4())) if options.verb == "note" else (options.verb, "")
    async with signed_in(options.data) as desk:
        done = await said(desk.act(options.conversation, what, bodies.get(options.verb), key))
        print(json.dumps(done, indent=2, ensure_ascii=False))


async def follow(options: Options) -> None:
    """Print what happens in a conversation, a line for each message or change."""
    async with signed_in(options.data) as desk:
        try:
            async for news in desk.events(options.conversation):
                for item in news["items"]:
                    print(*(item[field] or "" for field in FOLLOWED), sep="\t", flush=True)
                if news["typing"]:
                    print("…", flush=True)
        except DeskError as refused:
            raise Failed(str(refused)) from None


async def token(options: Options) -> None:
    """Print a token for the platform that runs; another folder's key would sign one that nobody takes."""
    recall(options.data)
    print(Issuer(options.data).token(options.role, options.subject))


async def capabilities(options: Options) -> None:
    """Print the table of what each channel carries, or write it into the README."""
    if options.write:
        README.write_text(written(README.read_text()))
    else:
        print(table(), end="")


async def with_messages(desk: Desk) -> list[tuple[Json, list[Json]]]:
    """Read every conversation with its messages."""
    found = await desk.conversations()
    return [(one, await desk.items(f"conversations/{one['id']}/messages")) for one in found]


async def _account(config: Path, data: Path, account_id: str) -> AccountEntry:
    accounts = document_of(await text_of(config), data, config).accounts
    found = next((one for one in accounts if one.id == account_id), None)
    if found is None:
        raise Failed(f"no account {account_id!r}; there are {', '.join(one.id for one in accounts)}")
    if (found.channel, found.provider) not in PLAYS:
        played = ", ".join(one.id for one in accounts if (one.channel, one.provider) in PLAYS)
        raise Failed(f"a message of {account_id} is more than one webhook; `send` knows {played}")
    return found


@asynccontextmanager
async def _started(platform: Platform) -> AsyncIterator[Platform]:
    """Start a platform, and stop it in the end; raises Failed when a part does not start."""
    try:
        await platform.start()
    except OSError as error:
        raise Failed(str(error)) from None
    try:
        yield platform
    finally:
        await platform.stop()


def _welcome(platform: Platform, chats: list[str], data: str) -> str:
    pages = [f"{platform.url}/api/channels/chat/{one}" for one in chats]
    return f"""
Monikanava is up: {platform.url}   (development only; Ctrl-C stops it, the data stays in {platform.data})
{_parts(platform)}
  try           .venv/bin/python -m local send sms-twilio --text "Hei"{data}
                .venv/bin/python -m local conversations{data}
  chat pages    {" ".join(pages) or "none: the configuration has no chat account"}
  API           {platform.url}/api/openapi.json   token: .venv/bin/python -m local token --role Agent{data}
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
