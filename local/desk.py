"""The desk API as a client sees it: for the demo, the command line, and scenario tests."""

import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml

from functions.conversations.model import State

Json = dict[str, Any]


class DeskError(Exception):
    """The API said no; the text is its status and reason, and every place that it complains of."""


class Desk:
    """A signed-in caller of a running platform."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url}/api"
        self._http = aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def get(self, path: str, **query: str) -> Json:
        """GET; raises DeskError."""
        return await self._call("GET", path, params=query)

    async def post(self, path: str, body: Json, **headers: str) -> Json:
        """POST; raises DeskError."""
        return await self._call("POST", path, json=body, headers=headers)

    async def post_lines(self, path: str, text: str) -> Json:
        """POST JSON lines; raises DeskError."""
        headers = {"Content-Type": "application/x-ndjson"}
        return await self._call("POST", path, data=text.encode(), headers=headers)

    async def put(self, path: str, body: Json) -> Json:
        """PUT; raises DeskError."""
        return await self._call("PUT", path, json=body)

    async def send_text(self, method: str, path: str, text: str = "") -> str:
        """Send YAML, take text; raises DeskError."""
        headers = {"Content-Type": "application/yaml"}
        async with self._http.request(
            method, f"{self._url}/{path}", data=text.encode(), headers=headers
        ) as answer:
            if answer.status >= 300:
                raise DeskError(await _refusal(answer))
            return await answer.text()

    async def file(self, path: str) -> bytes:
        """GET a file; raises DeskError."""
        async with self._http.get(f"{self._url}/{path}") as answer:
            if answer.status >= 300:
                raise DeskError(await _refusal(answer))
            return await answer.read()

    async def items(self, path: str, **query: str) -> list[Json]:
        """Read a list to its last page."""
        found: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            found += page["items"]
            cursor = page.get("cursor")
        return found

    async def reply(self, conversation: str, text: str, key: str, **more: Any) -> Json:
        """Answer a customer."""
        body = {"text": text, **more}
        return await self.post(f"conversations/{conversation}/messages", body, **{"Idempotency-Key": key})

    async def act(self, conversation: str, what: str, body: Json | None = None, key: str = "") -> Json:
        """Accept, end or close a conversation, or leave a note in it."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self.post(f"conversations/{conversation}/{what}", body or {}, **headers)

    async def events(self, conversation: str) -> AsyncIterator[Json]:
        """Follow a conversation from its beginning; raises DeskError."""
        mark = ""
        while True:
            news = await self.get(f"conversations/{conversation}/events", after=mark, wait="25")
            mark = news["mark"]
            yield news

    async def conversations(self) -> list[Json]:
        """List the conversations of every workstream and state."""
        document = yaml.safe_load(await self.send_text("GET", "configuration"))
        found = []
        for workstream in document.get("workstreams", []):
            for state in State:
                query = {"workstream": workstream["id"], "state": state.value, "limit": "100"}
                found += await self.items("conversations", **query)
        return found

    async def _call(self, method: str, path: str, **more: Any) -> Json:
        async with self._http.request(method, f"{self._url}/{path}", **more) as answer:
            if answer.status >= 300:
                raise DeskError(await _refusal(answer))
            document: Json = await answer.json() if answer.status != 204 else {}
            return document


async def _refusal(answer: aiohttp.ClientResponse) -> str:
    """Read a problem document (RFC 9457); what is none is given as it came."""
    text = await answer.text()
    try:
        problem = json.loads(text)
        places = problem.get("errors", [])
        reasons = [f"{one['path']}: {one['reason']}" for one in places] or [problem["detail"]]
    except (ValueError, KeyError, AttributeError):
        reasons = [text]
    return "\n".join([f"{answer.status} {answer.reason}: {reasons[0]}", *reasons[1:]])
