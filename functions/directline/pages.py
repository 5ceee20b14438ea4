"""The chat page, the embed script and what they load: what `web/` was built into, served by the app itself.

The page may run the scripts of this app and nothing else (https://www.w3.org/TR/CSP3/); the style nonce is
for Web Chat, which makes its styles while it runs. Only the account's origins, and ours, may frame it.
"""

import json
import re
import secrets
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import JsonValue

from functions.channels.chat import ChatSettings
from functions.channels.contract import Account, Request, Response
from functions.errors import NotFound, Unavailable

DIST = Path(__file__).parents[2] / "web" / "dist"
TYPES: Mapping[str, str] = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
}
HASHED = re.compile(r"[a-z]+-[A-Z0-9]{8}\.(js|css)(\.LEGAL\.txt)?")
WIDGET = "widget.js"
FOREVER = "public, max-age=31536000, immutable"
SOON = "public, max-age=300"  # seconds until a new embed script is everywhere
# Part of Web Chat (react-scroll-to-bottom) is not told the nonce: it fills an empty <style> by script.
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
GUARDED = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin-when-cross-origin"}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{base}/assets/{style}" nonce="{nonce}">
<script type="module" src="{base}/assets/{script}"></script>
</head>
<body {data}>
<noscript>
<p lang="fi">Keskustelu tarvitsee JavaScriptin.</p>
<p lang="sv">Chatten behöver JavaScript.</p>
<p lang="en">The chat needs JavaScript.</p>
</noscript>
</body>
</html>
"""


def answer(request: Request, account: Account[ChatSettings]) -> Response | None:
    """Answer a GET of the page, the script or an asset; None for what is none of these.

    Raises NotFound for an asset that this build does not have, and Unavailable before `web/` is built.
    """
    if request.method != "GET":
        return None
    if not request.rest:
        return _page(account)
    if request.rest == WIDGET:
        return _file(request, WIDGET, SOON)
    folder, _, name = request.rest.partition("/")
    if folder != "assets":
        return None
    if not HASHED.fullmatch(name):
        raise NotFound("there is no such asset")
    return _file(request, name, FOREVER)


def _page(account: Account[ChatSettings]) -> Response:
    nonce = secrets.token_urlsafe(18)
    built = _manifest(_stamp())
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in _data(account).items())
    html = PAGE.format(
        title=escape(account.settings.title),
        base=escape(_base(account)),
        style=built["style.css"],
        script=built["chat.js"],
        nonce=nonce,
        data=data,
    )
    headers = {**GUARDED, "Content-Security-Policy": policy(account, nonce), "Cache-Control": "no-store"}
    return Response(200, html, "text/html; charset=utf-8", headers)


def policy(account: Account[ChatSettings], nonce: str) -> str:
    """Give the page's content security policy.

    Sockets may go anywhere by TLS, for a push service is at an address of its own; so may the pictures that
    agents send by their URL.
    """
    plain = " ws:" if account.callback.startswith("http:") else ""
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' 'nonce-{nonce}' {EMPTY_STYLE}",
        "img-src": "'self' https: data: blob:",
        "media-src": "'self' https: blob:",
        "connect-src": f"'self' blob: wss:{plain}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": " ".join(("'self'", *account.settings.allowed_origins)),
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _data(account: Account[ChatSettings]) -> dict[str, str]:
    """Give what the page's script is to know."""
    settings = account.settings
    survey: list[JsonValue] = [
        question.model_dump(mode="json", by_alias=True) for question in settings.survey
    ]
    return {
        "account": account.id,
        "base": _base(account),
        "title": settings.title,
        "survey": json.dumps(survey, ensure_ascii=False),
        "persistent": "true" if settings.persistent else "false",
    }


def _base(account: Account[ChatSettings]) -> str:
    return urlsplit(account.callback).path


def _file(request: Request, name: str, cache: str) -> Response:
    content = _content(name, _stamp())
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {**GUARDED, "Cache-Control": cache, "ETag": tag, "Vary": "Accept-Encoding"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(304, headers=headers)
    kind = TYPES[name.rpartition(".")[2]]
    if "gzip" in request.headers.get("accept-encoding", ""):
        zipped = _content(f"{name}.gz", _stamp())
        return Response(200, zipped, kind, {**headers, "Content-Encoding": "gzip"})
    return Response(200, content, kind, headers)


def _stamp() -> int:
    """Tell when the build was made, so that what is kept in memory is of this one."""
    try:
        return (DIST / "manifest.json").stat().st_mtime_ns
    except FileNotFoundError:
        raise Unavailable("the chat page is not built: `make web` builds it", retry_after=60) from None


@lru_cache(maxsize=1)
def _manifest(stamp: int) -> Mapping[str, str]:
    found: dict[str, str] = json.loads((DIST / "manifest.json").read_bytes())
    return found


@lru_cache(maxsize=16)
def _content(name: str, stamp: int) -> bytes:
    try:
        return (DIST / name).read_bytes()
    except FileNotFoundError:
        raise NotFound("there is no such asset") from None
