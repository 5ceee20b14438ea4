"""What the integration reads: its open conversations, a conversation's messages, and its context.

`ContinuationToken` is opaque to the caller: a place in the list, or a mark in the thread.
"""

import re
from datetime import datetime

from pydantic import JsonValue

from functions.channels.contract import Account, Request, Response
from functions.channels.custom.dynamics import DynamicsSettings, message_id
from functions.conversations.feed import Mark
from functions.conversations.model import Direction, State, StoredMessage
from functions.conversations.states import OVER
from functions.errors import Invalid
from functions.messaging.customs import Custom, Customs
from functions.messaging.problems import Refusal
from functions.messaging.talking import answered, head_of, key_of
from functions.providers.payload import instant, moment
from functions.serving import Rooms

USUAL = 50
TOKEN = re.compile("[0-9]{13}:[0-9a-f-]{36}")


class Reading:
    """The calls that only read."""

    def __init__(self, rooms: Rooms, customs: Customs) -> None:
        self._rooms = rooms
        self._customs = customs

    async def conversations(self, request: Request, account: Account[DynamicsSettings], _: str) -> Response:
        """List the conversations that are neither wrapped up nor closed, the oldest first."""
        query = _query(request)
        size, since = _size(query, 250, 30007), _since(query)
        after = query.get("continuationtoken", "")
        if after and not TOKEN.fullmatch(after):
            raise Refusal(30009)
        keys = await self._customs.listed(account.id, after, size)
        shown = [key for key in keys if await self._is_open(account, key)]
        found: list[JsonValue] = [
            {"conversationid": key[14:], "timestamp": _time(at)}
            for key in shown
            if (at := _at(key)) and (since is None or at > since)
        ]
        more: dict[str, JsonValue] = {"continuationtoken": keys[-1]} if len(keys) == size else {}
        return answered({"conversations": found, **more})

    async def messages(
        self, request: Request, account: Account[DynamicsSettings], conversation: str
    ) -> Response:
        """List a conversation's messages in their order."""
        await self._known(account, conversation)
        query = _query(request)
        size, since = _size(query, 100, 30008), _since(query)
        try:
            mark = Mark.read(query.get("continuationtoken", ""))
        except Invalid:
            raise Refusal(30009) from None
        feed = await self._rooms.threads.feed(key_of(account, conversation), mark, size)
        found: list[JsonValue] = [
            _activity(message)
            for message in feed.messages
            if _is_said(message) and (since is None or message.received_at > since)
        ]
        more: dict[str, JsonValue] = {"continuationToken": str(feed.mark)} if feed.mark != mark else {}
        return answered({"messages": found, **more})

    async def context(
        self, request: Request, account: Account[DynamicsSettings], conversation: str
    ) -> Response:
        """List a conversation's context variables."""
        custom = await self._known(account, conversation)
        found: list[JsonValue] = [{"name": name, "value": value} for name, value in custom.context.items()]
        return answered({"context": found})

    async def _known(self, account: Account[DynamicsSettings], conversation: str) -> Custom:
        custom = await self._customs.get(account.id, conversation)
        if custom is None:
            raise Refusal(30013)
        return custom

    async def _is_open(self, account: Account[DynamicsSettings], key: str) -> bool:
        head = await head_of(self._rooms, account, key[14:])
        if head and head.state is State.CLOSED:
            await self._customs.unlist(account.id, key)
        return head is None or head.state not in OVER


def _is_said(message: StoredMessage) -> bool:
    return message.direction is not Direction.SYSTEM and message.deleted_at is None


def _activity(message: StoredMessage) -> dict[str, JsonValue]:
    ours = message.direction is Direction.OUTBOUND
    attachments: list[JsonValue] = [
        {"contentType": one.content_type, "contentUrl": one.url, "name": one.name}
        for one in message.attachments
    ]
    return {
        "type": "message",
        "attachments": attachments,
        "text": message.text,
        "messageId": message_id(message.received_at, message.sequence if ours else 0),
        "timestamp": _time(message.received_at),
        "from": {"id": message.author, "role": "bot" if ours else "user"},
        "channelData": {},
    }


def _query(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.parameters().items()}


def _size(query: dict[str, str], most: int, number: int) -> int:
    given = query.get("pagesize", "")
    if not given:
        return USUAL
    if not re.fullmatch("[0-9]{1,3}", given, re.ASCII) or not 1 <= int(given) <= most:
        raise Refusal(number)
    return int(given)


def _since(query: dict[str, str]) -> datetime | None:
    given = query.get("starttimestamp", "")
    found = instant(given.replace(" ", "+"))  # a plus that nobody escaped
    if given and found is None:
        raise Refusal(30006)
    return found


def _at(key: str) -> datetime | None:
    return moment(int(key[:13]), 1000)


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
