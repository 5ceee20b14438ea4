"""The Web API of one environment, in the name of our application user there.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/compose-http-requests-handle-errors and,
for 429, https://learn.microsoft.com/power-apps/developer/data-platform/api-limits. Tokens go to addresses
below the environment's API and nowhere else: links that answers bring are checked like any other.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue

from functions.dataverse.batch import CONTENT_TYPE, batch_answers, batch_body
from functions.dataverse.http import Answer, Asked, Http
from functions.delivery.caller import within
from functions.entra import EntraApp
from functions.errors import Forbidden, Invalid, MonikanavaError, NotFound, Unavailable
from functions.ports import Entra
from functions.providers.payload import child, children, read_json, text

API = "api/data/v9.2"
PAGE = 500  # rows
QUIET = 5  # seconds, when a busy environment does not say how long
LONGEST_QUIET = 600
TRACKED = "odata.track-changes"
HEADERS = {"Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0"}
ANNOTATED = 'odata.include-annotations="*"'
log = logging.getLogger("monikanava.dataverse")

Row = Mapping[str, JsonValue]


class Refused(MonikanavaError):
    """The environment refuses the request for good; `code` is its own, such as 0x80040220."""

    status = 502

    def __init__(self, answered: int, code: str) -> None:
        super().__init__(f"Dataverse refuses ({answered} {code or 'without a code'})")
        self.answered, self.code = answered, code


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the API is, and who asks there."""

    base: str  # such as https://contoso.crm4.dynamics.com
    app: EntraApp


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, where the next ones are, and at the end where later changes will be."""

    rows: Sequence[Row]
    next: str = ""
    delta: str = ""


class Client:
    """Every method raises Unavailable when the environment does not answer, or asked us to wait.

    It raises Refused for what will not be better next time, and NotGranted when Entra ID gives no token.
    """

    def __init__(
        self, environment: Environment, http: Http, entra: Entra, clock: Callable[[], datetime]
    ) -> None:
        self._app = environment.app
        self._base = f"{environment.base.rstrip('/')}/{API}"
        self._http = http
        self._entra = entra
        self._clock = clock
        self._quiet_until: datetime | None = None

    async def read(self, address: str) -> Row:
        """Read one row, or what a table is made of; raises NotFound."""
        return child(_json(await self._asked("GET", address, {"Prefer": ANNOTATED})))

    async def page(self, address: str, *, tracked: bool = False) -> Page:
        """Read a page: of a query, or of the link that an earlier page gave.

        `tracked`: with a link to later changes at the end. Raises Forbidden for a link to somewhere else.
        """
        wanted = (f"odata.maxpagesize={PAGE}", ANNOTATED, *([TRACKED] if tracked else []))
        found = _json(await self._asked("GET", address, {"Prefer": ",".join(wanted)}))
        rows = [row for row in children(found, "value") if isinstance(row, dict)]
        return Page(rows, text(found, "@odata.nextLink"), text(found, "@odata.deltaLink"))

    async def batch(self, addresses: Sequence[str]) -> list[Sequence[Row] | None]:
        """Read several queries in one request: the rows of each, None for one that was refused."""
        urls = [self._url(address) for address in addresses]
        body = batch_body(urls, {**HEADERS, "Prefer": ANNOTATED})
        headers = {"Content-Type": CONTENT_TYPE, "Prefer": "odata.continue-on-error"}
        try:
            answers = batch_answers(await self._asked("POST", "$batch", headers, body))
        except Invalid as unreadable:
            raise Unavailable(f"Dataverse's answer: {unreadable.reason}") from None
        if len(answers) != len(addresses):
            raise Unavailable("Dataverse left answers out of a batch")
        return [_rows(status, found) for status, found in answers]

    async def create(self, address: str, content: Mapping[str, JsonValue]) -> bool:
        """Write a row under an id of our choice; tell whether it was not there before."""
        body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json; charset=utf-8", "If-None-Match": "*"}
        try:
            await self._asked("PATCH", address, headers, body)
        except Refused as refused:
            if refused.answered != 412:
                raise
            return False
        return True

    async def _asked(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        self._check_quiet()
        url = self._url(address)
        answer = await self._sent(method, url, headers, body, await self._entra.token(self._app))
        if answer.status == 401:
            token = await self._entra.token(self._app, renew=True)
            answer = await self._sent(method, url, headers, body, token)
        return self._checked(answer)

    async def _sent(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, token: str
    ) -> Answer:
        authorised = {**HEADERS, **headers, "Authorization": f"Bearer {token}"}
        return await self._http.send(Asked(method, url, authorised, body))

    def _url(self, address: str) -> str:
        url = address if "://" in address else f"{self._base}/{address}"
        if not within(url, self._base):
            raise Forbidden("the address is outside the environment's API")
        return url

    def _check_quiet(self) -> None:
        if self._quiet_until and (left := (self._quiet_until - self._clock()).total_seconds()) > 0:
            raise Unavailable("Dataverse asked us to wait", max(round(left), 1))

    def _checked(self, answer: Answer) -> Answer:
        if answer.status < 300:
            return answer
        if answer.status in (429, 503):
            seconds = _seconds(answer.headers.get("retry-after", ""))
            self._quiet_until = self._clock() + timedelta(seconds=seconds)
            log.warning("dataverse is busy: status=%d seconds=%d", answer.status, seconds)
            raise Unavailable(f"Dataverse is busy ({answer.status})", seconds)
        if answer.status >= 500 or answer.status == 408:
            raise Unavailable(f"Dataverse fails ({answer.status})")
        if answer.status == 404:
            raise NotFound("Dataverse has no such row or table")
        raise Refused(answer.status, _code(answer))


def _json(answer: Answer) -> JsonValue:
    try:
        return read_json(answer.body)
    except Invalid:
        raise Unavailable("Dataverse's answer is no JSON") from None


def _rows(status: int, found: JsonValue) -> Sequence[Row] | None:
    if status in (429, 503):
        raise Unavailable(f"Dataverse is busy ({status})")
    if status >= 300:
        return None
    return [row for row in children(found, "value") if isinstance(row, dict)]


def _code(answer: Answer) -> str:
    try:
        return text(read_json(answer.body), "error", "code")[:64]
    except Invalid:
        return ""


def _seconds(text: str) -> int:
    return min(int(text), LONGEST_QUIET) if text.isascii() and text.isdigit() and len(text) < 9 else QUIET
