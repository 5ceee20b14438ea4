"""A change of a business record, whatever told us of it: a webhook, a look-up, or our own API.

It travels as `raw` of an `Inbound` of the kind RECORD, whose thread is `thread_of(entity, id)`. Values are
plain text: a choice or whole number by its digits, a decimal or money by its plain notation, a two-option
value as true or false, a time as ISO 8601 in UTC, a reference by its id in lower case, without braces.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime

from functions.channels.contract import Account
from functions.message import Address, Inbound, Kind, Model


class RecordMessage(StrEnum):
    """What happened to the record. OTHER: something whose effect only the row itself tells."""

    CREATE = "create"
    UPDATE = "update"
    ASSIGN = "assign"
    STATE = "state"
    DELETE = "delete"
    OTHER = "other"


class RecordValue(Model):
    """An attribute: its value, how people read it, and of a reference the logical name of its target."""

    value: str = ""
    name: str = ""
    entity: str = ""

    @property
    def shown(self) -> str:
        """What people read."""
        return self.name or self.value


class RecordChange(Model):
    """One change. `attributes` are all that is known of the row after it, `changed` names the changed ones.

    `partial`: what changed was not told, or not all of it; the row must be read again. `whole`: all of the
    row was told, so that columns left out have no value. `passive`: it was our own doing, or some
    automation's, so that it is no work for anybody; the record store learns of it.
    """

    message: RecordMessage
    entity: str
    id: str
    attributes: Mapping[str, RecordValue] = {}
    changed: tuple[str, ...] = ()
    at: AwareDatetime | None = None  # by the clock of the system that has the row
    user: str = ""  # who did it, there
    operation: str = ""  # what the other system calls it, of OTHER
    depth: int = 1
    partial: bool = False
    whole: bool = False
    passive: bool = False


def thread_of(entity: str, id: str) -> str:  # noqa: A002 - its name
    """Name the thread of a record, as `contact/…` names a customer."""
    return f"{entity}/{id}"


def record_item(change: RecordChange, account: Account[Any], event: str, received_at: datetime) -> Inbound:
    """Make the item for `inbound-records`; `event` names the change, the same if it is told again."""
    return Inbound(
        channel=account.channel,
        provider=account.provider,
        account=account.id,
        thread=thread_of(change.entity, change.id),
        event=event,
        kind=Kind.RECORD,
        sender=Address(id=thread_of("systemuser", change.user) if change.user else account.id),
        sent_at=change.at,
        received_at=received_at,
        raw=change.model_dump(mode="json", by_alias=True, exclude_defaults=True),
    )
