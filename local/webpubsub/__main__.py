"""`python -m local.webpubsub --port N --key KEY`: serve the emulator on this machine until SIGTERM or Ctrl-C.

Prints `ready PORT` when it listens; port 0 takes any free one.
"""

import argparse
import asyncio
import signal

from aiohttp import web

from local.webpubsub.server import WebPubSubServer


async def serve(port: int, keys: list[str]) -> None:
    """Serve until told to stop."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    runner = web.AppRunner(WebPubSubServer(keys).application(), access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print(f"ready {runner.addresses[0][1]}", flush=True)
        await stopped.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m local.webpubsub", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", action="append", required=True, help="an access key; a second may follow")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.key))
