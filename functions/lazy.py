"""Rooms of single channels, made at their first use: an app that never needs them does not import them.

A cold start has a provider's time-out to keep, and chat's or Dataverse's rooms cost it tens of milliseconds.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from functions.configuration.live import Live
from functions.conversations.model import Conversation, StoredMessage
from functions.identity.ranks import Clues

if TYPE_CHECKING:
    from functions.channels.records.change import RecordValue
    from functions.dataverse.rooms import Dataverse
    from functions.directline.pushing import Pusher

CHAT, RECORDS = "chat", "records"


class LazyDataverse:
    """Dataverse for those who do not know whether any account has it: without one, nothing is made."""

    def __init__(self, make: "Callable[[], Dataverse]", live: Callable[[], Awaitable[Live]]) -> None:
        self.made = cache(make)
        self._live = live

    async def closed(self, conversation: Conversation) -> None:
        """Note that a conversation has closed; see `Timeline.closed`."""
        if await self._is_there():
            await self.made().timeline.closed(conversation)

    async def fill(self, clues: Clues) -> bool:
        """Look a customer up; see `Gaps.fill`."""
        return await self._is_there() and await self.made().gaps.fill(clues)

    async def read(self, account: str, entity: str, id: str) -> "Mapping[str, RecordValue] | None":  # noqa: A002
        """Read a row again; see `WebApiReader.read`."""
        return await self.made().reader.read(account, entity, id)

    async def _is_there(self) -> bool:
        return any(entry.channel == RECORDS for entry in (await self._live()).document.accounts)


class LazyPusher:
    """News for the clients of chats; of other channels nothing is made."""

    def __init__(self, make: "Callable[[], Pusher | None]") -> None:
        self.made = cache(make)

    async def told(self, channel: str, messages: Sequence[StoredMessage]) -> None:
        """Tell of messages that were stored; see `Pusher.told`."""
        if channel == CHAT and (pusher := self.made()):
            await pusher.told(channel, messages)
