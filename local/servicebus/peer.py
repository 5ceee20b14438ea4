"""One client's TCP connection: bytes to Proton, Proton's events to the link handlers, Proton's bytes back."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from proton import Collector, Connection, Receiver, Sender, Transport

from local.servicebus import events as on
from local.servicebus.cbs import Rights
from local.servicebus.sasl import NotSasl, Sasl
from local.servicebus.wire import Line, Node

_log = logging.getLogger("monikanava.servicebus")

FRAME = 64 * 1024
Attach = Callable[[Line, Sender | Receiver], Node | None]


@dataclass(frozen=True, slots=True)
class _Attached:
    node: Node
    session: int


class Peer(asyncio.Protocol):
    """One connection. `attach` answers a new link, `stirred` is called after the engine was used."""

    def __init__(self, attach: Attach, stirred: Callable[[], None]) -> None:
        self.rights = Rights()
        self._attach = attach
        self._stirred = stirred
        self._loop = asyncio.get_running_loop()
        self._sasl = Sasl()
        self._nodes: dict[int, _Attached] = {}
        self._flushing = False
        self._tcp: asyncio.Transport | None = None
        self._collector = Collector()
        self._connection = Connection()
        self._connection.collect(self._collector)
        self._transport = Transport(Transport.SERVER)
        self._transport.max_frame_size = FRAME
        self._transport.bind(self._connection)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio promises it for TCP
        self._tcp = transport

    def data_received(self, data: bytes) -> None:
        """Take bytes; what they cause is done before this returns."""
        try:
            if not self._sasl.over:
                answer, data = self._sasl.feed(data)
                if self._tcp is not None:
                    self._tcp.write(answer)
            self._push(data)
        except NotSasl:
            self.close()
        self._turn()
        self.touch()
        self._stirred()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of every link; sessions that the client held are free at once."""
        self._tcp = None
        for attached in self._nodes.values():
            attached.node.gone()
        self._nodes.clear()
        self._transport.unbind()
        on.let_go(self._connection, self._collector)
        self._stirred()

    def touch(self) -> None:
        """Send what is to be sent, before the loop waits again."""
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Cut the connection."""
        if self._tcp is not None:
            self._tcp.close()

    def _push(self, data: bytes) -> None:
        while data and (room := self._transport.capacity()) > 0:
            self._transport.push(data[:room])
            data = data[room:]
            self._turn()

    def _flush(self) -> None:
        self._flushing = False
        if self._tcp is None:
            return
        while (size := self._transport.pending()) > 0:
            self._tcp.write(self._transport.peek(size) or b"")
            self._transport.pop(size)
            self._turn()
        if size < 0:
            self._tcp.close()

    def _turn(self) -> None:
        for kind, event in on.events(self._collector):
            try:
                self._event(kind, event)
            except Exception:
                _log.exception("a connection is cut for a fault in its handling")
                self.close()

    def _event(self, kind: int, event: Any) -> None:
        if kind in (on.DELIVERY, on.FLOW):
            attached = self._nodes.get(on.link_key(event))
            if attached is not None and kind == on.DELIVERY:
                attached.node.moved(on.delivery(event))
            elif attached is not None:
                attached.node.flowed()
        elif kind == on.LINK_OPEN:
            node = self._attach(self, on.link(event))
            if node is not None:
                self._nodes[on.link_key(event)] = _Attached(node, on.session_key(event))
        elif kind in (on.LINK_CLOSE, on.LINK_DETACH):
            self._link_gone(event)
        else:
            self._endpoint(kind, event)

    def _endpoint(self, kind: int, event: Any) -> None:
        if kind == on.CONNECTION_OPEN:
            self._connection.container = "monikanava-servicebus"
            self._connection.open()
            self._beat()
        elif kind == on.CONNECTION_CLOSE:
            self._connection.close()
        elif kind == on.SESSION_OPEN:
            on.session(event).open()
        elif kind == on.SESSION_CLOSE:
            self._session_gone(event)
        elif kind == on.TRANSPORT_ERROR:
            # Python's SDK ends every management link so: it detaches after its session's end.
            _log.info("a client broke the protocol: %s", self._transport.condition)

    def _link_gone(self, event: Any) -> None:
        attached = self._nodes.pop(on.link_key(event), None)
        if attached is not None:
            attached.node.gone()
        link = on.link(event)
        link.close()
        link.free()

    def _session_gone(self, event: Any) -> None:
        ended = on.session_key(event)
        for key in [key for key, attached in self._nodes.items() if attached.session == ended]:
            self._nodes.pop(key).node.gone()
        session = on.session(event)
        session.close()
        session.free()

    def _beat(self) -> None:
        """Send the empty frames that a client with an idle time-out waits for."""
        if self._tcp is None or not self._transport.remote_idle_timeout:
            return
        deadline = self._transport.tick(self._loop.time())
        self.touch()
        if deadline:
            self._loop.call_at(deadline, self._beat)
