"""What happens in a chat, told to its clients at once where there is push; else they poll.

    stored messages, typing ──▶ Pusher ──▶ a frame for the thread's group ──▶ every client that is connected
    client connects ──▶ connected event ──▶ Connections ──▶ what came after its watermark, to it alone

A frame is an activity set, as a poll is answered. Nothing depends on push: a frame that did not go out makes
the group's clients come again, and whoever comes is given all that came after its watermark.

Frames of several instances may overtake each other. So a frame has a watermark only where what came before it
has long been given to everybody: a client may see an activity twice, by the same id, and never misses one.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from functions.channels.chat import Chat, ChatSettings
from functions.channels.contract import Account
from functions.conversations import layout
from functions.conversations.feed import Mark
from functions.conversations.model import StoredMessage
from functions.conversations.threads import Threads
from functions.directline.activities import Activity, View, Watermark, activities, activity_set, after, typing
from functions.directline.reading import TYPES_FOR
from functions.errors import Unavailable
from functions.message import Delivery, Outbound, thread_key
from functions.ports import Push
from functions.traces import trace

SECONDS = 2.0  # for one push, with all that it needs
SETTLED = timedelta(seconds=10)  # after it, every client has a message, or is being sent away
FRAME = 20  # messages; Web PubSub takes a megabyte, an activity is at most 28 KB
AGAIN = (1.0, 2.0, 5.0, 5.0, 5.0, 30.0)  # pauses before clients that missed a frame are sent away
KNOWN = 10_000  # threads that are remembered
NEW = (None, Delivery.QUEUED)
Accounts = Callable[[str, str], Awaitable[Account[Any]]]
Kept = TypeVar("Kept")
log = logging.getLogger("monikanava.push")


class Pusher:
    """Gives frames to the clients of a thread. Nothing here raises, or takes longer than SECONDS."""

    def __init__(
        self, push: Push, threads: Threads, accounts: Accounts, clock: Callable[[], datetime]
    ) -> None:
        self._push = push
        self._threads = threads
        self._accounts = accounts
        self._clock = clock
        self._names: dict[str, tuple[str, str]] = {}
        self._last: dict[str, StoredMessage] = {}
        self._reminders: dict[str, asyncio.Task[None]] = {}

    async def told(self, channel: str, messages: Sequence[StoredMessage]) -> None:
        """Tell of messages of one thread that were stored; what was only changed is no news to clients."""
        new = [message for message in messages if _is_new(message)]
        if channel == Chat.channel and new:
            group = layout.place(new[0].conversation).partition
            await self._try(group, self._tell(group, new))

    async def typing(self, sign: Outbound) -> None:
        """Tell that an agent types; whoever misses it misses nothing."""
        if sign.channel == Chat.channel and self._clock() - sign.created_at < TYPES_FOR:
            await self._try(sign.session, self._show_typing(sign), matters=False)

    def remind(self, who: str, close: Callable[[str], Awaitable[None]]) -> None:
        """Send a group's clients, or one, away, as soon as that works: they come again."""
        if who not in self._reminders:
            task = asyncio.create_task(_send_away(who, close))
            self._reminders[who] = task
            task.add_done_callback(lambda _: self._reminders.pop(who, None))

    async def _try(self, group: str, work: Awaitable[None], *, matters: bool = True) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                await work
        except Exception as failure:  # it is stored already: no mistake here may undo that
            known = isinstance(failure, Unavailable | TimeoutError)
            log.warning("not pushed: thread=%s error=%s", group, failure if known else trace(failure))
            if matters:
                self.remind(group, self._push.close_all)

    async def _tell(self, group: str, messages: Sequence[StoredMessage]) -> None:
        view = await self._view(group, messages[0].conversation)
        settled = await self._settled(group, messages)
        for start in range(0, len(messages), FRAME):
            part = messages[start : start + FRAME]
            if shown := activities(part, view):
                last = settled and part[-1] is messages[-1]
                await self._push.send(group, frame(shown, _mark(part, view) if last else None))

    async def _settled(self, group: str, messages: Sequence[StoredMessage]) -> bool:
        """Tell whether every client surely has what came before these."""
        before = Mark(layout.place(messages[0].conversation).number, messages[0].sequence - 1)
        known = _bounded(self._last).get(group)
        self._last[group] = messages[-1]
        if before.sequence == 0 or group in self._reminders:
            return group not in self._reminders
        if known is None or Mark.of(known) != before:
            feed = await self._threads.feed(group, Mark(before.number, before.sequence - 1), 1)
            known = feed.messages[0] if feed.messages else None
        return known is None or self._clock() - known.received_at > SETTLED

    async def _show_typing(self, sign: Outbound) -> None:
        account = await self._accounts(sign.channel, sign.account)
        now = self._clock()
        shown = typing(View(account, sign.thread, now), now)
        await self._push.send(sign.session, frame([shown], None))

    async def _view(self, group: str, conversation: str) -> View:
        if group not in self._names:
            head = await self._threads.conversation(conversation)
            _bounded(self._names)[group] = (head.account, head.thread)
        account, thread = self._names[group]
        return View(await self._accounts(Chat.channel, account), thread, self._clock())


async def _send_away(who: str, close: Callable[[str], Awaitable[None]]) -> None:
    for pause in AGAIN:
        await asyncio.sleep(pause)
        with suppress(Unavailable):
            await close(who)
            return
    log.error("clients miss a frame until they come again: who=%s", who)


def frame(shown: Sequence[Activity], mark: Watermark | None) -> str:
    """Write a frame; without a mark the client's watermark stays."""
    return json.dumps(activity_set(shown, mark), ensure_ascii=False)


def group_of(account: Account[ChatSettings], conversation: str) -> str:
    """Name the group of a conversation's clients: its thread's key."""
    return thread_key(account.channel, account.id, conversation)


def _mark(messages: Sequence[StoredMessage], view: View) -> Watermark:
    persistent = view.account.settings.persistent
    return after(messages, Mark.of(messages[-1]), Watermark(), persistent)


def _is_new(message: StoredMessage) -> bool:
    changed = message.edited_at or message.deleted_at or message.reactions
    return message.delivery in NEW and not changed


def _bounded(kept: dict[str, Kept]) -> dict[str, Kept]:
    if len(kept) >= KNOWN:
        kept.clear()
    return kept
