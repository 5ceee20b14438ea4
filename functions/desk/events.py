"""Following a conversation: a long poll, which is a server-sent event stream to those who ask for one.

An Azure function in Python cannot answer piece by piece without an extension of its own. So a stream is
given in short answers: each waits until there is something, sends it as one event with its mark as the id,
and ends. An EventSource (https://html.spec.whatwg.org/multipage/server-sent-events.html) then comes again by
itself, with the mark in Last-Event-ID. A browser's own EventSource sends no Authorization header; the npm
package of that name takes a `fetch` that does.
"""

import asyncio
import time

from pydantic import Field

from functions.conversations.following import Known, Look
from functions.conversations.model import StoredMessage
from functions.desk.call import Body, Call, Nothing, Reply, Streamed
from functions.services import Services

LONGEST = 30  # seconds of one answer; the host's front end gives up at 230
FIRST_PAUSE, LAST_PAUSE = 0.25, 2.0  # seconds between looks: short for who talks, long for who waits
COME_AGAIN = 250  # milliseconds until an EventSource does


class Following(Body):
    """Where to go on, and how long to wait for something new."""

    after: str = Field(
        default="", max_length=200, description="`mark` of the answer before; none: the beginning"
    )
    wait: int = Field(default=20, ge=0, le=LONGEST, description="seconds")


class Events(Streamed):
    """What happened after a mark; nothing, when nothing did in the time.

    `items` are messages that are new, and of the last twenty before the mark those that look different now:
    an edit, a reaction, how far a reply has come; one whose `kind` is now `copy` is to be taken away. Changes
    of the state are messages of the kind `state`, private notes of the kind `note`. `typing`: the customer
    types.
    """

    items: tuple[StoredMessage, ...]
    typing: bool
    mark: str

    def event_stream(self) -> str:
        """Give one event, also when there is nothing to tell: it keeps the follower's mark."""
        return f"retry: {COME_AGAIN}\nid: {self.mark}\ndata: {self.model_dump_json(by_alias=True)}\n\n"


async def follow_conversation(call: Call[Following, Nothing], services: Services) -> Reply[Events]:
    """Give what is new in a conversation, waiting for it; with Accept: text/event-stream as an event."""
    known = Known.read(call.headers.get("last-event-id", "") or call.query.after)
    found = await _waited(call.parameters["id"], known, call.query.wait, services)
    return Reply(Events(items=found.items, typing=found.known.typing, mark=str(found.known)))


async def _waited(conversation: str, known: Known, seconds: int, services: Services) -> Look:
    deadline, pause = time.monotonic() + seconds, FIRST_PAUSE
    while True:
        found = await services.threads.look(conversation, known)
        left = deadline - time.monotonic()
        if found.items or found.known.typing != known.typing or left <= 0:
            return found
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, LAST_PAUSE)
