"""Match keys: under which values a record is found, and where in the records' table each of them lies.

A key is `kind:digest of the value`. All keys of one phone number lie in one row, so that one read answers for
any of them: any number, a mobile one, a business one, the sender's on a channel of phone numbers.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from functions.configuration.document import Record
from functions.identity.phones import e164
from functions.message import digest

CUSTOMERS = frozenset({"contact", "account"})  # the records that a customer can be
CASE = "incident"
PHONE, MOBILE, BUSINESS = "tel", "mobile", "business"  # kinds of a phone number's keys
DIALLED = "dialled."  # followed by the channel on which the number writes or calls
CASES = "cases"
NUMBERED = frozenset({"sms", "whatsapp", "voice", "rcs"})  # channels whose customers are phone numbers
# Whoever writes there is named by the account's own clients, and may be anybody at another account.
SELF_NAMED = frozenset({"chat", "custom", "records"})


@dataclass(frozen=True, slots=True)
class Place:
    """The property of a row that lists who has a key."""

    partition: str
    row: str
    column: str


def place(key: str) -> Place:
    """Tell where a key lies. A customer's cases lie in the customer's own row, and are read with it."""
    kind, _, value = key.partition(":")
    if kind == CASES:
        return Place(value, "record", "cases")
    if kind in (PHONE, MOBILE, BUSINESS) or kind.startswith(DIALLED):
        return Place(f"{PHONE}:{value}", "key", "json")
    return Place(key, "key", "json")


def kind_of(key: str) -> str:
    """Give the kind of a key."""
    return key.partition(":")[0]


def by_place(keys: Iterable[str]) -> dict[Place, tuple[str, ...]]:
    """Sort keys by where they lie, and give the kinds of each place."""
    found: dict[Place, set[str]] = {}
    for key in keys:
        found.setdefault(place(key), set()).add(kind_of(key))
    return {where: tuple(sorted(kinds)) for where, kinds in found.items()}


def match_keys(record: Record) -> tuple[str, ...]:
    """List the keys of a record: an active contact's or account's own, or the customer of an active case.

    Its phone numbers must be E.164 already; others give no key.
    """
    if not record.active:
        return ()
    if record.entity in CUSTOMERS:
        return tuple(dict.fromkeys(key for key in _own(record) if key))
    customer = customer_of(record)
    return (case_key(*customer),) if customer and record.entity == CASE else ()


def _own(record: Record) -> Iterator[str | None]:
    for kind, numbers in (
        (PHONE, (*record.phones, *record.mobiles, *record.business_phones)),
        (MOBILE, record.mobiles),
        (BUSINESS, record.business_phones),
    ):
        yield from (phone_key(number, kind=kind) for number in numbers)
    yield from map(email_key, record.emails)
    for channel, ids in record.social_ids.items():
        yield from (social_key(channel, one) for one in ids)
    yield number_key(record.customer_number)
    yield name_key(record.name)


def customer_of(record: Record) -> tuple[str, str] | None:
    """Give the entity and id of the record's customer; None when it names none, or not as `contact/ID`."""
    entity, _, id_ = record.customer.partition("/")
    return (entity, id_) if entity in CUSTOMERS and id_ else None


def phone_key(text: str, region: str | None = None, kind: str = PHONE) -> str | None:
    """Give the key of a number; None when it is none."""
    number = e164(text, region)
    return f"{kind}:{digest(number)}" if number else None


def email_key(address: str) -> str | None:
    """Give the key of an e-mail address; upper and lower case are the same."""
    plain = address.strip().casefold()
    return f"mail:{digest(plain)}" if plain else None


def social_key(channel: str, id: str) -> str | None:  # noqa: A002 - its name
    """Give the key of a provider's id of a customer; None where the id means nothing outside its account."""
    if channel in SELF_NAMED or not id:
        return None
    bare = id.removeprefix("+")
    if channel in NUMBERED and bare.isascii() and bare.isdecimal():
        return phone_key(f"+{bare}", kind=f"{DIALLED}{channel}")
    return f"social.{channel}:{digest(id)}"


def number_key(text: str) -> str | None:
    """Give the key of a customer number; upper and lower case are the same."""
    plain = text.strip().casefold()
    return f"number:{digest(plain)}" if plain else None


def name_key(text: str) -> str | None:
    """Give the key of a name, in one form of Unicode, without regard to case and to how many spaces."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return f"name:{digest(plain)}" if plain else None


def case_key(entity: str, id: str) -> str:  # noqa: A002 - its name
    """Give the key under which a customer's active cases are found."""
    return f"{CASES}:{digest(entity, id)}"
