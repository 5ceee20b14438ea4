"""A line of ready messages, in the order of their numbers, and the receivers that wait for them.

A queue without sessions is one lane; with sessions, each session is a lane of its own.
"""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from local.servicebus.model import Message, Taker


@dataclass(slots=True, eq=False)
class Lane:
    """Ready messages and hungry takers."""

    _order: list[int] = field(default_factory=list)
    _ready: dict[int, Message] = field(default_factory=dict)
    _hungry: deque[Taker] = field(default_factory=deque)

    def put(self, message: Message) -> None:
        """Add a message that may be handed out; an old number comes before a new one."""
        self._ready[message.seq] = message
        heapq.heappush(self._order, message.seq)

    def drop(self, message: Message) -> None:
        """Take a message out, if it is here."""
        self._ready.pop(message.seq, None)
        if not self._ready:
            self._order.clear()

    def pump(self, hand: Callable[[Taker, Message], None]) -> None:
        """Hand out ready messages, turn by turn, while there are takers with room."""
        while self._ready and self._hungry:
            taker = self._hungry.popleft()
            if taker.room <= 0:
                continue
            message = self._pop()
            hand(taker, message)
            self._hungry.append(taker)

    def _pop(self) -> Message:
        while True:
            message = self._ready.pop(heapq.heappop(self._order), None)
            if message is not None:
                return message

    def want(self, taker: Taker) -> None:
        """Let a taker be served; one that has no room is passed over and must ask again."""
        if taker not in self._hungry:
            self._hungry.append(taker)

    def leave(self, taker: Taker) -> None:
        """Serve a taker no more."""
        if taker in self._hungry:
            self._hungry.remove(taker)

    def __len__(self) -> int:
        return len(self._ready)
