"""Dataverse's Web API, in part: rows, queries with paging and change tracking, $batch, and its refusals.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/overview. An account's `apiBase` is
http://simulators/dataverse, and its `loginBase` http://simulators/entra: only tokens from there are taken.
`POST /behave {"provider": "dataverse", "answer": "429|500"}` orders refusals, and `POST /dataverse/expire`
ends every token that was shown.
"""

import json
import re
from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

import jwt
from aiohttp import web

from local.simulators import entra
from local.simulators.dataverse_query import BadQuery, condition
from local.simulators.dataverse_rows import REFERENCES, TABLES, Refusal, Row, Store, Table
from local.simulators.state import Behaviour

API = "/dataverse/api/data/v9.2"
MAX_PAGE = 5000
RETRY_AFTER = "7"
_ROW = re.compile(r"(\w+)\(([0-9a-fA-F-]{36})\)")
_TABLE = re.compile(r"EntityDefinitions\(LogicalName='(\w+)'\)")
Refusals = Callable[[str], Behaviour]


class Dataverse:
    """One environment. `refusals` takes the next ordered behaviour."""

    def __init__(self, refusals: Refusals) -> None:
        self.store = Store()
        self.asked: list[str] = []  # method and path of every call, newest last
        self._refusals = refusals
        self._shown: set[str] = set()
        self._expired: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """Serve the API."""
        return [
            web.post(f"{API}/$batch", self._batch),
            web.route("*", API + "/{address:.*}", self._one),
            web.post("/dataverse/expire", self._expire),
        ]

    async def _expire(self, _: web.Request) -> web.Response:
        self._expired |= self._shown
        return web.Response(status=204)

    async def _one(self, request: web.Request) -> web.Response:
        content = await request.json() if request.can_read_body else {}
        return self._answer(request, request.method, request.raw_path, request.headers, content)

    async def _batch(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
        parts = BytesParser().parsebytes(head + await request.read()).get_payload()
        if not isinstance(parts, list):
            return _refusal(Refusal(400, "0x80048d19", "The body is no batch."))
        answers = [self._part(request, part) for part in parts if isinstance(part, Message)]
        body = "".join(f"--answers\r\n{answer}\r\n" for answer in answers) + "--answers--\r\n"
        headers = {"Content-Type": "multipart/mixed; boundary=answers"}
        return web.Response(body=body.encode(), headers=headers)

    def _part(self, request: web.Request, part: Message) -> str:
        lines = str(part.get_payload()).splitlines()
        url = lines[0].split(" ")[1]
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        where = urlsplit(url)
        try:
            answer = self._read(request, f"{where.path}?{where.query}", headers)
        except Refusal as refusal:
            answer = _refusal(refusal)
        head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        inner = "Content-Type: application/json; odata.metadata=minimal\r\nOData-Version: 4.0"
        return f"{head}HTTP/1.1 {answer.status} {answer.reason}\r\n{inner}\r\n\r\n{answer.text}"

    def _answer(
        self, request: web.Request, method: str, path: str, headers: Any, content: Any
    ) -> web.Response:
        if refused := self._refused(request):
            return refused
        try:
            if method == "GET":
                return self._read(request, path, headers)
            return self._write(method, unquote(urlsplit(path).path), headers, content)
        except Refusal as refusal:
            return _refusal(refusal)

    def _refused(self, request: web.Request) -> web.Response | None:
        self.asked.append(f"{request.method} {request.path}")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            said = entra.claims(token)
        except jwt.PyJWTError:
            return web.Response(status=401)
        if said["aud"] != f"{request.scheme}://{request.host}/dataverse" or said["uti"] in self._expired:
            return web.Response(status=401)
        self._shown.add(said["uti"])
        behaviour = self._refusals("dataverse")
        if behaviour is Behaviour.TOO_MANY:
            refusal = Refusal(429, "0x80072322", "Number of requests exceeded the limit of 6000")
            return _refusal(refusal, {"Retry-After": RETRY_AFTER})
        return web.Response(status=500) if behaviour is Behaviour.ERROR else None

    def _read(self, request: web.Request, path: str, headers: Any) -> web.Response:
        parts = urlsplit(path)
        address = unquote(parts.path).removeprefix(f"{API}/")
        options = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
        query = {unquote(name): unquote_plus(value) for name, value in options.items()}
        if found := _TABLE.fullmatch(address):
            return _json(_definition(found[1]))
        annotated = "odata.include-annotations" in headers.get("Prefer", "")
        if found := _ROW.fullmatch(address):
            table = _table(found[1])
            return _json(
                self.store.shown(table, self.store.get(table, found[2]), _select(table, query), annotated)
            )
        base = f"{request.scheme}://{request.host}{API}/{address}"
        return _json(self._page(_table(address), query, headers.get("Prefer", ""), base))

    def _page(self, table: Table, query: dict[str, str], prefer: str, base: str) -> Row:
        tracked = "odata.track-changes" in prefer or "$deltatoken" in query
        if tracked and (not table.tracked or {"$filter", "$orderby", "$top"} & set(query)):
            raise Refusal(400, "0x80060888", "Change tracking is not enabled, or goes with no other option.")
        since = int(query.get("$deltatoken", "0"))
        until = int(query.get("$until", str(self.store.version)))
        rows = self._found(table, query, since)
        size = re.search(r"odata\.maxpagesize=(\d+)", prefer)
        start, most = int(query.get("$skiptoken", "0")), int(size[1]) if size else MAX_PAGE
        kept = "&".join(
            f"{name}={value}" for name, value in query.items() if name not in ("$skiptoken", "$until")
        )
        annotated, select = "odata.include-annotations" in prefer, _select(table, query)
        shown = [self.store.shown(table, row, select, annotated) for row in rows[start : start + most]]
        answer: Row = {"@odata.context": f"{base}/$metadata#{table.collection}", "value": shown}
        if start + most < len(rows):
            # The delta of the end is from where the first page began.
            answer["@odata.nextLink"] = f"{base}?{_encoded(kept)}&$skiptoken={start + most}&$until={until}"
        elif tracked:
            rest = "&".join(part for part in kept.split("&") if part and not part.startswith("$deltatoken"))
            answer["@odata.deltaLink"] = f"{base}?{_encoded(rest)}&$deltatoken={until}"
            answer["value"] = [*shown, *(self._gone(table, since, base) if since else [])]
        return answer

    def _found(self, table: Table, query: dict[str, str], since: int) -> list[Row]:
        held = [row for row in self.store.rows[table.collection].values() if row["version"] > since]
        try:
            test = condition(query["$filter"], table.properties) if "$filter" in query else None
        except BadQuery as bad:
            raise Refusal(400, "0x80060888", str(bad)) from None
        rows = [row for row in held if test is None or test(row)]
        for order in reversed(query.get("$orderby", "").split(",") if "$orderby" in query else []):
            column, _, direction = order.strip().partition(" ")
            rows.sort(key=lambda row: str(row.get(column) or ""), reverse=direction == "desc")
        return rows[: int(query["$top"])] if "$top" in query else rows

    def _gone(self, table: Table, since: int, base: str) -> list[Row]:
        context = f"{base}/$metadata#{table.collection}/$deletedEntity"
        gone = [id_ for id_, version in self.store.deleted[table.collection].items() if version > since]
        return [{"@odata.context": context, "id": id_, "reason": "deleted"} for id_ in gone]

    def _write(self, method: str, path: str, headers: Any, content: Any) -> web.Response:
        address = path.removeprefix(f"{API}/")
        found = _ROW.fullmatch(address)
        table, id_ = _table(found[1] if found else address), found[2].lower() if found else ""
        there = id_ in self.store.rows[table.collection]
        if method == "DELETE":
            self.store.delete(table, id_)
        elif method == "PATCH" and there and headers.get("If-None-Match") == "*":
            raise Refusal(412, "0x80040237", "A record with matching key values already exists.")
        elif method == "PATCH" and not there and headers.get("If-Match") == "*":
            raise Refusal(404, "0x80040217", f"{table.entity} With Id = {id_} Does Not Exist")
        elif (method == "POST") is bool(found):
            raise Refusal(405, "0x80060888", "The method is not allowed here.")
        else:
            id_, _ = self.store.write(table, id_, content)
        return web.Response(status=204, headers={"OData-EntityId": f"{API}/{table.collection}({id_})"})


def _table(collection: str) -> Table:
    if collection not in TABLES:
        raise Refusal(404, "0x80060888", f"Resource not found for the segment '{collection}'.")
    return TABLES[collection]


def _definition(entity: str) -> Row:
    table = next((one for one in TABLES.values() if one.entity == entity), None)
    if table is None:
        raise Refusal(404, "0x80060888", f"Could not find an entity '{entity}'.")
    return {
        "EntitySetName": table.collection,
        "PrimaryIdAttribute": table.key,
        "ChangeTrackingEnabled": table.tracked,
        "Attributes": [{"LogicalName": name, "AttributeType": kind} for name, kind in table.columns.items()],
    }


def _select(table: Table, query: dict[str, str]) -> list[str]:
    names = [name for name in query.get("$select", "").split(",") if name]
    kinds = table.properties
    for name in names:
        if name not in kinds or kinds[name] == "Virtual" or table.columns.get(name) in REFERENCES:
            raise Refusal(400, "0x80060888", f"Could not find a property named '{name}'.")
    return names


def _encoded(query: str) -> str:
    return query.replace("%", "%25").replace(" ", "%20").replace("+", "%2B")


def _json(content: Row) -> web.Response:
    return web.json_response(content, headers={"OData-Version": "4.0"})


def _refusal(refusal: Refusal, headers: dict[str, str] | None = None) -> web.Response:
    body = json.dumps({"error": {"code": refusal.code, "message": refusal.said}})
    return web.Response(status=refusal.status, text=body, content_type="application/json", headers=headers)
