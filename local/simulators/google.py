"""Google's stand-in for RCS: https://developers.google.com/business-communications/rcs-business-messaging."""

import hmac
import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiohttp import web
from pydantic import JsonValue

from functions.providers.payload import children, read_answer, text
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _error(code: int, status: str, message: str) -> Reply:
    return Reply(code, {"error": {"code": code, "message": message, "status": status}})


class Google:
    """Takes an agent's messages, once for each message id; tells of delivery and reading. Gives tokens."""

    name = "google"
    path = "/v1/phones/{phone}/{what:agentMessages|agentEvents}"
    token_path = "/token"  # noqa: S105 (a path)
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: _error(429, "RESOURCE_EXHAUSTED", "Quota exceeded"),
        Behaviour.ERROR: _error(500, "INTERNAL", "Internal error encountered."),
        Behaviour.PERMANENT: _error(404, "NOT_FOUND", "Requested entity was not found."),
    }

    def __init__(self) -> None:
        self._tokens: set[str] = set()

    async def give(self, request: web.Request) -> Reply:
        """Give an access token for an assertion, whose signature is not checked here."""
        form = await request.post()
        if form.get("grant_type") != GRANT or str(form.get("assertion", "")).count(".") != 2:
            return Reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT."})
        token = "ya29." + secrets.token_urlsafe(24)
        self._tokens.add(token)
        return Reply(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    async def read(self, request: web.Request) -> Taken:
        """Read the JSON; raises Rejected with Google's codes."""
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            raise Rejected(_error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."))
        content = read_answer(await request.read())
        if request.match_info["what"] == "agentEvents":
            return _typing(request, content)
        said = text(content, "contentMessage", "text")
        file = text(content, "contentMessage", "contentInfo", "fileUrl")
        _check(request, said, file, len(children(content, "contentMessage", "suggestions")))
        return Taken(
            provider="google",
            account=request.query["agentId"],
            id=request.query["messageId"],
            recipient=request.match_info["phone"],
            text=said,
            attachments=(file,) if file else (),
            content=content,
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer with the message's name."""
        what = "agentEvents" if taken.typing else "agentMessages"
        return Reply(200, {"name": f"phones/{taken.recipient}/{what}/{taken.id}", "sendTime": _now()})

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell that it was delivered, then read."""
        facts = {
            "senderPhoneNumber": taken.recipient,
            "agentId": f"{taken.account}@rbm.goog",
            "messageId": taken.id,
        }
        return [
            _signed(
                registered.callback,
                registered.secret,
                {**facts, "eventType": state, "eventId": str(uuid4()), "sendTime": _now()},
            )
            for state in ("DELIVERED", "READ")
            if registered.callback
        ]


def _typing(request: web.Request, content: JsonValue) -> Taken:
    query = request.query
    if not query.get("eventId") or not query.get("agentId") or text(content, "eventType") != "IS_TYPING":
        raise Rejected(_error(400, "INVALID_ARGUMENT", "Invalid agent event"))
    return Taken(
        provider="google",
        account=query["agentId"],
        id=query["eventId"],
        recipient=request.match_info["phone"],
        typing=True,
        content=content,
    )


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign an incoming message; a medium makes it a file, which says the text beside."""
    content: dict[str, Any] = {
        "senderPhoneNumber": words.sender,
        "messageId": words.id or "Mx" + secrets.token_urlsafe(16),
        "agentId": f"{setting(settings, 'agent_id')}@rbm.goog",
        "sendTime": _now(),
    }
    if words.text:
        content["text"] = words.text
    if words.media:
        content["userFile"] = {"payload": {"mimeType": "image/jpeg", "fileUri": words.media[0]}}
    return _signed(callback, setting(settings, "client_token"), content)


def handshake(settings: Mapping[str, Any], callback: str) -> SignedRequest:
    """Ask for the webhook's proof, as saving it in the console does."""
    content = {"clientToken": setting(settings, "client_token"), "secret": "1234567890"}
    return SignedRequest(callback, {"Content-Type": "application/json"}, json.dumps(content).encode())


def _signed(url: str, secret: str, content: Mapping[str, Any]) -> SignedRequest:
    data = json.dumps(content, ensure_ascii=False).encode()
    envelope = {
        "message": {
            "attributes": {"business_id": "rbm", "product": "RBM", "type": "message"},
            "data": b64encode(data).decode(),
            "messageId": str(secrets.randbelow(10**16)),
            "publishTime": _now(),
        },
        "subscription": "projects/rbm-webhook/subscriptions/rbm",
    }
    signature = b64encode(hmac.digest(secret.encode(), data, "sha512")).decode()
    headers = {"Content-Type": "application/json", "X-Goog-Signature": signature, "User-Agent": "APIs-Google"}
    return SignedRequest(url, headers, json.dumps(envelope).encode())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")  # nine digits, as Google writes them


def _check(request: web.Request, said: str, file: str, suggestions: int) -> None:
    if not request.query.get("messageId") or not request.query.get("agentId"):
        raise Rejected(_error(400, "INVALID_ARGUMENT", "messageId and agentId are needed"))
    if bool(said) == bool(file) or len(said) > 3072 or suggestions > 11:
        raise Rejected(_error(400, "INVALID_ARGUMENT", "Invalid content message"))
