"""Match keys: under which values a record is found. A key is a partition of the records' table."""

import re

from functions.configuration.document import Record
from functions.identity.phones import e164
from functions.message import digest

CUSTOMERS = frozenset({"contact", "account"})  # the records that a customer can be
CASE = "incident"
_CUSTOMER = re.compile(r"(contact|account)/(.+)", re.DOTALL)


def match_keys(record: Record) -> tuple[str, ...]:
    """List the keys of a record: an active contact's or account's own, or the customer of an active case.

    Its phone numbers must be E.164 already; others give no key.
    """
    if not record.active:
        return ()
    if record.entity in CUSTOMERS:
        phones = [key for phone in record.phones if (key := phone_key(phone))]
        return tuple(dict.fromkeys([*phones, *map(email_key, filter(str.strip, record.emails))]))
    customer = customer_of(record)
    return (case_key(*customer),) if customer and record.entity == CASE else ()


def customer_of(record: Record) -> tuple[str, str] | None:
    """Give the entity and id of the record's customer; None when it names none, or not as `contact/ID`."""
    named = _CUSTOMER.fullmatch(record.customer)
    return (named[1], named[2]) if named else None


def phone_key(text: str, region: str | None = None) -> str | None:
    """Give the key of a number; None when it is none."""
    number = e164(text, region)
    return f"phone:{digest(number)}" if number else None


def email_key(address: str) -> str:
    """Give the key of an e-mail address; upper and lower case are the same."""
    return f"email:{digest(address.strip().casefold())}"


def case_key(entity: str, id: str) -> str:  # noqa: A002 - its name
    """Give the key under which a customer's active cases are found."""
    return f"case:{digest(entity, id)}"
