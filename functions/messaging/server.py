"""The Messaging API of an account: what its integration calls, answered from the conversations themselves.

    POST api/v1.0/consumer/conversation/create            GET …/conversation/ID/messages
    POST api/v1.0/consumer/conversation/ID                GET …/conversation/ID/context
    GET  api/v1.0/consumer/conversations

https://learn.microsoft.com/dynamics365/contact-center/extend/intro-messaging-apis. Every answer carries the
caller's `x-ms-correlation-id`, or one of ours.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from functions.channels.contract import Account, Request, Response
from functions.channels.custom.dynamics import GUID
from functions.errors import MonikanavaError, TooLarge
from functions.messaging.access import admit
from functions.messaging.customs import TABLE, Customs
from functions.messaging.problems import Refusal, problem
from functions.messaging.reading import Reading
from functions.messaging.talking import Talking
from functions.serving import Rooms
from functions.traces import trace

ROOT = "api/v1.0/consumer/"
BODY_LIMIT = 1024 * 1024  # bytes
CORRELATION = "x-ms-correlation-id"
Handler = Callable[[Request, Account[Any], str], Awaitable[Response]]
log = logging.getLogger("monikanava.messaging")


class MessagingApi:
    """Answers every call below an account of the provider `dynamics`."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        customs = Customs(rooms.table(TABLE))
        talking, reading = Talking(rooms, customs), Reading(rooms, customs)
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = [
            ("POST", re.compile("conversations?/create"), talking.create),
            ("GET", re.compile("conversations"), reading.conversations),
            ("POST", re.compile("conversation/([^/]+)"), talking.post),
            ("GET", re.compile("conversation/([^/]+)/messages"), reading.messages),
            ("GET", re.compile("conversation/([^/]+)/context"), reading.context),
        ]

    async def answer(self, request: Request, account: Account[Any]) -> Response:
        """Answer one call; what is refused is an answer too."""
        given = request.headers.get(CORRELATION, "")
        correlation = given if re.fullmatch(GUID, given) else str(uuid4())
        try:
            response = await self._answer(request, account)
        except MonikanavaError as error:
            log.info("refused: account=%s code=%s correlation=%s", account.id, error.code, correlation)
            response = problem(error)
        except Exception as mistake:
            log.error("failed: account=%s correlation=%s error=%s", account.id, correlation, trace(mistake))
            response = problem(Refusal(30015))
        return replace(response, headers={**response.headers, CORRELATION: correlation})

    async def _answer(self, request: Request, account: Account[Any]) -> Response:
        await admit(request, account, self._rooms.keys)
        if len(request.body) > BODY_LIMIT:
            raise TooLarge(f"the body is over {BODY_LIMIT:,} bytes")
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(request.rest.removeprefix(ROOT))
            if found and method == request.method and request.rest.startswith(ROOT):
                return await handler(request, account, _conversation(found))
        raise Refusal(30003)


def _conversation(found: re.Match[str]) -> str:
    if not found.re.groups:
        return ""
    if not re.fullmatch(GUID, found[1]):
        raise Refusal(30005)
    return found[1].lower()
