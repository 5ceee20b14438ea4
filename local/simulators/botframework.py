"""The Bot Framework's stand-in for Teams: its connector, its keys, and webhooks signed with them.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference. A person's
chat has the person's own id for its name, and the connector's path is the service URL.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from aiohttp import web

from functions.providers.payload import child, children, read_answer, text
from local.simulators import entra
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest, Words, setting
from local.simulators.state import Behaviour, Registered, Taken

CHANNEL = "msteams"
ISSUER = "https://api.botframework.com"
SCOPE = "https://api.botframework.com"
KID = "local-bot-framework"
_last = 0


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, {"error": {"code": code, "message": message}}, headers or {})


class BotFramework:
    """Takes activities with a token of Entra ID's stand-in; tells that the customer read them."""

    name = "botframework"
    path = "/v3/conversations/{conversation}/activities{reply:(/[^/]+)?}"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: _error(429, "TooManyRequests", "Too many messages for bot", {"Retry-After": "1"}),
        Behaviour.ERROR: _error(500, "ServiceError", "Internal error"),
        Behaviour.PERMANENT: _error(
            403, "MessageWritesBlocked", "User blocked the conversation with the bot."
        ),
    }

    async def read(self, request: web.Request) -> Taken:
        """Read an activity; raises Rejected with the connector's codes."""
        _check_token(request.headers.get("Authorization", "").removeprefix("Bearer "))
        content = child(read_answer(await request.read()))
        files = [
            text(one, "contentUrl") or text(one, "contentType") for one in children(content, "attachments")
        ]
        typing = content.get("type") == "typing"
        if not typing and (content.get("type") != "message" or not (content.get("text") or files)):
            raise Rejected(_error(400, "BadSyntax", "Activity must have a text or attachments"))
        base = f"{request.url.origin()}{request.path.partition('/v3/')[0]}/"
        return Taken(
            provider="botframework",
            account=_account(request),
            id=_stamp(),
            recipient=request.match_info["conversation"],
            text=text(content, "text"),
            attachments=tuple(files),
            typing=typing,
            content={**content, "serviceUrl": base},
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer with the activity's id."""
        return Reply(201, {"id": taken.id})

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell that it was read; a bot is told nothing of the way there."""
        if not registered.callback:
            return []
        base = text(taken.content, "serviceUrl")
        activity = {
            **_activity("event", taken.recipient, "", base, registered.secret, taken.account),
            "name": "application/vnd.microsoft.readReceipt",
            "value": {"lastReadMessageId": taken.id},
        }
        return [_signed(registered.callback, taken.account, activity)]


def routes() -> list[web.RouteDef]:
    """Serve the keys, with what Microsoft says of them."""
    return [
        web.get("/botframework/v1/.well-known/openidconfiguration", _metadata),
        web.get("/botframework/v1/.well-known/keys", _keys),
    ]


def compose(settings: Mapping[str, Any], callback: str, words: Words) -> SignedRequest:
    """Sign a person's message in their chat with the bot; a medium is a picture in it."""
    base, app = setting(settings, "api_base").rstrip("/") + "/", setting(settings, "app_id")
    tenant = setting(settings, "tenant_id")
    activity = _activity("message", words.sender, words.name, base, tenant, app)
    activity |= {"text": words.text, "textFormat": "plain"}
    if words.id:
        activity["id"] = words.id
    if words.media:
        activity["attachments"] = [{"contentType": "image/*", "contentUrl": url} for url in words.media]
    return _signed(callback, app, activity)


def _activity(kind: str, person: str, name: str, base: str, tenant: str, app: str) -> dict[str, Any]:
    return {
        "type": kind,
        "id": _stamp(),
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "serviceUrl": base,
        "channelId": CHANNEL,
        "from": {"id": person, "name": name} if name else {"id": person},
        "conversation": {"id": person, "conversationType": "personal", "tenantId": tenant},
        "recipient": {"id": f"28:{app}"},
        "channelData": {"tenant": {"id": tenant}},
        "locale": "fi-FI",
    }


def _signed(callback: str, app: str, activity: Mapping[str, Any]) -> SignedRequest:
    now = datetime.now(UTC)
    claims = {
        "iss": ISSUER,
        "aud": app,
        "serviceurl": activity["serviceUrl"],
        "nbf": now,
        "exp": now + timedelta(hours=1),
    }
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Authorization": f"Bearer {jwt.encode(claims, entra.KEY, 'RS256', {'kid': KID})}",
    }
    return SignedRequest(callback, headers, json.dumps(activity, ensure_ascii=False).encode())


def _stamp() -> str:
    """Give the next id: a moment in milliseconds, as Teams has them, and never the same twice."""
    global _last  # noqa: PLW0603
    _last = max(_last + 1, int(datetime.now(UTC).timestamp() * 1000))
    return str(_last)


def _check_token(token: str) -> None:
    try:
        good = entra.claims(token)["aud"] == SCOPE
    except jwt.PyJWTError:
        good = False
    if not good:
        raise Rejected(Reply(401, {"message": "Authorization has been denied for this request."}))


def _account(request: web.Request) -> str:
    return str(entra.claims(request.headers["Authorization"].removeprefix("Bearer "))["appid"])


async def _metadata(request: web.Request) -> web.Response:
    base = f"{request.url.origin()}/botframework"
    content = {
        "issuer": ISSUER,
        "jwks_uri": f"{base}/v1/.well-known/keys",
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    return web.json_response(content)


async def _keys(_: web.Request) -> web.Response:
    return web.json_response({"keys": [{**entra.jwk(KID), "endorsements": [CHANNEL, "webchat"]}]})
