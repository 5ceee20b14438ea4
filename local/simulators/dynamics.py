"""The webhook of an integration that was made for Dynamics' Messaging API: it takes agents' activities."""

from collections.abc import Mapping

import jwt
from aiohttp import web

from functions.providers.payload import child, children, read_answer, text
from local.simulators import entra
from local.simulators.provider import Rejected, Reply
from local.simulators.signed import SignedRequest
from local.simulators.state import Behaviour, Registered, Taken


class Dynamics:
    """Takes activities with a token that is for the application that it comes from."""

    name = "dynamics"
    path = "/v3/conversations/{conversation}/activities"
    refusals: Mapping[Behaviour, Reply] = {
        Behaviour.TOO_MANY: Reply(429, {}, {"Retry-After": "1"}),
        Behaviour.ERROR: Reply(500, {}),
        Behaviour.PERMANENT: Reply(403, {}),
    }

    async def read(self, request: web.Request) -> Taken:
        """Check the token, and read the activity."""
        app = _app(request.headers.get("Authorization", "").removeprefix("Bearer "))
        content = child(read_answer(await request.read()))
        if text(content, "conversation", "id") != request.match_info["conversation"]:
            raise Rejected(Reply(400, {}))
        return Taken(
            provider="dynamics",
            account=app,
            id=text(content, "id"),
            recipient=text(content, "recipient", "id"),
            text=text(content, "text"),
            attachments=tuple(text(one, "contentUrl") for one in children(content, "attachments")),
            typing=text(content, "type") == "typing",
            content=content,
            key=text(content, "id"),
        )

    def accepted(self, taken: Taken) -> Reply:
        """Answer 200; there is nothing to say."""
        return Reply(200, {})

    def news(self, taken: Taken, registered: Registered) -> list[SignedRequest]:
        """Tell nothing."""
        return []


def _app(token: str) -> str:
    try:
        told = entra.claims(token)
    except jwt.PyJWTError:
        raise Rejected(Reply(401, {})) from None
    if told["aud"] != told["appid"]:
        raise Rejected(Reply(401, {}))
    return str(told["appid"])
