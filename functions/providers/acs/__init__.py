"""Azure Communication Services, for all its channels: settings, signed calls, and what the API answers.

Follows https://learn.microsoft.com/azure/communication-services/concepts/authentication (HMAC),
https://learn.microsoft.com/rest/api/communication and, for what is sent again,
https://learn.microsoft.com/rest/api/communication/repeatable-requests. Its events come through Event Grid.
"""

import base64
import binascii
import hashlib
import hmac
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, JsonValue, SecretStr

from functions.channels.contract import Answer, Call, Refused, Unsure, written
from functions.message import Outbound
from functions.providers.answers import by_status
from functions.providers.eventgrid import EventGridSettings
from functions.providers.payload import read_answer, text
from functions.providers.settings import ApiBase, checked_base

NAME = "Azure Communication Services"
KNOWN_FOR = timedelta(minutes=4)  # it knows a request again for five, and a call takes its time
TOO_LATE = 412  # the time of the first request is not among those that it knows

_SIGNED = "x-ms-date;host;x-ms-content-sha256"
_NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")
_CODE = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_REASONS = {
    400: "the recipient's or sender's address, or a value of the message, is not accepted",
    401: "the access key is not accepted, or the clock of this machine is wrong",
    403: "the resource may not send this, or the recipient has opted out",
    404: "the resource does not have this sender",
    TOO_LATE: "the message's first request was too long ago, or the clock of this machine is wrong",
    429: "messages must be sent more slowly",
}


def parts(connection_string: str) -> tuple[str, str]:
    """Read the endpoint and the access key; empty where one is missing."""
    pairs = (part.partition("=") for part in connection_string.split(";"))
    found = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return found.get("endpoint", "").rstrip("/"), found.get("accesskey", "")


def _connection(secret: SecretStr) -> SecretStr:
    endpoint, key = parts(secret.get_secret_value())
    try:
        whole = bool(base64.b64decode(key, validate=True)) and bool(checked_base(endpoint))
    except (ValueError, binascii.Error):
        whole = False
    if not whole:
        raise ValueError("must be endpoint=https://…;accesskey=… as the Azure portal shows it under Keys")
    return secret


ConnectionString = Annotated[SecretStr, AfterValidator(_connection)]


class AcsSettings(EventGridSettings):
    """The resource's connection string; `api_base`, if given, takes the place of the endpoint in it."""

    connection_string: ConnectionString
    api_base: ApiBase | None = None


def base(settings: AcsSettings) -> str:
    """Give the API's address, not closed by a slash."""
    return settings.api_base or parts(settings.connection_string.get_secret_value())[0]


def signed_call(
    settings: AcsSettings,
    path: str,
    content: JsonValue,
    now: datetime,
    headers: Mapping[str, str] | None = None,
) -> Call:
    """Build a POST, signed; the signature is good for some minutes."""
    url = base(settings) + path
    body = written(content)  # what is signed are these very bytes
    proof = _proof(_key(settings), "POST", url, body, now)
    return Call(url=url, headers={**(headers or {}), **proof}, json=content)


def signed_get(settings: AcsSettings, path: str, now: datetime) -> Call:
    """Build a GET, signed as above."""
    url = base(settings) + path
    return Call(url=url, headers=_proof(_key(settings), "GET", url, b"", now), method="GET")


def signed_download(endpoint: str, key: str, url: str, now: datetime) -> Call:
    """Build the GET of a recording, wherever it lies: it is signed as for the resource, which it names."""
    bare = unsigned_download(endpoint, url)
    proof = _proof(key, "GET", url, b"", now, urlsplit(endpoint).netloc)
    return replace(bare, headers={**bare.headers, **proof})


def unsigned_download(endpoint: str, url: str) -> Call:
    """Build the same GET for a token."""
    return Call(url=url, headers={"x-ms-host": urlsplit(endpoint).hostname or ""}, method="GET")


def _key(settings: AcsSettings) -> str:
    return parts(settings.connection_string.get_secret_value())[1]


def _proof(key: str, method: str, url: str, body: bytes, now: datetime, host: str = "") -> dict[str, str]:
    """Sign the method, path, date, host and body."""
    place, date = urlsplit(url), http_date(now)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    path = f"{place.path}?{place.query}" if place.query else place.path
    signed = f"{method}\n{path}\n{date};{host or place.netloc};{digest}"
    signature = base64.b64encode(hmac.digest(base64.b64decode(key), signed.encode(), "sha256")).decode()
    return {
        "x-ms-date": date,
        "x-ms-content-sha256": digest,
        "Authorization": f"HMAC-SHA256 SignedHeaders={_SIGNED}&Signature={signature}",
    }


def repeatability(outbound: Outbound, part: int, now: datetime) -> tuple[str, str]:
    """Give the id and the time of a part's first request, the same while the API knows them again.

    What is sent later than that is a request of its own: with the old time it would be refused.
    """
    first = outbound.created_at if now - outbound.created_at < KNOWN_FOR else now
    name = uuid.uuid5(uuid.NAMESPACE_OID, f"{outbound.id}/{part}/{first.isoformat()}")
    return str(name), http_date(first)


def http_date(moment: datetime) -> str:
    """Write a time as RFC 1123 wants it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def refusal(answer: Answer) -> Refused | Unsure:
    """Read an error of the API. Its own sentence is left out: it quotes the number."""
    judged = by_status(NAME, answer)
    if not isinstance(judged, Refused):
        return judged
    code = text(read_answer(answer.body), "error", "code")
    named = code if _CODE.fullmatch(code) else judged.code
    retryable = judged.retryable or answer.status == TOO_LATE
    return Refused(named, _REASONS.get(answer.status, judged.reason), retryable, judged.retry_after)


def person(address: str) -> tuple[str, str]:
    """Give a customer's id, and phone number if it is one: the events spell numbers without their plus."""
    found = _NUMBER.fullmatch(address)
    return (f"+{found[1]}", f"+{found[1]}") if found else (address, "")


def spelled(raw_id: str) -> str:
    """Give a caller's raw id as we write addresses: E.164, `teams:` and a user's id, or as it is."""
    if raw_id.startswith("8:orgid:"):
        return f"teams:{raw_id.removeprefix('8:orgid:').lower()}"
    return raw_id.removeprefix("4:") if raw_id.startswith("4:+") else raw_id


def same_address(one: str, other: str) -> bool:
    """Tell whether two spellings name the same sender of ours."""
    return person(one)[0].lower() == person(other)[0].lower()
