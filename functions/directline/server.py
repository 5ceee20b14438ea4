"""The Direct Line 3.0 server of a chat account, and what its own page needs besides.

    below /api/channels/chat/ACCOUNT/            v3/directline/…
    session          (our page starts)           tokens/generate, tokens/refresh
    "", widget.js, assets/… (see `pages`)        conversations, conversations/ID, …/activities, …/upload

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-direct-line-3-0-api-reference
"""

import logging
import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

from functions.channels.contract import Account, Request, Response
from functions.directline import origins, pages, unspoken
from functions.directline.call import CODES, Call, Handler, answered, refused
from functions.directline.limits import TABLE as LIMITS
from functions.directline.limits import Limits
from functions.directline.posting import Posting
from functions.directline.reading import Reading
from functions.directline.sessions import TABLE, Sessions
from functions.directline.starting import Starting
from functions.directline.transcript import Transcripts
from functions.directline.uploads import Uploads
from functions.directline.visits import Visits
from functions.errors import MonikanavaError, NotFound
from functions.serving import Rooms

CREDENTIALS = {"Access-Control-Allow-Credentials": "true"}
SESSION_ID = "v3/directline/session/getsessionid"
log = logging.getLogger("monikanava.directline")


class DirectLine:
    """Answers every call below a chat account."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        sessions = Sessions(rooms.table(TABLE))
        self._limits = Limits(rooms.table(LIMITS))
        starting, reading = Starting(sessions), Reading(rooms.threads, sessions)
        posting = Posting(sessions)
        uploads = Uploads(sessions, posting, self._limits)
        transcripts = Transcripts(rooms.threads, sessions)
        talk = "v3/directline/conversations/{conversation}"
        self._routes = [
            _route("POST", "v3/directline/tokens/generate", starting.generate),
            _route("POST", "v3/directline/tokens/refresh", starting.refresh),
            _route("POST", "v3/directline/conversations", starting.start),
            _route("GET", talk, starting.reconnect),
            _route("GET", f"{talk}/activities", reading.activities),
            _route("POST", f"{talk}/activities", posting.post),
            _route("POST", f"{talk}/upload", uploads.upload),
            _route("GET", f"{talk}/attachments/{{message}}/{{index}}", uploads.download),
            _route("GET", f"{talk}/transcript", transcripts.transcript),
            _route("GET", SESSION_ID, _session_id),
            _route("POST", "session", Visits(sessions, self._limits).begin),
        ]

    async def answer(self, request: Request, account: Account[Any]) -> Response:
        """Answer one call; what is refused is an answer too."""
        if request.method == "OPTIONS":
            response = origins.preflight(request)
        else:
            response = origins.shared(request, await self._answer(request, account))
        if request.rest == SESSION_ID:  # the one call that clients make with cookies
            response = replace(response, headers={**response.headers, **CREDENTIALS})
        return response

    async def tidy(self) -> None:
        """Drop what was counted in windows that are over, and the sessions of chats that stayed silent."""
        now = self._rooms.clock()
        await self._limits.forget(now)
        await unspoken.forget(self._rooms.table(TABLE), self._rooms.threads, now)

    async def _answer(self, request: Request, account: Account[Any]) -> Response:
        try:
            if page := pages.answer(request, account):
                return page
            handler, parameters = self._handler(request)
            return await handler(Call(request, account, self._rooms, parameters))
        except MonikanavaError as error:
            log.info("refused: account=%s path=%r code=%s", account.id, request.rest[:80], error.code)
            return refused(error)

    def _handler(self, request: Request) -> tuple[Handler, dict[str, str]]:
        known = False
        for method, pattern, handler in self._routes:
            if found := pattern.fullmatch(request.rest):
                if method == request.method:
                    return handler, found.groupdict()
                known = True
        raise NotAllowed("this method is not known here") if known else NotFound("there is nothing here")


class NotAllowed(MonikanavaError):
    """Another method than the path has."""

    status, code = 405, CODES[405]


async def _session_id(call: Call) -> Response:
    """Give an id for sign-in cards; we have none, so that it opens nothing."""
    return answered({"sessionId": uuid4().hex})


def _route(method: str, path: str, handler: Handler) -> tuple[str, re.Pattern[str], Handler]:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_-]{1,100})", path)
    return method, re.compile(pattern), handler
