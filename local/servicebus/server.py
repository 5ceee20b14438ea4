"""The broker as it runs: a TCP listener, the engine, one thread that commits, one timer for what is due."""

import asyncio
import contextlib
import logging
import sqlite3
import time
import weakref
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.servicebus.cbs import DEVELOPMENT_KEYS
from local.servicebus.config import Rules
from local.servicebus.engine import Engine
from local.servicebus.links import Switchboard
from local.servicebus.peer import Peer
from local.servicebus.store import Batch, Store

_log = logging.getLogger("monikanava.servicebus")

HOST = "127.0.0.1"
DATABASE = "servicebus.db"


def now() -> int:
    """Give the time in milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class Broker:
    """The engine driven by an event loop. `failed` is done when the disk fails: then the broker must end."""

    def __init__(self, engine: Engine, keys: Mapping[str, str]) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._engine = engine
        self._keys = keys
        self._loop = asyncio.get_running_loop()
        self._writer = ThreadPoolExecutor(1, "commit")
        self._committing = False
        self._alarm: asyncio.TimerHandle | None = None
        self._peers: weakref.WeakSet[Peer] = weakref.WeakSet()
        self._closed = False

    def peer(self) -> Peer:
        """Make the protocol of a new connection."""
        switchboard = Switchboard(self._engine, self._keys)
        peer = Peer(switchboard.attach, self.stirred)
        self._peers.add(peer)
        return peer

    def stirred(self) -> None:
        """Commit what the engine wrote, and wake up when it next has something to do."""
        if self._closed:
            return
        if not self._committing and not self.failed.done():
            batch = self._engine.store.take()
            if batch is not None:
                self._commit(batch)
        self._set_alarm()

    def close(self) -> None:
        """Cut every connection, and finish the commit that is under way."""
        self._closed = True
        for peer in tuple(self._peers):
            peer.close()
        if self._alarm is not None:
            self._alarm.cancel()
        self._writer.shutdown(wait=True)

    def _commit(self, batch: Batch) -> None:
        self._committing = True
        commit = self._loop.run_in_executor(self._writer, self._engine.store.commit, batch)
        commit.add_done_callback(lambda result: self._committed(result, batch))

    def _committed(self, result: asyncio.Future[None], batch: Batch) -> None:
        self._committing = False
        error = None if result.cancelled() else result.exception()
        if error is not None:
            if not self.failed.done():
                self.failed.set_exception(error)
            return
        for done in batch.done:
            done()
        self.stirred()

    def _set_alarm(self) -> None:
        due = self._engine.timers.next()
        if due is None:
            return
        when = self._loop.time() + max(due - self._engine.now(), 1) / 1000
        if self._alarm is not None:
            if not self._alarm.cancelled() and self._loop.time() < self._alarm.when() <= when:
                return
            self._alarm.cancel()
        self._alarm = self._loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._engine.tick()
        self.stirred()


@contextlib.asynccontextmanager
async def serving(
    queues: Mapping[str, Rules], data: Path, port: int, keys: Mapping[str, str] = DEVELOPMENT_KEYS
) -> AsyncIterator[tuple[int, Broker]]:
    """Serve on loopback; gives the port.

    Raises OSError when the port is taken, sqlite3.Error when the file is bad.
    """
    store = Store(data / DATABASE)
    broker = Broker(Engine(queues, store, now), keys)
    try:
        broker.stirred()
        server = await asyncio.get_running_loop().create_server(broker.peer, HOST, port, backlog=512)
        try:
            yield server.sockets[0].getsockname()[1], broker
        finally:
            server.close()
            broker.close()
    finally:
        with contextlib.suppress(sqlite3.ProgrammingError):
            store.close()
