"""Record tables: which column of a table is what, for the record store and for work items.

Those of Dynamics 365 are known: contact, account, incident, quote, campaign and queueitem, by the columns of
https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/contact and its siblings.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, StringConstraints

from functions.configuration.parts import Strict

EntityName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Column = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,100}$")]
Choice = Annotated[str, Field(coerce_numbers_to_str=True, max_length=100)]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,30}$")]
Columns = Annotated[tuple[Column, ...], Field(max_length=20)]


class ActiveWhen(Strict):
    """When a row is active: its choice column has one of these values. A row without it is active."""

    column: Column = "statecode"
    values: Annotated[tuple[Choice, ...], Field(min_length=1, max_length=50)] = ("0",)


class RecordTable(Strict):
    """The columns of a table, by their logical names.

    `customer` are references to a contact or an account: the first with a value is the record's customer.
    `socialIds` are the providers' ids of a customer, by channel. `attributes` are kept for rules: as
    `linked.COLUMN`, and as `linked.COLUMN.name` what people read.
    """

    entity: EntityName
    name: Column = "name"
    mobiles: Columns = ()
    business_phones: Columns = ()
    phones: Columns = ()  # of no particular sort
    emails: Columns = ()
    customer_number: Column | None = None
    social_ids: Annotated[Mapping[Channel, Columns], Field(max_length=20)] = {}
    customer: Columns = ()
    active: ActiveWhen = ActiveWhen()
    attributes: Annotated[tuple[Column, ...], Field(max_length=40)] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is looked at, each once."""
        return tuple(dict.fromkeys((self.name, *self.keyed, *self.attributes, self.active.column)))

    @property
    def keyed(self) -> tuple[str, ...]:
        """The columns by which a customer is recognised, or that name one."""
        social = (column for columns in self.social_ids.values() for column in columns)
        number = (self.customer_number,) if self.customer_number else ()
        phones = (*self.mobiles, *self.business_phones, *self.phones)
        return (*phones, *self.emails, *number, *social, *self.customer)


QUEUE_ITEM = "queueitem"  # tells in which queue another row lies, and is no record of its own
_OWNED = ("ownerid", "statuscode")
_TABLES = (
    RecordTable(
        entity="contact",
        name="fullname",
        mobiles=("mobilephone",),
        business_phones=("telephone1",),
        phones=("telephone2", "telephone3"),
        emails=("emailaddress1", "emailaddress2", "emailaddress3"),
        attributes=("customertypecode", "preferredcontactmethodcode", "parentcustomerid", *_OWNED),
    ),
    RecordTable(
        entity="account",
        business_phones=("telephone1",),
        phones=("telephone2", "telephone3"),
        emails=("emailaddress1", "emailaddress2", "emailaddress3"),
        customer_number="accountnumber",
        attributes=("customertypecode", "primarycontactid", *_OWNED),
    ),
    RecordTable(
        entity="incident",
        name="title",
        customer=("customerid",),
        attributes=("ticketnumber", "prioritycode", "casetypecode", "caseorigincode", *_OWNED),
    ),
    RecordTable(
        entity="quote",
        customer=("customerid",),
        active=ActiveWhen(values=("0", "1")),  # draft and active; 2 is won, 3 is closed
        attributes=("quotenumber", "totalamount", *_OWNED),
    ),
    RecordTable(entity="campaign", attributes=("codename", "typecode", *_OWNED)),
    RecordTable(entity=QUEUE_ITEM, name="title", attributes=("objectid", "queueid")),
)
STANDARD_TABLES: Mapping[str, RecordTable] = MappingProxyType({table.entity: table for table in _TABLES})
