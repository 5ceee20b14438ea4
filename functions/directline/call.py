"""A call of the chat API, and its answers: JSON, or an error as Direct Line clients know it.

Clients look at the status alone: 403 is an expired token, 404 the end of the conversation, and what they
posted may be tried again after any 5xx.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from functions.channels.chat import ChatSettings
from functions.channels.contract import Account, Request, Response
from functions.errors import Invalid, MonikanavaError, NotFound, TooLarge, TooMany, Unavailable
from functions.providers.payload import read_json
from functions.serving import Rooms

JSON = "application/json; charset=utf-8"
NO_STORE = {"Cache-Control": "no-store"}
CODES: Mapping[int, str] = {
    400: "BadArgument",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    413: "MessageSizeTooBig",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
}


class Ended(NotFound):
    """The live chat is over: a client that is told so stops, and may start another."""

    code = "ConversationEnded"


@dataclass(frozen=True, slots=True)
class Call:
    """A call: `parameters` are those of its path."""

    request: Request
    account: Account[ChatSettings]
    rooms: Rooms
    parameters: Mapping[str, str] = field(default_factory=dict)

    def json(self, limit: int) -> dict[str, JsonValue]:
        """Read the body, an object; nothing at all is an empty one. Raises TooLarge, or Invalid."""
        if len(self.request.body) > limit:
            raise TooLarge(f"the body is over {limit:,} bytes")
        found = read_json(self.request.body) if self.request.body.strip() else {}
        if not isinstance(found, dict):
            raise Invalid("the body is not a JSON object")
        return found


Handler = Callable[[Call], Awaitable[Response]]


def answered(content: Mapping[str, JsonValue], status: int = 200, **headers: str) -> Response:
    """Give a JSON answer; header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, json.dumps(content, ensure_ascii=False), JSON, {**NO_STORE, **named})


def refused(error: MonikanavaError) -> Response:
    """Give an error as a Direct Line answer."""
    own = error.code if error.code[:1].isupper() else CODES.get(error.status, "ServiceError")
    again = {"Retry_After": str(error.retry_after)} if isinstance(error, Unavailable | TooMany) else {}
    return answered({"error": {"code": own, "message": error.reason}}, error.status, **again)
