"""Request and reply over a pair of links, as `$cbs` and `$management` are spoken to."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from proton import Delivery, Message, ProtonException, Receiver, Sender

from local.servicebus.intake import CREDIT, MAX_MESSAGE, TOO_LARGE
from local.servicebus.model import Refused
from local.servicebus.wire import Line, accept_terms, refuse_link

_log = logging.getLogger("monikanava.servicebus")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its application properties, with the status, and its body."""

    properties: Mapping[str, Any]
    body: Any = None


Answer = Callable[[Reply], None]
Handler = Callable[[Message, Answer], None]


class Replies:
    """The link on which a client reads replies."""

    def __init__(self, line: Line, link: Sender) -> None:
        self._line = line
        self._link = link
        self.open = True
        self._sent = 0
        self.address = link.remote_target.address
        accept_terms(link)
        link.open()

    def send(self, message: Message) -> None:
        """Send a reply, settled."""
        if not self.open:
            return
        self._sent += 1
        delivery = self._link.delivery(str(self._sent))
        self._link.stream(message.encode())
        self._link.advance()
        delivery.settle()
        self._line.touch()

    def moved(self, delivery: Delivery) -> None:
        """Nothing to do: replies are sent settled."""

    def flowed(self) -> None:
        """Nothing to do: Proton keeps replies until there is credit."""

    def gone(self) -> None:
        """Send no more."""
        self.open = False


class Requests:
    """The link on which a client sends requests."""

    def __init__(
        self, line: Line, link: Receiver, handler: Handler, replies: Callable[[str | None], Replies | None]
    ) -> None:
        self._line = line
        self._link = link
        self._handler = handler
        self._replies = replies
        self._open = True
        accept_terms(link)
        link.max_message_size = MAX_MESSAGE
        link.open()
        link.flow(CREDIT)

    def flowed(self) -> None:
        """Nothing to do: credit is this side's to give."""

    def gone(self) -> None:
        """Answer no more."""
        self._open = False

    def moved(self, delivery: Delivery) -> None:
        """Take what came of a request."""
        if not delivery.readable or not self._open:
            return
        if delivery.pending > MAX_MESSAGE:
            refuse_link(self._link, Refused(TOO_LARGE, f"A request may have {MAX_MESSAGE} bytes."))
            self._open = False
        elif not delivery.partial:
            self._read(delivery)

    def _read(self, delivery: Delivery) -> None:
        payload = self._link.recv(delivery.pending) or b""
        self._link.advance()
        if self._link.credit < CREDIT // 2:
            self._link.flow(CREDIT // 2)
        delivery.update(Delivery.ACCEPTED)
        delivery.settle()
        request = Message()
        try:
            request.decode(bytes(payload))
        except ProtonException:
            _log.warning("a request on %s cannot be decoded", self._link.name)
            return
        self._handler(request, lambda reply: self._reply(request, reply))

    def _reply(self, request: Message, reply: Reply) -> None:
        replies = self._replies(request.reply_to)
        if replies is None:
            return
        message = Message(reply.body, properties=dict(reply.properties))
        message.correlation_id = request.id
        replies.send(message)
