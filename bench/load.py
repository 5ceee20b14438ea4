"""Load on an HTTP server: prepared requests over kept-alive connections, as fast as the answers come.

A client library would take as much of a processor as the server it measures; this one only looks for the
end of each answer.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit

CONNECTIONS = 32
LIMIT_SECONDS = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Failed(Exception):
    """An answer was not 200 or 202, or a connection was closed: no figure would mean anything."""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it."""

    seconds: float
    latencies: tuple[float, ...]  # seconds, one per request

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """Give the latency, in seconds, that `percent` of the requests did not exceed."""
        return quantiles(self.latencies, n=100)[percent - 1]


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole."""

    def __init__(self, requests: deque[bytes], latencies: list[float], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._latencies = latencies
        self._done = done
        self._transport: asyncio.Transport | None = None
        self._answer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        end = self._answer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._answer[:end]
        length = _LENGTH.search(head)
        if len(self._answer) < end + 4 + (int(length[1]) if length else 0):
            return
        if not head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 202 ")):
            self._end(Failed(head.splitlines()[0].decode()))
            return
        self._latencies.append(time.perf_counter() - self._sent)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or Failed("the server closed the connection"))

    def _next(self) -> None:
        assert self._transport
        if not self._requests:
            self._end(None)
            return
        self._answer, self._sent = b"", time.perf_counter()
        self._transport.write(self._requests.popleft())

    def _end(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error) if error else self._done.set_result(None)
        if self._transport:
            self._transport.close()


def request(url: str, headers: Mapping[str, str], body: bytes = b"", method: str = "POST") -> bytes:
    """Write a request as it goes over the wire."""
    parts = urlsplit(url)
    lines = [
        f"{method} {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1",
        f"Host: {parts.netloc}",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def load(port: int, requests: Iterable[bytes], connections: int = CONNECTIONS) -> Load:
    """Send every request once to 127.0.0.1, `connections` at a time; raises Failed, or TimeoutError."""
    waiting, latencies = deque(requests), list[float]()
    loop = asyncio.get_running_loop()
    ends = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    async with asyncio.timeout(LIMIT_SECONDS):
        for done in ends:

            def connection(done: asyncio.Future[None] = done) -> _Connection:
                return _Connection(waiting, latencies, done)

            await loop.create_connection(connection, "127.0.0.1", port)
        await asyncio.gather(*ends)
    return Load(time.perf_counter() - started, tuple(latencies))
