"""The configuration document: entitlements, accounts, workstreams, rules, queues, hours, call flows, records.

Unknown fields are refused, so that a typing error is found by `validate` and not by a customer.
"""

from collections.abc import Mapping
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue

from functions.configuration.callflows import CallFlow, Target
from functions.configuration.matching import MatchRule
from functions.configuration.parts import Name, Strict
from functions.configuration.recordtables import STANDARD_TABLES, EntityName, RecordTable
from functions.conversations.model import AutoClose

LEAST_RETENTION = timedelta(days=30)  # providers may repeat a webhook for days, and its marker goes too


class Entitlement(StrEnum):
    """What the organisation is licensed for."""

    CHAT = "chat"
    DIGITAL_MESSAGING = "digital-messaging"
    VOICE = "voice"
    RECORDS = "records"


class Condition(Strict):
    """A group (`all`, `any`, `not`) or one comparison of `field`; exactly one operator.

    Fields: channel, provider, account, message.(text|kind|payload|attachments),
    customer.(id|name|phone|email|locale), linked.(entity|id|name, or an attribute of the record),
    linked.case.(entity|id|name|owner|queue, or an attribute) of its single active case,
    record.(entity|id|name|message|changed, or a column; COLUMN.name is what people read of it) of a record
    that changed, context.NAME, time.(hour|minute|weekday|date|open).
    """

    all: tuple["Condition", ...] | None = None
    any: tuple["Condition", ...] | None = None
    negate: "Condition | None" = Field(default=None, alias="not")
    field: str | None = None
    equals: JsonValue = None
    not_equals: JsonValue = None
    is_in: tuple[JsonValue, ...] | None = Field(default=None, alias="in")
    contains: str | None = None
    begins_with: str | None = None
    ends_with: str | None = None
    matches: str | None = None
    exists: bool | None = None
    greater_than: JsonValue = None
    less_than: JsonValue = None


class Rule(Strict):
    """If `when` holds, this workstream (in the document's rules) or agent queue (in a workstream's)."""

    name: str
    when: Condition
    workstream: Name | None = None
    agent_queue: Name | None = None


class Workstream(Strict):
    """A kind of work. `agent_queue` is its fallback: for work that none of its rules sends elsewhere."""

    id: Name
    name: str = ""
    agent_queue: Name
    rules: tuple[Rule, ...] = ()
    auto_close: AutoClose = AutoClose()


class AgentQueue(Strict):
    """A pool of agents. `target` is where its calls are put through: see `targets`."""

    id: Name
    name: str = ""
    hours: Name | None = None
    target: Target | None = None


class Opening(Strict):
    """A span of one day, local time; `until` 00:00 means midnight at its end."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...]
    start: time = Field(alias="from")
    until: time


class OperatingHours(Strict):
    """When a queue is open, in an IANA time zone; never on `holidays`."""

    id: Name
    timezone: str
    open: tuple[Opening, ...]
    holidays: tuple[date, ...] = ()


class AccountEntry(Strict):
    """One configured address at a provider; `settings` are the adapter's own.

    A setting of the form `{secret: NAME}` is fetched from Key Vault (locally: the environment).
    """

    id: Name
    channel: str
    provider: str
    workstream: Name
    settings: Mapping[str, JsonValue] = {}


class Record(Strict):
    """A business record for the record store: what its customers are recognised by.

    `phones` are numbers of no particular sort. `social_ids` are the providers' ids of it, by channel.
    """

    entity: EntityName
    id: str
    name: str = ""
    phones: tuple[str, ...] = ()
    mobiles: tuple[str, ...] = ()
    business_phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    social_ids: Mapping[str, tuple[str, ...]] = {}
    customer_number: str = ""
    customer: str = ""  # of an incident, quote …: "contact/ID" or "account/ID"
    active: bool = True
    attributes: Mapping[str, str] = {}


class Document(Strict):
    """The whole configuration. `retention`: closed conversations are erased when they closed so long ago."""

    version: Literal[1] = 1
    entitlements: frozenset[Entitlement] = frozenset()
    default_region: str = "FI"  # for phone numbers without a country code
    retention: timedelta | None = Field(default=None, ge=LEAST_RETENTION)  # None: they are kept for good
    accounts: tuple[AccountEntry, ...] = ()
    rules: tuple[Rule, ...] = ()
    workstreams: tuple[Workstream, ...] = ()
    agent_queues: tuple[AgentQueue, ...] = ()
    operating_hours: tuple[OperatingHours, ...] = ()
    call_flows: tuple[CallFlow, ...] = ()
    matching: tuple[MatchRule, ...] | None = None  # None: the usual way, see `identity.ranks`
    record_tables: tuple[RecordTable, ...] = ()  # beside, or in place of, the standard ones
    intake_rules: tuple[Rule, ...] = ()  # which records become work, on which workstream; no match: none
    records: tuple[Record, ...] = ()

    def record_table(self, entity: str) -> RecordTable:
        """Give the columns of a table: as configured, as known of Dynamics 365, or the commonest ones."""
        configured = next((table for table in self.record_tables if table.entity == entity), None)
        return configured or STANDARD_TABLES.get(entity) or RecordTable(entity=entity)
