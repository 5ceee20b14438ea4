"""All queues together: found by name, restored from the store, driven by a clock."""

from collections.abc import Callable, Mapping

from local.servicebus.config import MAX_TIME, Rules
from local.servicebus.keeper import Ground
from local.servicebus.model import NOT_FOUND, Message, Refused
from local.servicebus.queue import Queue
from local.servicebus.sessions import SessionQueue
from local.servicebus.store import Store
from local.servicebus.timers import Timers

DEAD_LETTERS = "$DeadLetterQueue"


class Engine:
    """The queues of a configuration. `now` gives UTC in milliseconds; `tick` must be called as it passes."""

    def __init__(self, queues: Mapping[str, Rules], store: Store, now: Callable[[], int]) -> None:
        self.store = store
        self.timers = Timers()
        self.now = now
        self._queues: dict[str, Queue] = {}
        ground = Ground(store, self.timers, now)
        for name, rules in queues.items():
            self._add(name, rules, ground)
        for name, rules in queues.items():
            if rules.forward_dead_lettered_messages_to:
                self.find(name).dead_letters = self.find(rules.forward_dead_lettered_messages_to)
        self._restore()

    def find(self, name: str) -> Queue:
        """Give a queue by its name, in any case. Raises Refused when there is none."""
        queue = self._queues.get(name.lower())
        if queue is None:
            raise Refused(NOT_FOUND, f"The messaging entity '{name[:300]}' could not be found.")
        return queue

    def tick(self) -> None:
        """Do what is due: locks and lives that end, messages whose time has come."""
        self.timers.run(self.now())

    def _add(self, name: str, rules: Rules, ground: Ground) -> None:
        make = SessionQueue if rules.requires_session else Queue
        queue = self._queues[name.lower()] = make(name, rules, ground)
        buried = Rules(lock_duration=rules.lock_duration, default_message_time_to_live=MAX_TIME)
        path = f"{name}/{DEAD_LETTERS}"
        queue.dead_letters = self._queues[path.lower()] = Queue(path, buried, ground)

    def _restore(self) -> None:
        """Take back what is on disk; messages of queues that are configured no more stay there."""
        kept: dict[str, list[Message]] = {}
        for message in self.store.messages():
            kept.setdefault(message.queue.lower(), []).append(message)
        for seen in self.store.seen():
            if seen.queue.lower() in self._queues:
                self._queues[seen.queue.lower()].restore_seen(seen)
        for name, queue in self._queues.items():
            queue.admit(kept.get(name, ()))
