"""`func.HttpRequest` and `func.HttpResponse` ↔ the host-neutral request and response.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger. `params` of the
host is decoded and drops what is empty; signatures need the raw query, which only `url` still holds.
"""

from datetime import datetime
from urllib.parse import quote

import azure.functions as func

from functions.channels.contract import Request, Response

NOSNIFF = {"X-Content-Type-Options": "nosniff"}


def to_request(request: func.HttpRequest, received_at: datetime, url: str = "", rest: str = "") -> Request:
    """Take a request as it came: every byte of the body, the raw query, header names in lower case.

    `url` is the public one where a signature covers it; without it, it is the path that was called. `rest` is
    what the route's catch-all took.
    """
    called, _, query = request.url.partition("?")
    return Request(
        method=request.method,
        url=url or _path(called),
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.get_body(),
        received_at=received_at,
        rest=rest.strip("/"),
    )


def to_http(response: Response) -> func.HttpResponse:
    """Give an answer to the host; no browser may take it for anything but what it says it is."""
    headers = {**NOSNIFF, **response.headers, "Content-Type": response.content_type}
    body = response.body.encode() if isinstance(response.body, str) else response.body
    return func.HttpResponse(body, status_code=response.status, headers=headers)


def _path(url: str) -> str:
    """Cut scheme and host off. The host has unescaped the path: it is escaped again."""
    path = "/" + url.partition("://")[2].partition("/")[2] if "://" in url else url
    return quote(path, safe="/%:@!$&'()*+,;=~")
