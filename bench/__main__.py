"""`python -m bench [SECTION …]`: every section, or the named ones."""

import argparse
import asyncio
import signal
import sys
import time
from importlib import import_module

from rich.console import Console

SECTIONS = {
    "channels": "verify and parse a webhook, beside the provider's SDK",
    "memory": "memory of a large webhook, beside json.loads",
    "rules": "choose a workstream by rules",
    "imports": "import time of the app, beside the bare SDKs",
    "routing": "routed messages and table calls, beside one insert each",
    "linking": "recognise customers: table calls, and look-ups among a million match keys",
    "webhook": "webhooks of the whole platform, beside a no-op function and bare aiohttp",
    "teams": "activities of Teams, beside the M365 Agents SDK's host",
    "chat": "polls of 1,000 open chats, and how long a message takes, beside a no-op function",
}


def main() -> int:
    """Print the tables of the sections; the exit code is 0 when all were measured."""
    wanted = _wanted()
    console = Console(width=None if Console().is_terminal else 160)
    try:
        asyncio.run(_run(wanted, console))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    return 0


async def _run(wanted: list[str], console: Console) -> None:
    started, task = time.monotonic(), asyncio.current_task()
    if task:  # so that SIGTERM stops the children too
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    for place, name in enumerate(wanted, 1):
        console.print(f"[dim]{place}/{len(wanted)} {name}: {SECTIONS[name]} …[/dim]")
        # Imported here, so that one section needs only what it measures.
        for table in await import_module(f"bench.{name}").tables():
            console.print(table, "")
    console.print(f"[dim]{time.monotonic() - started:.0f} s[/dim]")


def _wanted() -> list[str]:
    about = "\n".join(f"  {name:10}{what}" for name, what in SECTIONS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=f"{__doc__}\n\n{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION")
    named: list[str] = parser.parse_args().sections
    if unknown := [name for name in named if name not in SECTIONS]:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return named or list(SECTIONS)


if __name__ == "__main__":
    sys.exit(main())
