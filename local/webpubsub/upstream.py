"""Calls of a hub's event handler, as the service makes them.

https://learn.microsoft.com/azure/azure-web-pubsub/reference-cloud-events: CloudEvents in binary mode. The
handler must allow our origin (`WebHook-Allowed-Origin`). The service asks when the handler is configured; we
ask before the first event, and again until it allows us, for here the functions host may start later.
"""

import hmac
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any

import aiohttp
from pydantic import ConfigDict
from yarl import URL

from functions.message import Model
from local.webpubsub.hub import Connection

SYSTEM, USER = "azure.webpubsub.sys", "azure.webpubsub.user"
TIMEOUT = aiohttp.ClientTimeout(total=30)
log = logging.getLogger("monikanava.webpubsub")


class EventHandler(Model):
    """Which events of a hub go where; `{hub}` and `{event}` in the URL are filled in."""

    model_config = ConfigDict(extra="forbid")

    url_template: str
    system_events: tuple[str, ...] = ()
    user_event_pattern: str = ""  # "*", or names with commas; empty: none

    def wants(self, kind: str, event: str) -> bool:
        """Whether it is told of such an event."""
        if kind == SYSTEM:
            return event in self.system_events
        named = [name.strip() for name in self.user_event_pattern.split(",")]
        return "*" in named or event in named

    def url(self, hub: str, event: str) -> URL:
        """Give where an event goes."""
        return URL(self.url_template.replace("{hub}", hub).replace("{event}", event), encoded=True)


@dataclass(frozen=True, slots=True)
class Told:
    """What the handler answered; 0: nothing that counts."""

    status: int
    body: bytes = b""
    content_type: str = ""
    state: str | None = None

    @property
    def good(self) -> bool:
        """Whether it said yes."""
        return 200 <= self.status < 300


class Upstream:
    """Calls event handlers; knows which of them allow it."""

    def __init__(self, origin: str, keys: Sequence[str]) -> None:
        self._origin = origin
        self._keys = keys
        self._allowed: set[str] = set()
        self._numbers = count(1)
        self._http: aiohttp.ClientSession | None = None

    async def tell(
        self,
        handler: EventHandler,
        connection: Connection,
        event: str,
        body: bytes = b"{}",
        *,
        kind: str = SYSTEM,
        content_type: str = "application/json; charset=utf-8",
    ) -> Told:
        """Tell of one event and give the answer; never raises."""
        self._http = self._http or aiohttp.ClientSession(timeout=TIMEOUT)
        headers = {
            **self._headers(connection, f"{kind}.{event}", event),
            "WebHook-Request-Origin": self._origin,
            "Content-Type": content_type,
        }
        try:
            if not await self._allows(self._http, handler, connection.hub):
                return Told(0)
            url = handler.url(connection.hub, event)
            async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                state = answer.headers.get("ce-connectionState")
                told = Told(answer.status, await answer.read(), answer.content_type, state)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("event not taken: event=%s error=%s", event, type(error).__name__)
            return Told(0)
        if not told.good:
            log.warning("event refused: event=%s status=%d", event, told.status)
        return told

    async def close(self) -> None:
        """Close the sockets."""
        if self._http:
            await self._http.close()

    async def _allows(self, http: aiohttp.ClientSession, handler: EventHandler, hub: str) -> bool:
        if handler.url_template in self._allowed:
            return True
        asked = {"WebHook-Request-Origin": self._origin}
        async with http.options(handler.url(hub, "validate"), headers=asked) as answer:
            allowed = answer.headers.get("WebHook-Allowed-Origin", "")
            if answer.ok and ("*" in allowed or self._origin in allowed.split(",")):
                self._allowed.add(handler.url_template)
                return True
        log.warning("the event handler does not allow us: status=%d", answer.status)
        return False

    def _headers(self, connection: Connection, kind: str, event: str) -> dict[str, str]:
        signed = [hmac.digest(key.encode(), connection.id.encode(), sha256).hex() for key in self._keys]
        optional = {"ce-userId": connection.user, "ce-connectionState": connection.state}
        return {
            "ce-specversion": "1.0",
            "ce-type": kind,
            "ce-source": f"/hubs/{connection.hub}/client/{connection.id}",
            "ce-id": str(next(self._numbers)),
            "ce-time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "ce-signature": ",".join(f"sha256={each}" for each in signed),
            "ce-connectionId": connection.id,
            "ce-hub": connection.hub,
            "ce-eventName": event,
            **{name: value for name, value in optional.items() if value},
        }


def json_object(told: Told) -> dict[str, Any]:
    """Read an answer's JSON object; anything else is an empty one."""
    try:
        found = json.loads(told.body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
