"""Twilio's own SDK as an oracle: its webhook validator, and its client with a transport that only records."""

import json
from typing import Any

from twilio.http.http_client import HttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.request_validator import (  # type: ignore[import-untyped]
    HMAC_SHA1,
    HMAC_SHA256,
    RequestValidator,
)
from twilio.rest import Client  # type: ignore[import-untyped]

__all__ = ["HMAC_SHA1", "HMAC_SHA256", "RequestValidator", "TwilioRecorder", "twilio_sends"]


class TwilioRecorder(HttpClient):  # type: ignore[misc]
    """Keeps the keyword arguments of every request."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def request(self, method: str, uri: str, *args: Any, **more: Any) -> Any:
        names = ("params", "data", "headers", "auth")
        self.sent.append({"method": method, "uri": uri, **dict(zip(names, args, strict=False)), **more})
        return Response(201, json.dumps({"sid": "SM1", "status": "queued"}))


def twilio_sends(sid: str, token: str, username: str = "", **message: Any) -> dict[str, Any]:
    """Give the request that Twilio's client makes for `messages.create(**message)`."""
    recorder = TwilioRecorder()
    client = Client(username or sid, token, account_sid=sid, http_client=recorder)
    client.messages.create(**message)
    return recorder.sent[0]
