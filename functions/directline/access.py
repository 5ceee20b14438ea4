"""Who calls: the bearer of a conversation's token, or the account's own backend with a secret."""

from functions.directline import tokens
from functions.directline.call import Call
from functions.directline.origins import check
from functions.directline.sessions import Sessions
from functions.directline.tokens import Expired, Grant
from functions.errors import Forbidden, NotAuthentic
from functions.providers.bearer import bearer


async def admit(call: Call, sessions: Sessions) -> Grant:
    """Give what the caller may do in the conversation of the path, or of the token where it names none.

    Raises NotAuthentic, Expired, Forbidden, or NotFound for a secret's conversation that is not there.
    """
    given, now = bearer(call.request.headers), call.request.received_at
    named = call.parameters.get("conversation")
    if named and tokens.is_secret(call.account, given):
        check(call.request, call.account)
        return (await sessions.get(call.account.id, named)).grant(now)
    grant = tokens.read(call.account, given)
    check(call.request, call.account, grant.origins)
    if grant.expires <= now:
        raise Expired("the token has expired")
    if named and named != grant.conversation:
        raise Forbidden("the token is for another conversation")
    return grant


def by_secret(call: Call) -> bool:
    """Tell whether a secret of the account was given; raises NotAuthentic when nothing was."""
    return tokens.is_secret(call.account, bearer(call.request.headers))


def admit_backend(call: Call) -> None:
    """Pass the account's own backend; raises NotAuthentic for anybody else."""
    if not by_secret(call):
        raise NotAuthentic("this needs a secret of the account")
    check(call.request, call.account)
