"""An engine on a real file with a clock that the test moves, and receivers that note what they get."""

from datetime import timedelta
from pathlib import Path

from local.servicebus.config import Rules
from local.servicebus.engine import Engine
from local.servicebus.model import Draft, Lock, Message, Outcome, Refused, Verdict
from local.servicebus.sessions import Hold, SessionQueue
from local.servicebus.store import Store

MINUTE = 60_000
RULES = {
    "plain": Rules(max_delivery_count=3),
    "mortal": Rules(
        default_message_time_to_live=timedelta(minutes=5), dead_lettering_on_message_expiration=True
    ),
    "once": Rules(requires_duplicate_detection=True),
    "sessions": Rules(requires_session=True, max_delivery_count=2),
}
COMPLETE, ABANDON = Verdict(Outcome.COMPLETE), Verdict(Outcome.ABANDON)


class Bench:
    """An engine whose time stands still until `pass_time`, and that commits when told."""

    def __init__(self, path: Path) -> None:
        self.time = 1_000_000_000_000
        self.path = path
        self.open()

    def open(self) -> None:
        self.store = Store(self.path)
        self.engine = Engine(RULES, self.store, lambda: self.time)
        self.settle()

    def reopen(self) -> None:
        self.store.close()
        self.open()

    def settle(self) -> None:
        while (batch := self.store.take()) is not None:
            self.store.commit(batch)
            for done in batch.done:
                done()

    def pass_time(self, millis: int) -> None:
        self.time += millis
        self.engine.tick()
        self.settle()

    def send(self, queue: str, *drafts: Draft) -> list[int]:
        told: list[bool] = []
        seqs = self.engine.find(queue).send(drafts, lambda: told.append(True))
        assert not told, "nothing may be acknowledged before the commit"
        self.settle()
        assert told
        return seqs


class Hands:
    """A receiver with room for a number of messages."""

    def __init__(self, room: int = 100, keeps: bool = False) -> None:
        self.room = room
        self.keeps = keeps
        self.got: list[tuple[Message, bytes, Lock | None]] = []

    def reserve(self) -> None:
        self.room -= 1

    def hand(self, message: Message, payload: bytes, lock: Lock | None) -> None:
        self.room -= lock is not None
        self.got.append((message, payload, lock))

    @property
    def texts(self) -> list[str]:
        return [payload.decode() for _, payload, _ in self.got]

    def last_lock(self) -> Lock:
        lock = self.got[-1][2]
        assert lock is not None
        return lock


class Seeker:
    """Someone who wants a session."""

    def __init__(self) -> None:
        self.owner: object = self
        self.hold: Hold | None = None
        self.why: Refused | None = None
        self.is_lost = False

    def granted(self, hold: Hold) -> None:
        self.hold = hold

    def refused(self, why: Refused) -> None:
        self.why = why

    def lost(self) -> None:
        self.is_lost = True


def text(body: str, **options: object) -> Draft:
    return Draft(body.encode(), **options)  # type: ignore[arg-type]


def receive(bench: Bench, queue: str, room: int = 100, keeps: bool = False) -> Hands:
    hands = Hands(room, keeps)
    bench.engine.find(queue).want(hands)
    bench.settle()
    return hands


def finish(bench: Bench, queue: str, lock: Lock, verdict: Verdict = COMPLETE) -> None:
    bench.engine.find(queue).settle(lock.token, verdict, lambda: None)
    bench.settle()


def sessions(bench: Bench) -> SessionQueue:
    queue = bench.engine.find("sessions")
    assert isinstance(queue, SessionQueue)
    return queue
