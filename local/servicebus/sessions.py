"""A queue with sessions: a receiver locks one session at a time and gets its messages in order."""

import uuid
from dataclasses import dataclass, field
from typing import Protocol

from local.servicebus.config import Rules
from local.servicebus.keeper import Ground
from local.servicebus.lane import Lane
from local.servicebus.model import (
    NOT_ALLOWED,
    SESSION_LOCK_LOST,
    SESSION_TAKEN,
    TIMEOUT,
    Done,
    Draft,
    Lock,
    Message,
    Refused,
    Taker,
)
from local.servicebus.queue import Queue
from local.servicebus.timers import Timer


class Seeker(Protocol):
    """Someone who wants a session."""

    @property
    def owner(self) -> object:
        """The connection, the only one that may renew the session or see its state."""

    def granted(self, hold: "Hold") -> None:
        """Take the session that was waited for."""

    def refused(self, why: Refused) -> None:
        """Learn that none became free in time."""

    def lost(self) -> None:
        """Learn that the session's lock expired."""


@dataclass(slots=True, eq=False)
class Hold:
    """A receiver's lock on a session."""

    queue: "SessionQueue"
    session: str
    seeker: Seeker
    until: int = 0
    timer: Timer | None = None
    taker: Taker | None = None
    locks: dict[uuid.UUID, Lock] = field(default_factory=dict)

    def want(self, taker: Taker) -> None:
        """Hand the session's messages to the taker, as long as it has room."""
        self.queue.serve_hold(self, taker)

    def leave(self, _taker: Taker) -> None:
        """Give the session back; its messages that are not settled can be handed out again at once."""
        self.queue.release(self)


class SessionQueue(Queue):
    """Messages of a session are handed out in order, to whoever holds the session."""

    lock_lost = SESSION_LOCK_LOST

    def __init__(self, name: str, rules: Rules, ground: Ground) -> None:
        super().__init__(name, rules, ground)
        self._lanes: dict[str, Lane] = {}
        self._holds: dict[str, Hold] = {}
        self._free: dict[str, None] = {}  # sessions with ready messages that nobody holds, oldest claim first
        self._waiting: dict[Seeker, Timer] = {}  # who came first is first

    def accept(self, session: str, seeker: Seeker) -> Hold:
        """Lock one session, whether it has messages or not. Raises Refused when it is taken."""
        if session in self._holds:
            raise Refused(SESSION_TAKEN, "The session is locked by another receiver.")
        self._free.pop(session, None)
        hold = self._holds[session] = Hold(self, session, seeker)
        self._arm_session(hold)
        return hold

    def accept_next(self, seeker: Seeker, patience: int) -> None:
        """Grant the next session that has messages, now or within `patience` milliseconds."""

        def give_up() -> None:
            del self._waiting[seeker]
            seeker.refused(Refused(TIMEOUT, "No session with messages became free in time."))

        self._waiting[seeker] = self._ground.timers.at(self._ground.now() + patience, give_up)
        self._grant()

    def give_up(self, seeker: Seeker) -> None:
        """Wait no more."""
        timer = self._waiting.pop(seeker, None)
        if timer is not None:
            timer.cancel()

    def renew_session(self, session: str, owner: object) -> int:
        """Lengthen a session's lock; gives when it ends now. Raises Refused when it is not the owner's."""
        hold = self._held(session, owner)
        self._arm_session(hold)
        return hold.until

    def get_state(self, session: str, owner: object) -> bytes | None:
        """Give the session's state. Raises Refused when the session is not the owner's."""
        self._held(session, owner)
        return self._ground.store.get_state(self.name, session)

    def set_state(self, session: str, owner: object, state: bytes | None, done: Done) -> None:
        """Keep the session's state; None clears it. Raises Refused when the session is not the owner's."""
        self._held(session, owner)
        self._ground.store.set_state(self.name, session, state)
        self._ground.store.after(done)

    def serve_hold(self, hold: Hold, taker: Taker) -> None:
        """Serve the holder of a session."""
        if self._holds.get(hold.session) is hold:
            hold.taker = taker
            self._lane_of(hold.session).want(taker)
            self._serve(hold.session)

    def release(self, hold: Hold) -> None:
        """Give a session back; messages that it locked do not count as delivered."""
        self._end(hold, counts=False)

    def _end(self, hold: Hold, *, counts: bool) -> None:
        if self._holds.get(hold.session) is not hold:
            return
        if hold.timer is not None:
            hold.timer.cancel()
        del self._holds[hold.session]
        if hold.taker is not None:
            self._lane_of(hold.session).leave(hold.taker)
        # All are back in the lane before anyone is served, or the next holder would see them out of order.
        for lock in list(hold.locks.values()):
            self._unlock(lock)
            give_back = self._count if counts else self._put_back
            give_back(lock.message)
        self._serve(hold.session)

    def _session_ended(self, hold: Hold) -> None:
        self._end(hold, counts=True)
        hold.seeker.lost()

    def _grant(self) -> None:
        while self._waiting and self._free:
            session = next(iter(self._free))
            seeker = next(iter(self._waiting))
            self._waiting.pop(seeker).cancel()
            seeker.granted(self.accept(session, seeker))

    def _held(self, session: str, owner: object) -> Hold:
        hold = self._holds.get(session)
        if hold is None or hold.seeker.owner is not owner:
            raise Refused(SESSION_LOCK_LOST, "The session's lock is gone.")
        return hold

    def _arm_session(self, hold: Hold) -> None:
        if hold.timer is not None:
            hold.timer.cancel()
        hold.until = self._ground.now() + self._lock_time
        hold.timer = self._ground.timers.at(hold.until, lambda: self._session_ended(hold))
        for lock in hold.locks.values():
            lock.until = hold.until

    def _check(self, draft: Draft) -> None:
        if draft.session is None:
            raise Refused(NOT_ALLOWED, f"The queue {self.name} needs a session id on every message.")

    def _lane_of(self, session: str | None) -> Lane:
        return self._lanes.setdefault(session or "", Lane())

    def _serve(self, session: str | None) -> None:
        name = session or ""
        lane = self._lane_of(name)
        if name in self._holds:
            lane.pump(self._hand)
        elif len(lane):
            self._free[name] = None
            self._grant()
        else:
            self._free.pop(name, None)
            del self._lanes[name]

    def _lock(self, message: Message) -> Lock:
        hold = self._holds.get(message.session or "")
        if hold is None:
            raise Refused(SESSION_LOCK_LOST, "The session's lock is gone.")
        lock = Lock(uuid.uuid4(), message, hold.until)
        self._locks[lock.token] = hold.locks[lock.token] = message.lock = lock
        return lock

    def _unlock(self, lock: Lock) -> None:
        super()._unlock(lock)
        hold = self._holds.get(lock.message.session or "")
        if hold is not None:
            hold.locks.pop(lock.token, None)

    def _arm(self, lock: Lock) -> None:
        """Leave it: a message's lock lasts as long as its session's."""
