"""The command line of the local platform: `python -m local COMMAND --help`."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

import aiohttp

from local import commands, configuring, demo, importing
from local.running import DATA, Failed

HELP = "folder of the platform's data (.data)"
AGENTS = {
    "accept": "take a conversation",
    "end": "end the talk, but not yet the wrap-up",
    "close": "close a conversation",
    "transfer": "have a conversation wait in another agent queue",
    "note": "leave a private note, for agents only",
    "follow": "print what happens in a conversation, until Ctrl-C",
}


def main() -> int:
    """Run the command; the exit code is 0 when it did what it says."""
    options = _parser().parse_args()
    try:
        return asyncio.run(options.command(options)) or 0
    except KeyboardInterrupt:
        return 0
    except Failed as failed:
        print(failed, file=sys.stderr)
    except aiohttp.ClientConnectorError as silent:
        where = f"http://{silent.host}:{silent.port}"
        print(
            f"nothing answers at {where}: the platform has ended; start it with `make run`", file=sys.stderr
        )
    return 1


class _Command(argparse.ArgumentParser):
    """The parser of one command: it takes --data too, before the command's name or after it."""

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        self.add_argument("--data", type=Path, default=argparse.SUPPRESS, help=HELP)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help=HELP)
    parser.set_defaults(command=commands.nothing(parser))
    words = parser.add_subparsers(metavar="COMMAND", parser_class=_Command)

    run = words.add_parser("run", help="start the platform and keep it up")
    run.add_argument("--port", type=_port, default=7071, help="where the app listens (7071); 0: a free one")
    run.add_argument(
        "--config",
        type=Path,
        default=Path("local/configuration.yaml"),
        help="what it applies (local/configuration.yaml)",
    )
    run.set_defaults(command=commands.run)

    services = words.add_parser("services", help="start all but the functions host: for `func start`")
    services.set_defaults(command=commands.services)

    play = words.add_parser("demo", help="play every provider through the platform, then stop")
    play.set_defaults(command=demo.play)

    send = words.add_parser("send", help="send a webhook as a provider signs it: send sms-twilio --text Hei")
    send.add_argument("account")
    send.add_argument("--text", required=True)
    send.add_argument(
        "--sender", default="", help="the customer as the provider names them: +358401234567, or an id"
    )
    send.set_defaults(command=commands.send)

    words.add_parser("conversations", help="list the conversations").set_defaults(
        command=commands.conversations
    )
    reply = words.add_parser("reply", help="answer a customer")
    reply.add_argument("conversation")
    reply.add_argument("--text", required=True)
    reply.set_defaults(command=commands.reply)

    _agents(words)

    load = words.add_parser("import", help="write business records from a file of JSON lines")
    load.add_argument("file", type=Path)
    load.set_defaults(command=importing.load)

    token = words.add_parser("token", help="print a bearer token of the development issuer")
    token.add_argument("--role", choices=("Agent", "Administrator"), default="Agent")
    token.add_argument("--subject", default="local")
    token.set_defaults(command=commands.token)

    table = words.add_parser("capabilities", help="print the README's table of what each channel carries")
    table.add_argument("--write", action="store_true", help="put it into the README")
    table.set_defaults(command=commands.capabilities)

    configuration = words.add_parser("config", help="validate, diff, apply or explain a configuration")
    verbs = configuration.add_subparsers(metavar="WHAT", required=True)
    for verb in ("validate", "diff", "apply"):
        described = verbs.add_parser(verb, help=f"{verb} a configuration file")
        described.add_argument("file", type=Path)
        described.set_defaults(command=getattr(configuring, verb))
    explain = verbs.add_parser("explain", help="which workstream would this message reach, and why")
    explain.add_argument("message", help="JSON of a message: {channel, provider, account, text, …}")
    explain.set_defaults(command=configuring.explain)
    return parser


def _agents(words: Any) -> None:
    """Add what agents do with a conversation."""
    for verb, meaning in AGENTS.items():
        agent = words.add_parser(verb, help=meaning)
        agent.add_argument("conversation")
        agent.set_defaults(command=commands.act, verb=verb, text="", reason="", queue="")
        if verb in ("close", "transfer"):
            agent.add_argument("--reason", default="")
        if verb == "transfer":
            agent.add_argument("--queue", required=True)
        if verb == "note":
            agent.add_argument("--text", required=True)
        if verb == "follow":
            agent.set_defaults(command=commands.follow)


if __name__ == "__main__":
    sys.exit(main())
