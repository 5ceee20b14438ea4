"""What becomes of a message in a queue: it waits, comes due, expires, is given back, buried or removed."""

import heapq
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from local.servicebus.config import Rules
from local.servicebus.lane import Lane
from local.servicebus.model import MESSAGE_NOT_FOUND, Message, Refused, Scalar, State, Taker
from local.servicebus.store import Store
from local.servicebus.timers import Timers

EXPIRED = {
    "DeadLetterReason": "TTLExpiredException",
    "DeadLetterErrorDescription": "The message expired and was dead lettered.",
}
EXCEEDED = {"DeadLetterReason": "MaxDeliveryCountExceeded"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What all queues stand on."""

    store: Store
    timers: Timers
    now: Callable[[], int]


class Keeper(ABC):
    """A queue's messages. `dead_letters` is unset for a dead-letter queue itself."""

    def __init__(self, name: str, rules: Rules, ground: Ground) -> None:
        self.name = name
        self.rules = rules
        self.dead_letters: Keeper | None = None
        self._ground = ground
        self._messages: dict[int, Message] = {}
        self._lane = Lane()
        self._life = round(rules.default_message_time_to_live.total_seconds() * 1000)

    def admit(self, messages: Sequence[Message]) -> None:
        """Take messages that are committed, and serve who waits for them."""
        for message in messages:
            self._place(message)
        for session in dict.fromkeys(message.session for message in messages):
            self._serve(session)

    def peek(self, first: int, count: int, session: str | None) -> list[tuple[Message, bytes]]:
        """Give messages from a number on without locking them, of one session where one is named."""
        found = (
            seq
            for seq, message in self._messages.items()
            if seq >= first and (session is None or message.session == session)
        )
        return [
            (self._messages[seq], self._ground.store.payload(seq)) for seq in heapq.nsmallest(count, found)
        ]

    def _lane_of(self, session: str | None) -> Lane:
        return self._lane

    def _serve(self, session: str | None) -> None:
        self._lane_of(session).pump(self._hand)

    @abstractmethod
    def _hand(self, taker: Taker, message: Message) -> None:
        """Give a message to a taker that has room."""

    def _place(self, message: Message) -> None:
        self._messages[message.seq] = message
        if message.state is State.SCHEDULED:
            message.expiry = self._ground.timers.at(message.due_at, lambda: self._activate(message))
            return
        message.expiry = self._ground.timers.at(message.expires_at, lambda: self._life_ended(message))
        if message.state is State.ACTIVE:
            self._lane_of(message.session).put(message)

    def _activate(self, message: Message) -> None:
        old = message.seq
        del self._messages[old]
        message.seq = message.first_seq = self._ground.store.next_seq()
        message.state, message.enqueued_at = State.ACTIVE, self._ground.now()
        self._ground.store.update(message, old)
        self._ground.store.after(lambda: self.admit([message]))

    def _life_ended(self, message: Message) -> None:
        if message.lock is None:  # else its holder may still complete it; it expires when it is given back
            self._expire(message)
            self._serve(message.session)

    def _expire(self, message: Message) -> None:
        if self.dead_letters is not None and self.rules.dead_lettering_on_message_expiration:
            self._bury(message, EXPIRED)
        else:
            self._remove(message)

    def _bury(self, message: Message, why: Mapping[str, Scalar]) -> None:
        target = self.dead_letters
        assert target is not None  # noqa: S101 - every caller has asked
        self._take_out(message)
        message.extra.update(why)
        message.source, message.queue, message.state = self.name, target.name, State.ACTIVE
        message.expires_at = self._ground.now() + target._life
        self._ground.store.update(message)
        self._ground.store.after(lambda: target.admit([message]))

    def _count(self, message: Message) -> None:
        message.deliveries += 1
        if self.dead_letters is not None and message.deliveries >= self.rules.max_delivery_count:
            told = f"Message could not be consumed after {message.deliveries} delivery attempts."
            self._bury(message, EXCEEDED | {"DeadLetterErrorDescription": told})
            return
        self._ground.store.update(message)
        self._put_back(message)

    def _put_back(self, message: Message) -> None:
        if message.expires_at <= self._ground.now():
            self._expire(message)
        elif message.state is State.ACTIVE:
            self._lane_of(message.session).put(message)

    def _remove(self, message: Message) -> None:
        self._take_out(message)
        self._ground.store.delete(message.seq)

    def _take_out(self, message: Message) -> None:
        del self._messages[message.seq]
        if message.expiry is not None:
            message.expiry.cancel()
        if message.state is State.ACTIVE:
            self._lane_of(message.session).drop(message)

    def _find(self, seqs: Sequence[int], state: State) -> list[Message]:
        found = [self._messages.get(seq) for seq in dict.fromkeys(seqs)]
        fit = [message for message in found if message and message.state is state and message.lock is None]
        if len(fit) != len(found):
            raise Refused(MESSAGE_NOT_FOUND, f"No such {state.name.lower()} message.")
        return fit

    def __len__(self) -> int:
        return len(self._messages)
