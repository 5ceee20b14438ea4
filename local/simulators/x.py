"""X's stand-in: https://docs.x.com/x-api/direct-messages/manage/introduction and the X Activity API."""

import hmac
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from functions.providers.payload import read_answer, text
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken


def _problem(status: int, title: str, **headers: str) -> Reply:
    content = {"title": title, "type": "about:blank", "status": status, "detail": title}
    return Reply(status, content, headers)


class X:
    """Takes a user's direct messages; tells when they were read."""

    name = "x"
    path = "/2/dm_conversations/with/{participant}/messages"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: _problem(429, "Too Many Requests", **{"Retry-After": "1"}),
        Behaviour.ERROR: _problem(500, "Internal Server Error"),
        Behaviour.PERMANENT: _problem(403, "You cannot send messages to this user."),
    }

    async def read(self, request: web.Request) -> Taken:
        """Read the JSON; raises Rejected with X's problems."""
        user = _user(request.headers.get("Authorization", ""))
        content = read_answer(await request.read())
        said = text(content, "text")
        if not 1 <= len(said) <= 10_000:
            raise Rejected(_problem(400, "Invalid Request"))
        return Taken(
            provider="x",
            account=user,
            id=str(time.time_ns()),
            recipient=request.match_info["participant"],
            text=said,
            content=content,
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer 201 with the conversation and the event."""
        ends = "-".join(sorted((taken.account, taken.recipient)))
        return Reply(201, {"data": {"dm_conversation_id": ends, "dm_event_id": taken.id}})

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell that the recipient read it."""
        read = {
            "created_timestamp": _now(),
            "sender_id": taken.recipient,
            "target": {"recipient_id": taken.account},
            "last_read_event_id": taken.id,
        }
        content = _envelope("dm.read", taken.account, {"direct_message_mark_read_events": [read]})
        signed = _signed(registered.callback, content, {"": registered.secret})
        return [signed] if registered.callback else []


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming text, escaped as X does."""
    user = setting(settings, "user_id")
    data = {"text": escape(words.text, quote=False), "entities": {"urls": []}}
    create = {"target": {"recipient_id": user}, "sender_id": words.sender, "message_data": data}
    event = {
        "type": "message_create",
        "id": words.id or str(time.time_ns()),
        "created_timestamp": _now(),
        "message_create": create,
    }
    person = {"id": words.sender, "name": words.name or "Customer", "screen_name": "customer"}
    payload = {"direct_message_events": [event], "users": {words.sender: person}}
    keys = {"": setting(settings, "consumer_secret"), "-OAuth2": setting(settings, "client_secret")}
    return _signed(callback, _envelope("dm.received", user, payload), keys)


def handshake(settings: Mapping[str, Any], callback: str) -> SignedRequest:
    """Ask for the proof, as X does at the start and every hour."""
    return SignedRequest(f"{callback}?{urlencode({'crc_token': secrets.token_urlsafe(24)})}", {}, b"", "GET")


def _envelope(kind: str, user: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    uuid = str(secrets.randbits(63) - 2**62)
    return {"data": {"event_uuid": uuid, "filter": {"user_id": user}, "event_type": kind, "payload": payload}}


def _signed(url: str, content: Mapping[str, Any], keys: Mapping[str, str]) -> SignedRequest:
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    for name, key in keys.items():
        signature = b64encode(hmac.digest(key.encode(), body, "sha256")).decode()
        headers[f"X-Twitter-Webhooks-Signature{name}"] = f"sha256={signature}"
    return SignedRequest(url, headers, body)


def _user(authorization: str) -> str:
    """A user's access token begins with the user's id."""
    scheme, _, rest = authorization.partition(" ")
    pairs = dict(parse_qsl(rest.replace(", ", "&").replace('"', "")))
    user = pairs.get("oauth_token", "").partition("-")[0]
    if scheme != "OAuth" or not user.isdigit() or not pairs.get("oauth_signature"):
        raise Rejected(_problem(401, "Unauthorized"))
    return user


def _now() -> str:
    return str(time.time_ns() // 1_000_000)
