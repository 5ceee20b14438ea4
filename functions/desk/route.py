"""One route of the desk API, and the steps that every call of it takes.

    size → who calls → query and body → handler → reply

A caller without the role learns nothing about the body's faults: authorisation comes before parsing.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, get_args, get_type_hints
from urllib.parse import parse_qsl

from pydantic import ValidationError

from functions.channels.contract import Request, Response
from functions.configuration.yaml_text import LARGEST
from functions.desk.call import (
    BodyT,
    Call,
    Caller,
    File,
    JsonLines,
    Nothing,
    QueryT,
    Reply,
    Role,
    Streamed,
    ValueT,
    Yaml,
)
from functions.desk.problems import breakdown, faulty, refusal
from functions.desk.tokens import Authority
from functions.errors import Invalid, MonikanavaError, TooLarge
from functions.services import Services

BODY_LIMIT = 1_000_000
PREFIX = "/api/"
# Answers hold customers' words: no cache may keep them, and no browser may take them for a page.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
YAML = "application/yaml"
JSON_LINES = "application/x-ndjson"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Header:
    """A request header that a handler reads."""

    name: str
    required: bool
    meaning: str
    limit: int | None = None  # characters


@dataclass(frozen=True, slots=True)
class Route(Generic[QueryT, BodyT, ValueT]):
    """A function of the API. `path` is a template under /api; without a `role` anybody may call.

    The rest of the row is the handler's: its name, its docstring's first line, and its annotations.
    """

    method: str
    path: str
    role: Role | None
    handler: Callable[[Call[QueryT, BodyT], Services], Awaitable[Reply[ValueT]]]
    statuses: tuple[int, ...] = (200,)  # of success
    headers: tuple[Header, ...] = ()
    media: str = JSON  # of the reply, when it is not YAML
    name: str = field(init=False)
    summary: str = field(init=False)
    query: type[QueryT] = field(init=False)
    body: type[BodyT] = field(init=False)
    reply: type[ValueT] = field(init=False)

    def __post_init__(self) -> None:
        hints = get_type_hints(self.handler)
        query, body = get_args(hints["call"])
        (reply,) = get_args(hints["return"])
        summary = (self.handler.__doc__ or "").partition("\n")[0].rstrip(".")
        row = {"name": self.handler.__name__, "summary": summary}
        for name, value in {**row, "query": query, "body": body, "reply": reply}.items():
            object.__setattr__(self, name, value)

    async def answer(
        self,
        request: Request,
        parameters: Mapping[str, str],
        services: Callable[[], Awaitable[Services]],
        authority: Authority,
    ) -> Response:
        """Answer one call; nothing is raised."""
        path = request.url.partition("?")[0]
        try:
            call = await self._call(request, path, parameters, authority)
            reply = await self.handler(call, await services())
            return self._written(reply, request.headers.get("accept", ""))
        except MonikanavaError as error:
            return _guarded(refusal(error, path))
        except Exception as error:
            return _guarded(breakdown(error))

    async def _call(
        self, request: Request, path: str, parameters: Mapping[str, str], authority: Authority
    ) -> Call[QueryT, BodyT]:
        limit = LARGEST if issubclass(self.body, Yaml) else BODY_LIMIT
        if len(request.body) > limit:
            raise TooLarge(f"the body is over {limit:,} bytes")
        caller = Caller()
        if self.role is not None:
            caller = await authority.admit(request.headers.get("authorization", ""), self.role)
        return Call(
            caller=caller,
            path=path,
            parameters=parameters,
            headers=request.headers,
            query=self._query(request.query),
            body=self._body(request.body),
            received_at=request.received_at,
        )

    def _query(self, query: str) -> QueryT:
        try:
            return self.query.model_validate(dict(parse_qsl(query)))
        except ValidationError as error:
            raise faulty("query", error) from error

    def _body(self, body: bytes) -> BodyT:
        try:
            if issubclass(self.body, Yaml | JsonLines):
                return self.body(text=body.decode())
            said = b"{}" if self.body is Nothing or not body else body
            # Strict: "5" is no number, 1 no truth. No body at all leaves everything out.
            return self.body.model_validate_json(said, strict=True)
        except ValidationError as error:
            raise faulty("body", error) from error
        except UnicodeDecodeError as error:
            raise Invalid(f"the body is not UTF-8 at byte {error.start}") from error

    def _written(self, reply: Reply[Any], accept: str) -> Response:
        value = reply.value
        if isinstance(value, Nothing):
            return _guarded(Response(reply.status, headers=reply.headers))
        if isinstance(value, Yaml):
            return _guarded(Response(reply.status, value.text, YAML, reply.headers))
        if isinstance(value, File):
            return _guarded(Response(reply.status, value.content, value.content_type, reply.headers))
        if isinstance(value, Streamed) and EVENT_STREAM in accept:
            return _guarded(Response(reply.status, value.event_stream(), EVENT_STREAM, reply.headers))
        body = value.model_dump_json(by_alias=True)
        return _guarded(Response(reply.status, body, self.media, reply.headers))


def _guarded(response: Response) -> Response:
    headers = {**HEADERS, **response.headers}
    return Response(response.status, response.body, response.content_type, headers)
