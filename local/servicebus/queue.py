"""One queue without sessions, and what every queue does: send, hand out under a lock, settle.

Nothing here knows AMQP. Writes go to the store at once and `done` is called after their commit; what the
store still has to commit is not handed out.
"""

import uuid
from collections.abc import Sequence

from local.servicebus.config import Rules
from local.servicebus.history import History
from local.servicebus.keeper import Ground, Keeper
from local.servicebus.model import (
    MESSAGE_LOCK_LOST,
    NOT_ALLOWED,
    Done,
    Draft,
    Lock,
    Message,
    Outcome,
    Refused,
    State,
    Taker,
    Verdict,
)
from local.servicebus.store import Seen


class Queue(Keeper):
    """Messages in the order of their numbers, for receivers who take turns."""

    lock_lost = MESSAGE_LOCK_LOST

    def __init__(self, name: str, rules: Rules, ground: Ground) -> None:
        super().__init__(name, rules, ground)
        self._locks: dict[uuid.UUID, Lock] = {}
        self._lock_time = round(rules.lock_duration.total_seconds() * 1000)
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

    def restore_seen(self, seen: Seen) -> None:
        """Take back a message id of before a restart."""
        self._history.restore(seen)

    def _check(self, draft: Draft) -> None:
        """Refuse what this queue cannot take."""

    def _message(self, draft: Draft) -> Message:
        now, seq = self._ground.now(), self._ground.store.next_seq()
        state = State.SCHEDULED if draft.due_at > now else State.ACTIVE
        start = max(draft.due_at, now)
        life = min(draft.ttl or self._life, self._life)
        return Message(
            *(seq, self.name, draft.session, draft.message_id, state),
            *(now, draft.due_at, start + life, seq),
        )

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
