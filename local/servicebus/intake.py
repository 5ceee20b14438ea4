"""A link on which a client sends: messages go to a queue and are accepted once they are on disk."""

import logging
from typing import Any

from proton import Delivery, ProtonException, Receiver

from local.servicebus import codec
from local.servicebus.model import Refused
from local.servicebus.queue import Queue
from local.servicebus.wire import Line, accept_terms, error, refuse_link

_log = logging.getLogger("monikanava.servicebus")

MAX_MESSAGE = 1024 * 1024
DETACH_AT = 4 * MAX_MESSAGE  # up to here a message is read and rejected; beyond, the link is cut
CREDIT = 500
TOO_LARGE = "amqp:link:message-size-exceeded"
MALFORMED = "amqp:decode-error"


class Intake:
    """The broker's end of a client's sender."""

    def __init__(self, line: Line, link: Receiver, queue: Queue) -> None:
        self._line = line
        self._link = link
        self._queue = queue
        self._open = True
        accept_terms(link)
        link.max_message_size = MAX_MESSAGE
        link.open()
        link.flow(CREDIT)

    def flowed(self) -> None:
        """Nothing to do: credit is this side's to give."""

    def gone(self) -> None:
        """The client left; what it sent stays."""
        self._open = False

    def moved(self, delivery: Delivery) -> None:
        """Take what came of a message."""
        if delivery.aborted:
            delivery.settle()
        elif not delivery.readable or not self._open:
            return
        elif delivery.pending > DETACH_AT:
            refuse_link(self._link, Refused(TOO_LARGE, f"A message may have {MAX_MESSAGE} bytes."))
            self._open = False
        elif not delivery.partial:
            self._read(delivery)

    def _read(self, delivery: Delivery) -> None:
        payload = self._link.recv(delivery.pending) or b""
        self._link.advance()
        if self._link.credit < CREDIT // 2:
            self._link.flow(CREDIT // 2)
        try:
            if len(payload) > MAX_MESSAGE:
                raise Refused(TOO_LARGE, f"A message may have {MAX_MESSAGE} bytes.")
            self._queue.send(codec.drafts(bytes(payload)), lambda: self._answer(delivery, Delivery.ACCEPTED))
        except Refused as no:
            self._reject(delivery, no)
        except (ValueError, TypeError, IndexError, AttributeError, ProtonException):
            _log.warning("a message on %s cannot be decoded", self._queue.name)
            self._reject(delivery, Refused(MALFORMED, "The message cannot be decoded."))

    def _reject(self, delivery: Delivery, why: Refused) -> None:
        delivery.local.condition = error(why)
        self._answer(delivery, Delivery.REJECTED)

    def _answer(self, delivery: Delivery, outcome: Any) -> None:
        if not self._open:
            return
        delivery.update(outcome)
        delivery.settle()
        self._line.touch()
