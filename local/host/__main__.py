"""`python -m local.host --app DIR --port N`: run a function app until SIGTERM or SIGINT.

Prints `ready PORT` on standard output once it serves, and one line a invocation on standard error.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from local.host.app import Host
from local.host.http import Keys
from local.host.settings import ConfigurationError

FUNCTION_KEY, MASTER_KEY = "HOST_FUNCTION_KEY", "HOST_MASTER_KEY"
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def main() -> int:
    """Run the host; the exit code is 0 after a stop, 2 when the app cannot be run."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Every lost connection is told once by the listeners; the SDK would tell it for each receiver.
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    try:
        asyncio.run(_serve(arguments.app.resolve(), arguments.port, arguments.keys))
    except ConfigurationError as error:
        print(f"{arguments.app}: {error}", file=sys.stderr)
        return 2
    return 0


async def _serve(app_dir: Path, port: int, enforce_keys: bool) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    host = Host(app_dir, _keys() if enforce_keys else None)
    await host.start(port)
    print(f"ready {host.port}", flush=True)
    await stop.wait()
    await host.stop()
    # A second signal, as from a terminal and a parent at once, must not spoil the exit code.
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _keys() -> Keys:
    try:
        return Keys(os.environ[FUNCTION_KEY], os.environ[MASTER_KEY])
    except KeyError as missing:
        raise ConfigurationError(f"--keys needs {missing.args[0]} in the environment") from None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.host", description="Run an Azure Functions app.")
    parser.add_argument("--app", type=Path, default=Path(), help="folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, default=7071, help="HTTP port on 127.0.0.1, 0 for a free one")
    parser.add_argument("--keys", action="store_true", help=f"ask for {FUNCTION_KEY} or {MASTER_KEY}")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
