"""Who answers a new link: the `$cbs` node, a queue's `$management` node, or the queue itself."""

import logging
from collections.abc import Mapping
from typing import Any

from proton import Described, Message, ProtonException, Receiver, Sender, int32

from local.servicebus import cbs
from local.servicebus.engine import DEAD_LETTERS, Engine
from local.servicebus.intake import Intake
from local.servicebus.management import Management
from local.servicebus.model import NOT_ALLOWED, Refused
from local.servicebus.outlet import SESSION_FILTER, Outlet
from local.servicebus.queue import Queue
from local.servicebus.requests import Answer, Handler, Replies, Reply, Requests
from local.servicebus.sessions import SessionQueue
from local.servicebus.wire import Line, Node, plain, refuse_link

_log = logging.getLogger("monikanava.servicebus")

MANAGEMENT = "/$management"
PATIENCE = 60_000  # milliseconds that a receiver waits for a session when it does not say


class Switchboard:
    """Makes the handlers of one connection's links."""

    def __init__(self, engine: Engine, keys: Mapping[str, str]) -> None:
        self._engine = engine
        self._keys = keys
        self._replies: dict[str, list[Replies]] = {}

    def attach(self, line: Line, link: Sender | Receiver) -> Node | None:
        """Agree to a link, or refuse it with an error and give None."""
        try:
            return self._attach(line, link)
        except Refused as no:
            _log.info("link refused: %s", no)
            refuse_link(link, no)
            return None

    def _attach(self, line: Line, link: Sender | Receiver) -> Node:
        end = link.remote_target if link.is_receiver else link.remote_source
        path = cbs.path_of(end.address or "")
        if path == "$cbs":
            return self._pair(line, link, path, lambda request, answer: self._token(line, request, answer))
        entity = path.removesuffix(MANAGEMENT)
        line.rights.check(entity)
        queue = self._engine.find(entity)
        if entity != path:
            return self._pair(line, link, path, Management(line, queue, self._engine.store).handle)
        return _intake(line, link, queue) if isinstance(link, Receiver) else _outlet(line, link, queue)

    def _pair(self, line: Line, link: Sender | Receiver, path: str, handler: Handler) -> Node:
        known = self._replies.setdefault(path, [])
        if isinstance(link, Sender):
            replies = Replies(line, link)
            known.append(replies)
            return replies

        def find(address: str | None) -> Replies | None:
            known[:] = [one for one in known if one.open]
            return next((one for one in known if one.address == address), known[-1] if known else None)

        return Requests(line, link, handler, find)

    def _token(self, line: Line, request: Message, answer: Answer) -> None:
        token = request.body
        try:
            line.rights.add(cbs.verify(token if isinstance(token, str) else "", self._keys))
            status, told = 202, "Accepted"
        except Refused as no:
            status, told = 401, no.description
        answer(Reply({"status-code": int32(status), "status-description": told}))


def _intake(line: Line, link: Receiver, queue: Queue) -> Node:
    if queue.name.endswith(DEAD_LETTERS):
        raise Refused(NOT_ALLOWED, "Nothing can be sent to a dead-letter queue.")
    return Intake(line, link, queue)


def _outlet(line: Line, link: Sender, queue: Queue) -> Node:
    outlet = Outlet(line, link, queue)
    wanted = _filters(link)
    if SESSION_FILTER in wanted and isinstance(queue, SessionQueue):
        properties = link.remote_properties or {}
        patience = int(properties.get("com.microsoft:timeout") or PATIENCE)
        outlet.seek(_session(wanted[SESSION_FILTER]), patience)
    elif SESSION_FILTER in wanted:
        raise Refused(NOT_ALLOWED, f"The queue {queue.name} has no sessions.")
    elif isinstance(queue, SessionQueue):
        raise Refused(NOT_ALLOWED, f"The queue {queue.name} needs a receiver of a session.")
    else:
        outlet.serve()
    return outlet


def _filters(link: Sender) -> dict[str, Any]:
    try:
        found = plain(link.remote_source.filter)
    except ProtonException:
        return {}
    return found if isinstance(found, dict) else {}


def _session(value: Any) -> str | None:
    value = value.value if isinstance(value, Described) else value
    return None if value is None else str(value)
