"""Starting a conversation and staying in it: tokens, start, reconnection.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-direct-line-3-0-authentication and
…-start-conversation, …-reconnect-to-conversation.
"""

from dataclasses import replace

from pydantic import JsonValue

from functions.channels.contract import Response
from functions.directline.access import admit, admit_backend, by_secret
from functions.directline.activities import Watermark
from functions.directline.call import Call, Ended, answered
from functions.directline.connecting import stream_url
from functions.directline.context import known, read_context
from functions.directline.sessions import Session, Sessions, conversation_of, new_user
from functions.directline.tokens import Grant, write
from functions.errors import Invalid
from functions.providers.payload import children, text

BODY_LIMIT = 512 * 1024
USER_LIMIT, NAME_LIMIT, LOCALE_LIMIT = 100, 200, 35
ORIGINS = 10  # trusted ones of a token


class Starting:
    """The endpoints with which conversations begin."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def generate(self, call: Call) -> Response:
        """Make a token for a user whom the account's backend names; nothing is started yet."""
        admit_backend(call)
        session = await self._open(call, call.json(BODY_LIMIT), started=False)
        return answered(opened(call, session.grant(call.request.received_at)))

    async def refresh(self, call: Call) -> Response:
        """Give another token for the same conversation and user."""
        grant = await admit(call, self._sessions)
        return answered(opened(call, _renewed(call, grant)))

    async def start(self, call: Call) -> Response:
        """Start a conversation: of the token, or a new one for the account's backend."""
        now = call.request.received_at
        if by_secret(call):
            admit_backend(call)
            session = await self._open(call, call.json(BODY_LIMIT), started=True)
            return await streamed(call, session.grant(now), status=201)
        admitted = await admit(call, self._sessions)
        locale = short(call.json(BODY_LIMIT), LOCALE_LIMIT, "locale")
        session, first = await self._sessions.start(call.account.id, admitted.conversation, locale)
        grant = replace(session.grant(now), since=admitted.since)
        return await streamed(call, _renewed(call, grant), status=201 if first else 200)

    async def reconnect(self, call: Call) -> Response:
        """Give what a client needs to go on after its watermark; raises Ended when there is nothing more."""
        grant = await admit(call, self._sessions)
        watermark = call.request.parameters().get("watermark", "")
        if Watermark.read(watermark).ended:
            raise Ended("the conversation is over")
        return await streamed(call, _renewed(call, grant), watermark)

    async def _open(self, call: Call, body: dict[str, JsonValue], *, started: bool) -> Session:
        user = short(body, USER_LIMIT, "user", "id") or new_user()
        if not user.startswith("dl_"):
            raise Invalid("a user's id begins with dl_")
        context = read_context(body.get("context"))
        named = known(context)
        session = Session(
            conversation=conversation_of(call.account, user),
            user=user,
            name=short(body, NAME_LIMIT, "user", "name") or named.get("name", ""),
            phone=named.get("phone", ""),
            email=named.get("email", ""),
            locale=short(body, LOCALE_LIMIT, "locale"),
            context=context,
            origins=_origins(body),
            started=started,
            created_at=call.request.received_at,
        )
        return await self._sessions.open(call.account.id, session)


async def streamed(call: Call, grant: Grant, watermark: str = "", status: int = 200) -> Response:
    """Give the same with the address of the stream, where there is push."""
    url = await stream_url(call, grant, watermark)
    return answered({**opened(call, grant), **({"streamUrl": url} if url else {})}, status)


def _renewed(call: Call, grant: Grant) -> Grant:
    return grant.renewed(call.request.received_at, call.account.settings.persistent)


def opened(call: Call, grant: Grant) -> dict[str, JsonValue]:
    """Give the answer of every endpoint here."""
    return {
        "conversationId": grant.conversation,
        "token": write(call.account, grant),
        "expires_in": int((grant.expires - call.request.received_at).total_seconds()),
    }


def short(body: JsonValue, limit: int, *path: str) -> str:
    """Give a text of the body; raises Invalid when it is over `limit` characters."""
    found = text(body, *path)
    if len(found) > limit:
        raise Invalid(f"{'.'.join(path)} is over {limit} characters")
    return found


def _origins(body: JsonValue) -> tuple[str, ...]:
    found = children(body, "trustedOrigins")
    if len(found) > ORIGINS or any(not isinstance(one, str) or len(one) > 200 for one in found):
        raise Invalid(f"trustedOrigins are at most {ORIGINS} origins")
    return tuple(str(one).rstrip("/").lower() for one in found)
