"""The Azure SDKs as oracles: SMS and Advanced Messaging, with a transport that only records."""

import json
from dataclasses import dataclass, field
from typing import Any

from azure.communication.messages import NotificationMessagesClient
from azure.communication.sms import SmsClient
from azure.core.pipeline.transport import HttpTransport

_SMS: Any = SmsClient  # whose type comments are wrong
_WHATSAPP: Any = NotificationMessagesClient
HMAC_HEADERS = ("x-ms-date", "x-ms-content-sha256", "authorization")


@dataclass(frozen=True)
class Recorded:
    """A request as it would go out; header names are lower case."""

    method: str
    url: str
    headers: dict[str, str]
    body: Any

    @property
    def proof(self) -> dict[str, str]:
        return {name: self.headers[name] for name in HMAC_HEADERS}


class _Answer:
    """Just enough of a response for the clients."""

    def __init__(self, request: Any, content: dict[str, Any]) -> None:
        self.request = request
        self.status_code = 200 if request.method == "GET" else 202
        self.reason = "Accepted"
        self.headers = {"Content-Type": "application/json"}
        self.content_type = "application/json"
        self._body = json.dumps(content).encode()

    def body(self) -> bytes:
        return self._body

    def text(self, encoding: str | None = None) -> str:
        return self._body.decode()

    def json(self) -> Any:
        return json.loads(self._body)

    def read(self) -> bytes:
        return self._body

    def raise_for_status(self) -> None:
        """Nothing to raise."""

    def iter_bytes(self) -> Any:
        return iter([self._body])


@dataclass
class Recorder(HttpTransport[Any, Any]):
    """Keeps every request."""

    answer: dict[str, Any]
    sent: list[Recorded] = field(default_factory=list)

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def send(self, request: Any, **_: Any) -> Any:
        headers = {name.lower(): value for name, value in request.headers.items()}
        content = getattr(request, "content", None) or getattr(request, "body", None)
        body = json.loads(content) if content else None
        self.sent.append(Recorded(request.method, request.url, headers, body))
        return _Answer(request, self.answer)


def sms_sends(connection: str, **message: Any) -> Recorded:
    """Give the request that the SMS client makes."""
    recorder = Recorder({"value": []})
    _SMS.from_connection_string(connection, transport=recorder).send(**message)
    return recorder.sent[0]


def whatsapp_sends(connection: str, content: Any) -> Recorded:
    """Give the request that the Advanced Messaging client makes."""
    recorder = Recorder({"receipts": []})
    _WHATSAPP.from_connection_string(connection, transport=recorder).send(content)
    return recorder.sent[0]


def whatsapp_fetches(connection: str, medium: str) -> Recorded:
    """Give the request with which it fetches a medium."""
    recorder = Recorder({})
    client = _WHATSAPP.from_connection_string(connection, transport=recorder)
    list(client.download_media(medium))
    return recorder.sent[0]
