"""Run the emulator: `python -m local.servicebus --config FILE --data DIR --port N`.

Prints `ready PORT` once it listens; port 0 takes a free one. Ends on SIGTERM and SIGINT.
"""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

from local.servicebus.config import read_config
from local.servicebus.server import serving


async def _run(config: Path, data: Path, port: int) -> None:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    async with serving(read_config(config).queues, data, port) as (taken, broker):
        print(f"ready {taken}", flush=True)
        waits = asyncio.ensure_future(ended.wait())
        await asyncio.wait((waits, broker.failed), return_when=asyncio.FIRST_COMPLETED)
        if broker.failed.done():
            broker.failed.result()


def main() -> None:
    """Read the command line and serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m local.servicebus", description="Service Bus emulator")
    parser.add_argument("--config", type=Path, required=True, help="queues, in the shape of Config.json")
    parser.add_argument("--data", type=Path, required=True, help="folder of the messages; made if missing")
    parser.add_argument("--port", type=int, default=5672, help="port on 127.0.0.1; 0 takes a free one")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(_run(given.config, given.data, given.port))


if __name__ == "__main__":
    main()
