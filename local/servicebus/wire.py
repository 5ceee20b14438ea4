"""What the link handlers share: the connection as they see it, and how a link is agreed to or refused."""

from typing import Any, Protocol

from proton import Condition, Delivery, Link, Terminus, symbol

from local.servicebus.cbs import Rights
from local.servicebus.model import Refused


class Node(Protocol):
    """The broker's end of one link."""

    def moved(self, delivery: Delivery) -> None:
        """Look at a delivery that came, or that the client settled."""

    def flowed(self) -> None:
        """Look at the credit that the client gave."""

    def gone(self) -> None:
        """Let go: the link, its session or its connection is closed. Called once."""


class Line(Protocol):
    """One connection."""

    rights: Rights

    def touch(self) -> None:
        """Send what is to be sent, soon."""


def accept_terms(link: Link) -> None:
    """Agree to the source, target and modes that the client asked for."""
    link.source.copy(link.remote_source)
    link.target.copy(link.remote_target)
    link.snd_settle_mode = link.remote_snd_settle_mode
    link.rcv_settle_mode = link.remote_rcv_settle_mode


def refuse_link(link: Link, why: Refused) -> None:
    """Close a link with an error; one that is not open yet is opened with no source and no target first."""
    if not link.state & link.LOCAL_ACTIVE:
        link.source.type = link.target.type = Terminus.UNSPECIFIED
        link.open()
    link.condition = error(why)
    link.close()


def error(why: Refused) -> Condition:
    """Put a refusal in AMQP's words."""
    # Proton leaves out an empty last field, and Python's SDK waits forever when a rejection lacks its info.
    return Condition(why.condition, why.description, {symbol("com.microsoft:condition"): why.condition})


def plain(data: Any) -> Any:
    """Give the Python value in a Proton data object."""
    data.rewind()
    return data.get_object() if data.next() is not None else None
