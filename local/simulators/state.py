"""What the simulators remember: messages taken, how to answer next, and which accounts want news."""

from collections import defaultdict, deque
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue

from functions.message import Model

Name = Literal[
    "twilio",
    "meta",
    "telegram",
    "google",
    "line",
    "acs",
    "apple",
    "telesign",
    "x",
    "wechat",
    "botframework",
    "webhook",
    "dynamics",
    "dataverse",
]


class Behaviour(StrEnum):
    """How a send call is answered. TIMEOUT and RESET take the message and never say so."""

    OK = "ok"
    TOO_MANY = "429"
    ERROR = "500"
    PERMANENT = "permanent"
    TIMEOUT = "timeout"
    RESET = "reset"


class Order(Model):
    """How the next `times` calls to a provider shall be answered."""

    provider: Name
    answer: Behaviour
    times: int = Field(default=1, ge=1, le=100_000)


class Registered(Model):
    """An account whose messages get news: `account` is its id at the provider, `callback` its webhook."""

    provider: Name
    account: str
    secret: str
    callback: str = ""
    channel: str = ""


class Taken(Model):
    """A message that the provider has."""

    provider: Name
    account: str
    id: str
    recipient: str
    text: str = ""
    attachments: tuple[str, ...] = ()
    content: JsonValue = None
    typing: bool = False  # no message, but the sign that somebody writes one
    key: str = ""  # of idempotency: a second call with it is the first one again
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class State:
    """All of it, in memory."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self._orders: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._accounts: dict[tuple[str, str], Registered] = {}

    def order(self, order: Order) -> None:
        """Queue behaviours behind those already ordered."""
        self._orders[order.provider].extend([order.answer] * order.times)

    def next(self, provider: str) -> Behaviour:
        """Take the next behaviour; OK when none is ordered."""
        return self._orders[provider].popleft() if self._orders[provider] else Behaviour.OK

    def register(self, account: Registered) -> None:
        """Remember an account, or change it."""
        self._accounts[account.provider, account.account] = account

    def registered(self, taken: Taken) -> Registered | None:
        """Give the account that sent a message, if it wants news."""
        return self._accounts.get((taken.provider, taken.account))

    def account(self, provider: str, account: str) -> Registered:
        """Give an account that wants news; raises KeyError."""
        return self._accounts[provider, account]

    def earlier(self, taken: Taken) -> Taken | None:
        """Give the message that was taken with the same key."""
        if not taken.key:
            return None
        name = (taken.provider, taken.account, taken.key)
        return next((one for one in self.taken if (one.provider, one.account, one.key) == name), None)

    def sent(self, provider: str) -> list[Taken]:
        """List what was taken, newest last; of one provider, or with "" of all."""
        return [taken for taken in self.taken if provider in ("", taken.provider)]

    def clear(self, provider: str) -> None:
        """Forget what was taken, and what was ordered; of one provider, or with "" of all."""
        self.taken = [taken for taken in self.taken if provider not in ("", taken.provider)]
        for name in [provider] if provider else list(self._orders):
            self._orders[name].clear()
