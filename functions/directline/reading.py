"""Reading a conversation: polls, which cost one table call each, and nothing at all once it is over.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-direct-line-3-0-receive-activities
"""

import json
from datetime import datetime, timedelta

from functions.channels.contract import Response
from functions.conversations.feed import CUSTOMER, Feed
from functions.conversations.threads import Threads
from functions.directline.access import admit
from functions.directline.activities import (
    Activity,
    View,
    Watermark,
    activities,
    activity_set,
    after,
    greeting,
    typing,
)
from functions.directline.call import JSON, Call, Ended
from functions.directline.sessions import Sessions
from functions.directline.tokens import Grant
from functions.message import digest, thread_key

PAGE = 100  # messages of one answer
TYPES_FOR = timedelta(seconds=5)
# How soon to ask again, in milliseconds, by how long ago the last message came.
PACE = ((timedelta(minutes=1), 1000), (timedelta(minutes=5), 2000), (timedelta(minutes=30), 5000))
SLOWEST = 15_000


class Reading:
    """The endpoint that is polled."""

    def __init__(self, threads: Threads, sessions: Sessions) -> None:
        self._threads = threads
        self._sessions = sessions

    async def activities(self, call: Call) -> Response:
        """Give what came after the watermark; 304 when that is what the client has already."""
        grant = await admit(call, self._sessions)
        before = Watermark.read(call.request.parameters().get("watermark", ""))
        if before.ended:
            raise Ended("the conversation is over")
        view = View(call.account, grant.conversation, call.request.received_at)
        found, mark = await news(self._threads, view, grant, before)
        body = json.dumps(activity_set(found, mark), ensure_ascii=False)
        tag = f'"{digest(body)}"'
        headers = {
            "ETag": tag,
            "Cache-Control": "private, no-cache",
            "X-Poll-Interval": str(_pace(mark.at or grant.began, view.now)),
        }
        if call.request.headers.get("if-none-match") == tag:
            return Response(304, headers=headers)
        return Response(200, body, JSON, headers)


async def news(
    threads: Threads, view: View, grant: Grant, before: Watermark
) -> tuple[list[Activity], Watermark]:
    """Read what came after a watermark, at most a page, and where to go on: one table call.

    The beginning has the greeting; at the end, an agent who types right now is a transient activity.
    """
    key = thread_key(view.account.channel, view.account.id, view.conversation)
    feed = await threads.feed(key, before.mark, PAGE)
    first = [] if before.begun else [greeting(view, grant)]
    found = [*filter(None, first), *activities(feed.messages, view), *_typing(feed, view)]
    return found, after(feed.messages, feed.mark, before, view.account.settings.persistent)


def _typing(feed: Feed, view: View) -> list[Activity]:
    fresh = [at for who, at in feed.typing.items() if who != CUSTOMER and view.now - at < TYPES_FOR]
    return [typing(view, max(fresh))] if fresh else []


def _pace(last: datetime, now: datetime) -> int:
    return next((pace for age, pace in PACE if now - last < age), SLOWEST)
