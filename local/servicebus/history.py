"""The message ids that a queue has taken lately, by which it tells duplicates."""

from collections.abc import Callable
from dataclasses import dataclass, field

from local.servicebus.store import Seen, Store


@dataclass(slots=True)
class History:
    """Ids in the order they came; the window is the same for all, so the oldest are dropped first."""

    queue: str
    window: int  # milliseconds; 0 remembers nothing
    store: Store
    now: Callable[[], int]
    _seen: dict[str, Seen] = field(default_factory=dict)

    def restore(self, seen: Seen) -> None:
        """Take back what was remembered before a restart."""
        self._seen[seen.message_id] = seen

    def is_new(self, message_id: str) -> bool:
        """Tell whether an id is new within the window, and remember it. No id is always new."""
        if not self.window or not message_id:
            return True
        self._drop_old()
        if message_id in self._seen:
            return False
        until = self.now() + self.window
        self._seen[message_id] = self.store.remember(self.queue, message_id, until)
        return True

    def _drop_old(self) -> None:
        now = self.now()
        while self._seen:
            oldest = next(iter(self._seen.values()))
            if oldest.until > now:
                return
            del self._seen[oldest.message_id]
            self.store.forget(oldest)
