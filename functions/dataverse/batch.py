"""$batch: several reads in one request. Pure.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api.
Lines end with CR LF, and every part is a whole HTTP request or answer.
"""

from collections.abc import Mapping, Sequence
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus

from pydantic import JsonValue

from functions.dataverse.http import Answer
from functions.errors import Invalid
from functions.providers.payload import read_json

BOUNDARY = "batch_monikanava"
CONTENT_TYPE = f"multipart/mixed; boundary={BOUNDARY}"
MOST = 100  # reads of one request; Dataverse takes 1,000


def batch_body(urls: Sequence[str], headers: Mapping[str, str]) -> bytes:
    """Write the request's body; the URLs are whole, and percent-encoded already."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    parts = [
        "\r\n".join(
            (
                f"--{BOUNDARY}",
                "Content-Type: application/http",
                "Content-Transfer-Encoding: binary",
                "",
                f"GET {url} HTTP/1.1",
                *lines,
                "",
                "",
            )
        )
        for url in urls
    ]
    return "\r\n".join((*parts, f"--{BOUNDARY}--", "")).encode()


def batch_answers(answer: Answer) -> list[tuple[int, JsonValue]]:
    """Read the parts' statuses and JSON, in order; raises Invalid for an answer that is no batch's."""
    head = f"Content-Type: {answer.headers.get('content-type', '')}\r\n\r\n"
    whole = BytesParser().parsebytes(head.encode() + answer.body)
    parts = whole.get_payload()
    if not whole.is_multipart() or not isinstance(parts, list):
        raise Invalid("the answer is no batch")
    return [_part(part) for part in parts if isinstance(part, Message)]


def _part(part: Message) -> tuple[int, JsonValue]:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise Invalid("a part of the batch is no HTTP")
    head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    words = head.partition(b"\n")[0].split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise Invalid("a part of the batch is no HTTP")
    status = int(words[1])
    return status, read_json(body) if body.strip() and status < HTTPStatus.MULTIPLE_CHOICES else None
