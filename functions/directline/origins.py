"""Which pages' scripts may call (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).

A preflight has no token, and a token may bring origins of its own: so every preflight is let through, and
the call itself is judged. No cookies are used: what a page cannot name in a header it cannot use.
"""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from functions.channels.chat import ChatSettings
from functions.channels.contract import Account, Request, Response
from functions.errors import Forbidden

EXPOSED = "ETag, Retry-After, X-Poll-Interval"
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type, x-ms-bot-agent, x-requested-with",
    "Access-Control-Max-Age": "86400",
}
ORIGIN = "origin"


class OriginRefused(Forbidden):
    """The page that calls is none of those that may."""

    code = "OriginNotAllowed"


def own(account: Account[ChatSettings]) -> str:
    """Give the origin of our own pages."""
    parts = urlsplit(account.callback)
    return f"{parts.scheme}://{parts.netloc}".lower()


def check(request: Request, account: Account[ChatSettings], granted: Iterable[str] = ()) -> None:
    """Pass what comes from no browser, from our own page, or from an allowed one; raises OriginRefused.

    `granted`: the origins of the token, in place of the account's.
    """
    origin = request.headers.get(ORIGIN, "").lower()
    allowed = {own(account), *(tuple(granted) or account.settings.allowed_origins)}
    if origin and origin not in allowed:
        raise OriginRefused("this page may not open the chat: its origin is not among the allowed ones")


def preflight(request: Request) -> Response:
    """Answer an OPTIONS call."""
    return shared(request, Response(204, headers=PREFLIGHT))


def shared(request: Request, response: Response) -> Response:
    """Let the calling page read an answer."""
    origin = request.headers.get(ORIGIN, "")
    varied = response.headers.get("Vary")
    headers = {**response.headers, "Vary": f"{varied}, Origin" if varied else "Origin"}
    if origin.isascii() and origin:  # a browser's always is; in an answer's header nothing else can stand
        headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}
    return replace(response, headers=headers)
