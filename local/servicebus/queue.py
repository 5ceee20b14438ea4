"""One queue without sessions, and what every queue does: send, hand out under a lock, settle, expire.

Nothing here knows AMQP. Writes go to the store at once and `done` is called after their commit; what the
store still has to commit is not handed out.
"""

import heapq
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from local.servicebus.config import Rules
from local.servicebus.history import History
from local.servicebus.lane import Lane
from local.servicebus.model import (
    MESSAGE_LOCK_LOST,
    MESSAGE_NOT_FOUND,
    NOT_ALLOWED,
    Done,
    Draft,
    Lock,
    Message,
    Outcome,
    Refused,
    Scalar,
    State,
    Taker,
    Verdict,
)
from local.servicebus.store import Seen, Store
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


class Queue:
    """Messages in the order of their numbers. `dead_letters` is unset for a dead-letter queue itself."""

    lock_lost = MESSAGE_LOCK_LOST

    def __init__(self, name: str, rules: Rules, ground: Ground) -> None:
        self.name = name
        self.rules = rules
        self.dead_letters: Queue | None = None
        self._ground = ground
        self._messages: dict[int, Message] = {}
        self._locks: dict[uuid.UUID, Lock] = {}
        self._lane = Lane()
        self._lock_time = round(rules.lock_duration.total_seconds() * 1000)
        self._life = round(rules.default_message_time_to_live.total_seconds() * 1000)
        window = round(rules.duplicate_detection_history_time_window.total_seconds() * 1000)
        remembered = window if rules.requires_duplicate_detection else 0
        self._history = History(name, remembered, ground.store, ground.now)

    def send(self, drafts: Sequence[Draft], done: Done) -> list[int]:
        """Put messages on the queue, all or none, and give their numbers; duplicates are dropped silently.

        Raises Refused when one cannot be taken.
        """
        for draft in drafts:
            self._check(draft)
        made = [(self._message(draft), draft) for draft in drafts if self._history.is_new(draft.message_id)]
        for message, draft in made:
            self._ground.store.insert(message, draft.payload)
        self._ground.store.after(lambda: self.admit([message for message, _ in made]))
        self._ground.store.after(done)
        return [message.seq for message, _ in made]

    def want(self, taker: Taker) -> None:
        """Hand messages to a taker, as long as it has room."""
        self._lane.want(taker)
        self._serve(None)

    def leave(self, taker: Taker) -> None:
        """Hand a taker no more; what it holds stays locked until it is settled or the lock ends."""
        self._lane.leave(taker)

    def settle(self, token: uuid.UUID, verdict: Verdict, done: Done) -> None:
        """Settle a message by its lock token. Raises Refused when the lock is gone."""
        lock = self._locks.get(token)
        if lock is None or lock.until <= self._ground.now():
            raise Refused(self.lock_lost, "The lock is gone: it expired, or the message was settled.")
        if verdict.outcome is Outcome.DEAD_LETTER and self.dead_letters is None:
            raise Refused(NOT_ALLOWED, "A message in a dead-letter queue cannot be dead-lettered.")
        self._unlock(lock)
        self._apply(lock.message, verdict)
        self._ground.store.after(done)
        self._serve(lock.message.session)

    def renew(self, tokens: Sequence[uuid.UUID]) -> list[int]:
        """Lengthen locks; gives when each ends now.

        Raises Refused when one is gone, and then none is changed.
        """
        now = self._ground.now()
        locks = [lock for token in tokens if (lock := self._locks.get(token)) and lock.until > now]
        if len(locks) != len(tokens):
            raise Refused(self.lock_lost, "The lock is gone: it expired, or the message was settled.")
        for lock in locks:
            self._arm(lock)
        return [lock.until for lock in locks]

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

    def cancel(self, seqs: Sequence[int], done: Done) -> None:
        """Remove scheduled messages. Raises Refused when one is not, or no longer, scheduled."""
        for message in self._find(seqs, State.SCHEDULED):
            self._remove(message)
        self._ground.store.after(done)

    def fetch(self, seqs: Sequence[int], keep: bool) -> list[tuple[Message, bytes, Lock | None]]:
        """Give deferred messages under a lock, or with `keep` take them off the queue for good.

        Raises Refused when one is not deferred, or locked already.
        """
        messages = self._find(seqs, State.DEFERRED)
        payloads = [self._ground.store.payload(message.seq) for message in messages]
        if keep:
            for message in messages:
                self._remove(message)
            return [(message, payload, None) for message, payload in zip(messages, payloads, strict=True)]
        return [
            (message, data, self._lock(message)) for message, data in zip(messages, payloads, strict=True)
        ]

    def admit(self, messages: Sequence[Message]) -> None:
        """Take messages that are committed, and serve who waits for them."""
        for message in messages:
            self._place(message)
        for session in dict.fromkeys(message.session for message in messages):
            self._serve(session)

    def restore_seen(self, seen: Seen) -> None:
        """Take back a message id of before a restart."""
        self._history.restore(seen)

    def _check(self, draft: Draft) -> None:
        """Refuse what this queue cannot take."""

    def _lane_of(self, session: str | None) -> Lane:
        return self._lane

    def _serve(self, session: str | None) -> None:
        self._lane_of(session).pump(self._hand)

    def _message(self, draft: Draft) -> Message:
        now, seq = self._ground.now(), self._ground.store.next_seq()
        state = State.SCHEDULED if draft.due_at > now else State.ACTIVE
        start = max(draft.due_at, now)
        life = min(draft.ttl or self._life, self._life)
        return Message(
            *(seq, self.name, draft.session, draft.message_id, state),
            *(now, draft.due_at, start + life, seq),
        )

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

    def _hand(self, taker: Taker, message: Message) -> None:
        payload = self._ground.store.payload(message.seq)
        if not taker.keeps:
            taker.hand(message, payload, self._lock(message))
            return
        self._remove(message)
        taker.reserve()
        self._ground.store.after(lambda: taker.hand(message, payload, None))

    def _lock(self, message: Message) -> Lock:
        lock = Lock(uuid.uuid4(), message, 0)
        self._arm(lock)
        self._locks[lock.token] = message.lock = lock
        return lock

    def _arm(self, lock: Lock) -> None:
        if lock.timer is not None:
            lock.timer.cancel()
        lock.until = self._ground.now() + self._lock_time
        lock.timer = self._ground.timers.at(lock.until, lambda: self._lock_ended(lock))

    def _unlock(self, lock: Lock) -> None:
        del self._locks[lock.token]
        lock.message.lock = None
        if lock.timer is not None:
            lock.timer.cancel()

    def _lock_ended(self, lock: Lock) -> None:
        self._unlock(lock)
        self._count(lock.message)
        self._serve(lock.message.session)

    def _apply(self, message: Message, verdict: Verdict) -> None:
        message.extra.update(verdict.changes)
        match verdict.outcome:
            case Outcome.COMPLETE:
                self._remove(message)
            case Outcome.ABANDON:
                self._count(message)
            case Outcome.DEFER:
                message.state = State.DEFERRED
                self._count(message)
            case Outcome.DEAD_LETTER:
                self._bury(message, {})
            case Outcome.RELEASE:
                self._put_back(message)

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
