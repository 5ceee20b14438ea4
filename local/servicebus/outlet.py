"""A link on which a client receives: messages go out under a lock and are settled as the client says."""

import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from proton import Delivery, Sender, symbol

from local.servicebus import codec
from local.servicebus.model import Lock, Message, Outcome, Refused, Scalar, Taker, Verdict
from local.servicebus.queue import Queue
from local.servicebus.sessions import Hold, SessionQueue
from local.servicebus.wire import Line, accept_terms, error, refuse_link

SESSION_FILTER = "com.microsoft:session-filter"


class Source(Protocol):
    """Where messages come from: a queue, or a session that is held."""

    def want(self, taker: Taker) -> None:
        """Hand messages to the taker while it has room."""

    def leave(self, taker: Taker) -> None:
        """Hand it no more."""


class Outlet:
    """The broker's end of a client's receiver."""

    def __init__(self, line: Line, link: Sender, queue: Queue) -> None:
        self._line = line
        self._link = link
        self._queue = queue
        self._source: Source | None = None
        self._reserved = 0
        self._open = True
        self._tokens: dict[Delivery, uuid.UUID] = {}
        self.keeps = link.remote_snd_settle_mode == link.SND_SETTLED

    @property
    def owner(self) -> object:
        """The connection, which owns the session that this receiver holds."""
        return self._line

    @property
    def room(self) -> int:
        """How many messages the client still has credit for."""
        return self._link.credit - self._reserved if self._open else 0

    def serve(self) -> None:
        """Serve a queue without sessions."""
        accept_terms(self._link)
        self._begin(self._queue)

    def seek(self, session: str | None, patience: int) -> None:
        """Wait for a session: one by its name, or the next that has messages."""
        assert isinstance(self._queue, SessionQueue)  # noqa: S101 - the caller has asked
        if session is None:
            self._queue.accept_next(self, patience)
        else:
            self.granted(self._queue.accept(session, self))

    def granted(self, hold: Hold) -> None:
        """Attach the receiver to the session that it got."""
        accept_terms(self._link)
        chosen = self._link.source.filter
        chosen.clear()
        chosen.put_object({symbol(SESSION_FILTER): hold.session})
        self._link.properties = {symbol("com.microsoft:locked-until-utc"): codec.ticks(hold.until)}
        self._begin(hold)

    def refused(self, why: Refused) -> None:
        """Refuse the receiver: no session became free in time."""
        self._open = False
        refuse_link(self._link, why)
        self._line.touch()

    def lost(self) -> None:
        """Detach the receiver: its session's lock expired."""
        self.refused(Refused(self._queue.lock_lost, "The session's lock expired."))

    def reserve(self) -> None:
        """Hold credit for a message that is handed after the next commit."""
        self._reserved += 1

    def hand(self, message: Message, payload: bytes, lock: Lock | None) -> None:
        """Send a message to the client."""
        self._reserved -= lock is None
        if not self._open:
            return
        token = lock.token if lock is not None else uuid.uuid4()
        tag: Any = codec.tag_of(token)
        delivery = self._link.delivery(tag)
        self._link.stream(codec.delivered(message, payload, lock))
        self._link.advance()
        if lock is None:
            delivery.settle()
            self._drain()
        else:
            self._tokens[delivery] = token
        self._line.touch()

    def flowed(self) -> None:
        """Use the credit that the client gave; give it back when it drains."""
        if self._source is not None and self._open:
            self._source.want(self)
            self._drain()

    def moved(self, delivery: Delivery) -> None:
        """Settle as the client says."""
        token = self._tokens.get(delivery)
        verdict = _verdict(delivery)
        if token is None or verdict is None:
            return
        del self._tokens[delivery]
        try:
            self._queue.settle(token, verdict, lambda: self._confirm(delivery, delivery.remote_state))
        except Refused as no:
            delivery.local.condition = error(no)
            self._confirm(delivery, Delivery.REJECTED)

    def gone(self) -> None:
        """Leave the queue; a session is given back at once."""
        self._open = False
        if self._source is not None:
            self._source.leave(self)
        elif isinstance(self._queue, SessionQueue):
            self._queue.give_up(self)

    def _begin(self, source: Source) -> None:
        self._source = source
        self._link.open()
        self._line.touch()

    def _drain(self) -> None:
        if self._link.drain_mode and not self._reserved:
            self._link.drained()

    def _confirm(self, delivery: Delivery, outcome: Any) -> None:
        if not self._open:
            return
        if not delivery.settled:
            delivery.update(outcome or Delivery.RELEASED)
        delivery.settle()
        self._line.touch()


def _verdict(delivery: Delivery) -> Verdict | None:
    match delivery.remote_state:
        case Delivery.ACCEPTED:
            return Verdict(Outcome.COMPLETE)
        case Delivery.MODIFIED:
            outcome = Outcome.DEFER if delivery.remote.undeliverable else Outcome.ABANDON
            return Verdict(outcome, scalars(delivery.remote.annotations))
        case Delivery.REJECTED:
            condition = delivery.remote.condition
            return Verdict(Outcome.DEAD_LETTER, scalars(condition.info if condition else None))
        case Delivery.RELEASED:
            return Verdict(Outcome.RELEASE)
        case _:
            return Verdict(Outcome.RELEASE) if delivery.settled else None


def scalars(changes: Any) -> Mapping[str, Scalar]:
    """Give what a receiver changes of the application properties; only plain values are taken."""
    if not isinstance(changes, dict):
        return {}
    return {str(key): _plain(value) for key, value in changes.items() if isinstance(value, Scalar)}


def _plain(value: Scalar) -> Scalar:
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None
