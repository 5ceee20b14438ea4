"""Refusals as problem documents (RFC 9457), and the causes of a refused body or query.

What was sent is never repeated in a problem: it may hold a secret or a customer's words.
"""

import logging
import traceback
from http import HTTPStatus
from types import TracebackType
from uuid import uuid4

from pydantic import ValidationError

from functions.channels.contract import Response
from functions.configuration.problem import InvalidDocument, Problem
from functions.errors import Invalid, MonikanavaError, NotAuthentic, Unavailable
from functions.message import Model

CONTENT_TYPE = "application/problem+json"
log = logging.getLogger("monikanava.desk")


class ProblemDetails(Model):
    """A refusal. `type` ends in the short code; `instance` is the path, or names the log entry of a 500."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: tuple[Problem, ...] = ()


class Faulty(Invalid):
    """A request that breaks the API's description; `errors` names every place where it does."""

    def __init__(self, reason: str, errors: tuple[Problem, ...]) -> None:
        super().__init__(reason)
        self.errors = errors


def faulty(what: str, error: ValidationError) -> Invalid:
    """Turn a model's refusal into ours; text that is no JSON at all is told with its position."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if found[0]["type"] == "json_invalid":
        return Invalid(f"the {what} is not JSON: {found[0]['msg'].removeprefix('Invalid JSON: ')}")
    causes = tuple(Problem(path=_path(item["loc"]), reason=item["msg"]) for item in found)
    return Faulty(f"the {what} breaks the description: {causes[0]}", causes)


def refusal(error: MonikanavaError, instance: str) -> Response:
    """Answer with the error's own status, code and reason."""
    headers: dict[str, str] = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotAuthentic):
        headers["WWW-Authenticate"] = "Bearer"
    return _response(error.status, error.code, error.reason, instance, errors=_errors(error), headers=headers)


def breakdown(error: Exception) -> Response:
    """Answer 500 with an id; the log has the id, the error's type and its lines, but not its words."""
    number = str(uuid4())
    log.error("desk broke: id=%s error=%s at=%s", number, type(error).__name__, _trail(error.__traceback__))
    return _response(500, "error", f"an error of ours; its number is {number}", f"urn:uuid:{number}")


def _errors(error: MonikanavaError) -> tuple[Problem, ...]:
    if isinstance(error, InvalidDocument):
        return error.problems
    return error.errors if isinstance(error, Faulty) else ()


def _response(
    status: int,
    code: str,
    detail: str,
    instance: str,
    *,
    errors: tuple[Problem, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    problem = ProblemDetails(
        type=f"urn:monikanava:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=instance,
        errors=errors,
    )
    return Response(status, problem.json_text(), CONTENT_TYPE, headers or {})


def _path(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "$"


def _trail(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-8:]
    return " > ".join(f"{frame.filename.rpartition('functions/')[2]}:{frame.lineno}" for frame in frames)
