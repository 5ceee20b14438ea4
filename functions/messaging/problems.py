"""What the Messaging API refuses, by the vendor's numbers, as problem documents (RFC 7807).

https://learn.microsoft.com/dynamics365/contact-center/extend/error-handling. 30014 cannot happen here, for an
account always has a workstream.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from functions.channels.contract import Response
from functions.errors import MonikanavaError, Unavailable

CODES: Mapping[int, tuple[int, str]] = MappingProxyType(
    {
        30001: (400, "The organization ID is missing or not the one of this channel."),
        30002: (400, "The channel ID is missing or is no GUID."),
        30003: (400, "The operation is unknown or not supported."),
        30004: (404, "There is no such channel."),
        30005: (400, "The conversation ID is no GUID."),
        30006: (400, "The timestamp is not in ISO 8601."),
        30007: (400, "The page size of conversations is from 1 to 250."),
        30008: (400, "The page size of messages is from 1 to 100."),
        30009: (400, "The continuation token is not one of ours."),
        30010: (400, "A conversation context has at most 100 entries."),
        30011: (400, "A message has at most 6,000 characters."),
        30012: (400, "The body is missing or malformed."),
        30013: (404, "There is no such conversation, or it is closed."),
        30014: (400, "The channel has no workstream."),
        30015: (500, "The answer could not be made."),
        30016: (400, "The message has neither text nor attachments."),
    }
)


class Refusal(MonikanavaError):
    """A call that is refused with one of the vendor's numbers."""

    def __init__(self, number: int) -> None:
        super().__init__(CODES[number][1])
        self.number = number
        self.code = str(number)


def problem(error: MonikanavaError) -> Response:
    """Give an error as a problem document."""
    status = CODES[error.number][0] if isinstance(error, Refusal) else error.status
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.reason,
    }
    if isinstance(error, Refusal):
        content["code"] = error.code
    wait = {"Retry-After": str(error.retry_after)} if isinstance(error, Unavailable) else {}
    return Response(status, json.dumps(content), "application/problem+json", wait)
