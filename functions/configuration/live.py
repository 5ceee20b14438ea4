"""A version of the configuration in force: looked things up in, once per message."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from functions.channels.contract import Account
from functions.configuration.accounts import open_account, refers
from functions.configuration.document import AccountEntry, Document
from functions.conversations.model import AutoClose, Customer, Decision
from functions.conversations.opening import Opening
from functions.errors import NotFound, Unavailable
from functions.identity.identities import Identity
from functions.identity.matching import Match
from functions.identity.ranks import ranks_of
from functions.message import Inbound
from functions.ports import Secrets
from functions.routing.facts import Facts
from functions.routing.rulebook import TRACED, compile_rules

SECRETS_AGE = timedelta(minutes=5)  # a secret that was rotated in Key Vault is in use after that
AGAIN = timedelta(seconds=10)  # until the vault is asked once more for what it did not give
Callback = Callable[[str, str], str]  # gives the URL that a provider calls, by channel and account


@dataclass(frozen=True, slots=True)
class _Opened:
    """An account, or why there is none, and how long that counts; None: as long as this version does."""

    found: Account[Any] | Unavailable
    until: datetime | None


class Live:
    """One version, compiled; `version` 0 is the empty one before the first."""

    def __init__(
        self,
        version: int,
        document: Document,
        secrets: Secrets,
        clock: Callable[[], datetime],
        callback: Callback,
    ) -> None:
        self.version = version
        self.document = document
        self.rulebook = compile_rules(document, version)
        self.ranks = ranks_of(document.matching)
        self._accounts = {entry.id: entry for entry in document.accounts}
        self._workstreams = {stream.id: stream for stream in document.workstreams}
        self._secrets = secrets
        self._clock = clock
        self._callback = callback
        self._opened: dict[str, _Opened] = {}

    async def account(self, channel: str, id: str) -> Account[Any]:  # noqa: A002 - its name
        """Give an account with its secrets, which are kept for five minutes, or longer when none can be had.

        Raises NotFound when there is none of this id on this channel, Unavailable when a secret is missing.
        """
        entry = self._accounts.get(id)
        if entry is None or entry.channel != channel:
            raise NotFound(f"there is no account {id!r} on the channel {channel!r}")
        return await self._open(entry)

    def auto_close(self, workstream: str) -> AutoClose:
        """Give a workstream's times; the usual ones when it is not configured any more."""
        found = self._workstreams.get(workstream)
        return found.auto_close if found else AutoClose()

    def decide(self, facts: Facts, match: Match, most: int | None = TRACED) -> Decision:
        """Decide where work goes; of the rules' verdicts at most so many are kept."""
        return self.rulebook.decide(facts, most).model_copy(update={"matching": match.ranks})

    def open(self, inbound: Inbound, identity: Identity, match: Match, now: datetime) -> Opening:
        """Decide how a conversation opens with this message. Never fails: there is always a fallback."""
        decision = self.decide(Facts.of(inbound, identity, match, now), match)
        return Opening(
            customer=Customer(
                id=identity.id,
                name=identity.name,
                phone=identity.phone,
                email=identity.email,
                candidates=match.candidates,
            ),
            workstream=decision.workstream,
            agent_queue=decision.agent_queue,
            decision=decision,
            links=match.links,
            context=inbound.context,
        )

    async def _open(self, entry: AccountEntry) -> Account[Any]:
        known = self._opened.get(entry.id)
        if known is None or (known.until and known.until <= self._clock()):
            known = await self._opened_again(entry, known)
        if isinstance(known.found, Unavailable):
            raise Unavailable(known.found.reason)
        return known.found

    async def _opened_again(self, entry: AccountEntry, known: _Opened | None) -> _Opened:
        """Ask the vault, once for all: strangers can call as often as they like, and it may take its time."""
        if known:  # is good for whoever comes meanwhile
            self._opened[entry.id] = replace(known, until=self._clock() + AGAIN)
        try:
            callback = self._callback(entry.channel, entry.id)
            account = await open_account(entry, self._secrets, callback)
            opened = _Opened(account, self._clock() + SECRETS_AGE if refers(entry) else None)
        except Unavailable as down:
            former = known.found if known and isinstance(known.found, Account) else down
            opened = _Opened(former, self._clock() + AGAIN)
        self._opened[entry.id] = opened
        return opened
