"""Apple's stand-in for Messages for Business: https://register.apple.com/resources/messages/msp-rest-api."""

import gzip
import hmac
import json
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from aiohttp import web

from functions.providers.payload import at, children, read_answer, text
from local.simulators.media import APPLE_KEY, PICTURE
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken


class Apple:
    """Takes a business's messages; there is no news of them. A text that is a link is a file's."""

    name = "apple"
    path = "/v1/message"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: Reply(429, {}, {"Retry-After": "1"}),
        Behaviour.ERROR: Reply(500, {}),
        Behaviour.PERMANENT: Reply(404, {}),
    }

    async def read(self, request: web.Request) -> Taken:
        """Read the JSON; raises Rejected for what the gateway would refuse."""
        if request.headers.get("Authorization", "").count(".") != 2:
            raise Rejected(Reply(401, {}))
        content = read_answer(await request.read())
        ends = [text(content, "sourceId"), text(content, "destinationId"), text(content, "id")]
        if ends != [request.headers.get(name, "") for name in ("Source-Id", "Destination-Id", "id")]:
            raise Rejected(Reply(400, {}))
        reply = at(content, "interactiveData", "data", "quick-reply")
        said = text(content, "body") or text(reply, "summaryText")
        if not all(ends) or not said or len(children(reply, "items")) not in (0, 2, 3, 4, 5):
            raise Rejected(Reply(400, {}))
        link = said.startswith("https://")
        return Taken(
            provider="apple",
            account=ends[0],
            id=ends[2],
            recipient=ends[1],
            text="" if link else said,
            attachments=(said,) if link else (),
            content=content,
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer 200, without a word."""
        return Reply(200, {})

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell nothing: Apple does not."""
        return []


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming message, gzipped as Apple's are."""
    name, business = words.id or str(uuid4()), setting(settings, "business_id")
    content = {
        "v": 1,
        "type": "text",
        "id": name,
        "sourceId": words.sender,
        "destinationId": business,
        "body": words.text + "\ufffc" * len(words.media),
        "locale": "fi_FI",
    }
    if words.media:
        content["attachments"] = [_file(url) for url in words.media]
    headers = {
        "Authorization": f"Bearer {_token(settings)}",
        "id": name,
        "source-id": words.sender,
        "destination-id": business,
        "capability-list": "QUICK,LIST,TIME",
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    return SignedRequest(f"{callback}/message", headers, gzip.compress(json.dumps(content).encode(), mtime=0))


def _file(url: str) -> dict[str, Any]:
    return {
        "name": "1.png",
        "mimeType": "image/png",
        "size": str(len(PICTURE)),
        "url": url,
        "owner": "urn:owner:" + quote(url, safe=""),
        "key": APPLE_KEY,
        "signature-base64": "c2lnbmF0dXJl",
    }


def _token(settings: Mapping[str, Any]) -> str:
    claims = {"aud": setting(settings, "msp_id"), "iat": int(time.time())}
    parts = (json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signed = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    proof = hmac.digest(b64decode(setting(settings, "api_secret")), signed, "sha256")
    return (signed + b"." + urlsafe_b64encode(proof).rstrip(b"=")).decode()
