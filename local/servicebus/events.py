"""Proton's events, read through its C functions.

Proton's own Python event wraps every object on the way, which costs more than all the rest of handling a
message. Only what `peer` needs is here; a key tells one link or session from another while it lives.
"""

from collections.abc import Iterator
from typing import Any

import cproton
from proton import Collector, Connection, Delivery, Link, Receiver, Sender, Session

_c: Any = cproton
_delivery: Any = Delivery
_link: Any = Link
_session: Any = Session

DELIVERY: int = _c.PN_DELIVERY
FLOW: int = _c.PN_LINK_FLOW
LINK_OPEN: int = _c.PN_LINK_REMOTE_OPEN
LINK_CLOSE: int = _c.PN_LINK_REMOTE_CLOSE
LINK_DETACH: int = _c.PN_LINK_REMOTE_DETACH
SESSION_OPEN: int = _c.PN_SESSION_REMOTE_OPEN
SESSION_CLOSE: int = _c.PN_SESSION_REMOTE_CLOSE
CONNECTION_OPEN: int = _c.PN_CONNECTION_REMOTE_OPEN
CONNECTION_CLOSE: int = _c.PN_CONNECTION_REMOTE_CLOSE
TRANSPORT_ERROR: int = _c.PN_TRANSPORT_ERROR


def events(collector: Collector) -> Iterator[tuple[int, Any]]:
    """Give each event's kind and the event, which is good until the next is asked for."""
    queue = collector._impl
    while not _c.isnull(event := _c.pn_collector_peek(queue)):
        try:
            yield _c.pn_event_type(event), event
        finally:
            _c.pn_collector_pop(queue)


def link_key(event: Any) -> int:
    """Give the key of the event's link."""
    key: int = _c.addressof(_c.pn_event_link(event))
    return key


def session_key(event: Any) -> int:
    """Give the key of the event's session."""
    key: int = _c.addressof(_c.pn_event_session(event))
    return key


def link(event: Any) -> Sender | Receiver:
    """Give the event's link."""
    found: Sender | Receiver = _link.wrap(_c.pn_event_link(event))
    return found


def session(event: Any) -> Session:
    """Give the event's session."""
    found: Session = _session(_c.pn_event_session(event))
    return found


def delivery(event: Any) -> Delivery:
    """Give the event's delivery."""
    found: Delivery = _delivery(_c.pn_event_delivery(event))
    return found


def let_go(connection: Connection, collector: Collector) -> None:
    """Free a connection that ended; events that are left are dropped."""
    connection.free()
    collector.release()
