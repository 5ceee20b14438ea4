"""Finding records as matching does, and customers to be found."""

from functions.identity.identities import Identity
from functions.identity.keys import case_key, email_key, phone_key
from functions.identity.lookup import Lookup
from functions.identity.matching import Match, match
from functions.identity.person import Person
from functions.identity.ranks import USUAL, Clues, Rank
from functions.identity.records import Records
from functions.message import EntityRef
from tests.identity.conftest import NOW


async def holders(records: Records, key: str | None) -> list[EntityRef]:
    """The records that have a key, as far as a look-up tells."""
    if not key:
        return []
    found = await Lookup(records).find(key, lambda known: True)
    return [known.ref for known in found.records]


async def by_phone(records: Records, number: str) -> list[EntityRef]:
    return await holders(records, phone_key(number, "FI"))


async def by_email(records: Records, address: str) -> list[EntityRef]:
    return await holders(records, email_key(address))


async def active_cases(records: Records, entity: str, id: str) -> list[EntityRef]:  # noqa: A002
    return await holders(records, case_key(entity, id))


def customer(**values: object) -> Identity:
    """A customer by SMS, whose id is no number unless it is given."""
    known = Identity(channel="sms", account="sms-twilio", id="u1", created_at=NOW)
    return known.model_copy(update=values)


async def matched(
    identity: Identity, records: Records, *ranks: Rank, primary: Identity | None = None, **context: str
) -> Match:
    """What matching comes to; by the usual ranks unless others are given."""
    return await match(Clues(Person(identity, primary), context), records, ranks or USUAL)
