"""Traces and figures of the service. Until somebody listens (`listen`), a trace is only carried on.

A trace is named by its W3C `traceparent`. The one of a webhook goes with its items through the queue to the
stored messages; the reply to them continues it, down to the provider's call. The providers are told nothing
of it. Who listens is made in `functions/cloud`, where OpenTelemetry is known: without it nothing is imported.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, Token
from enum import StrEnum
from typing import Protocol

Fact = str | int | float | bool
TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str] = ContextVar("traceparent", default="")


class Kind(StrEnum):
    """Which edge of the service a span is."""

    SERVER = "server"  # somebody called us
    CONSUMER = "consumer"  # a queue, or the clock, gave us something
    PRODUCER = "producer"  # we put something on a queue
    CLIENT = "client"  # we call somebody


class Figure(StrEnum):
    """What is counted or measured; the facts beside each are its dimensions, never a person's."""

    WEBHOOKS = "monikanava.webhooks"  # count; channel, status: 200 kept, 401 not authentic, 503 not kept …
    MESSAGES = "monikanava.messages"  # count of those stored by routing; channel
    DELIVERIES = "monikanava.deliveries"  # count; channel, outcome: sent, failed, uncertain, held
    PARKED = "monikanava.parked"  # count; queue
    SPOOLED = "monikanava.spooled"  # count of envelopes that Service Bus did not take; queue
    SPOOL = "monikanava.spool"  # level: how many wait, up to a page; queue
    REFUSALS = "monikanava.refusals"  # count of webhooks that were not authentic; account, code
    LAG = "monikanava.lag"  # seconds from the webhook to routing; channel
    TOKEN_LEFT = "monikanava.token.left"  # level: seconds that an account's access token lives; account  # noqa: S105


class Span(Protocol):
    """Work under way."""

    @property
    def traceparent(self) -> str:
        """What others continue it by."""

    def tell(self, name: str, fact: Fact) -> None:
        """Add a fact."""


class Listener(Protocol):
    """Keeps spans and figures somewhere."""

    def span(
        self, name: str, kind: Kind, parent: str, facts: dict[str, Fact]
    ) -> AbstractContextManager[Span]:
        """Begin a span; `parent` is a traceparent, or empty."""

    def count(self, figure: Figure, amount: int, facts: dict[str, Fact]) -> None:
        """Add to a count."""

    def measure(self, figure: Figure, value: float, facts: dict[str, Fact]) -> None:
        """Take one of many values."""

    def level(self, figure: Figure, value: float, facts: dict[str, Fact]) -> None:
        """Note where something stands."""


class _Carried:
    """A span that nobody listens to: the trace of its parent, or a new one, is the current one inside."""

    __slots__ = ("_token", "traceparent")

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent
        self._token: Token[str] | None = None

    def __enter__(self) -> Span:
        self._token = _current.set(self.traceparent)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token:
            _current.reset(self._token)

    def tell(self, name: str, fact: Fact) -> None:
        """Nobody listens."""


class _Service:
    """Who listens in this process; one place, for spans begin in functions that share nothing else."""

    listener: Listener | None = None


def listen(listener: Listener | None) -> None:
    """Have spans and figures told to somebody from now on; None: to nobody."""
    _Service.listener = listener


def span(name: str, kind: Kind, parent: str = "", **facts: Fact) -> AbstractContextManager[Span]:
    """Work inside a span: `current` names it there. A parent that is no traceparent counts for none."""
    parent = parent if TRACEPARENT.fullmatch(parent) else ""
    if _Service.listener:
        return _heard(_Service.listener.span(name, kind, parent or _current.get(), facts))
    return _Carried(parent or _current.get() or _new())


def current() -> str:
    """Give the traceparent of the work under way; empty outside of any span."""
    return _current.get()


def trace_id(traceparent: str) -> str:
    """Give the trace's id in a traceparent, 32 hex characters; empty for an empty one."""
    return traceparent[3:35]


def count(figure: Figure, amount: int = 1, **facts: Fact) -> None:
    """Add to a count, where somebody listens."""
    if _Service.listener and amount:
        _Service.listener.count(figure, amount, facts)


def measure(figure: Figure, value: float, **facts: Fact) -> None:
    """Tell one of many values, where somebody listens."""
    if _Service.listener:
        _Service.listener.measure(figure, value, facts)


def level(figure: Figure, value: float, **facts: Fact) -> None:
    """Tell where something stands, where somebody listens."""
    if _Service.listener:
        _Service.listener.level(figure, value, facts)


@contextmanager
def _heard(begun: AbstractContextManager[Span]) -> Iterator[Span]:
    with begun as found:
        token = _current.set(found.traceparent)
        try:
            yield found
        finally:
            _current.reset(token)


def _new() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
