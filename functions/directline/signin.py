"""Customers who are signed in on the business's own site: its token says who they are.

As in Dynamics 365, https://learn.microsoft.com/dynamics365/customer-service/administer/create-chat-auth-settings:
RS256, `sub` is the id of a contact or an account, `lwicontexts` is context that the customer cannot write.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import JsonValue

from functions.channels.chat import SignIn
from functions.directline.call import Call
from functions.errors import Invalid, NotAuthentic
from functions.identity.keys import CUSTOMERS
from functions.message import Address, EntityRef, Inbound, Kind, digest
from functions.providers.bearer import LIMIT, claims, key_name
from functions.providers.payload import read_answer, text

LONGEST = 200  # characters of a subject


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A customer whom the business vouches for."""

    user: str
    subject: str
    name: str = ""
    email: str = ""
    phone: str = ""
    context: JsonValue = field(default_factory=dict)


async def sign_in(call: Call, token: str) -> SignedIn:
    """Check a customer's token; raises NotAuthentic, Invalid without sign-in, or Unavailable without keys."""
    rules = call.account.settings.sign_in
    if rules is None:
        raise Invalid("nobody signs in to this chat")
    found = await _claims(call, rules, token)
    subject = found.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST:
        raise NotAuthentic("the token names no customer")
    first_and_last = f"{text(found, 'given_name')} {text(found, 'family_name')}".strip()
    return SignedIn(
        user=f"dl_{digest(call.account.id, rules.issuer, subject)}",
        subject=subject,
        name=text(found, "name") or first_and_last,
        email=text(found, "email"),
        phone=text(found, "phone_number"),
        context=_context(found.get("lwicontexts")),
    )


async def link(call: Call, customer: SignedIn, address: Address) -> None:
    """Remember that this customer is that contact or account, if there is an active one of the name."""
    rooms, account = call.rooms, call.account
    for entity in sorted(CUSTOMERS, reverse=True):  # a contact, before an account
        record = await rooms.records.get(entity, customer.subject)
        if record and record.active:
            await rooms.identities.observe(_arrival(call, address))
            ref = EntityRef(entity=entity, id=record.id, name=record.name)
            await rooms.identities.link(account.channel, account.id, customer.user, ref)
            return


async def _claims(call: Call, rules: SignIn, token: str) -> dict[str, Any]:
    if len(token) > LIMIT:
        raise NotAuthentic("the token is too long")
    name = key_name(token) if rules.jwks_url else ""  # a PEM has no name
    key = await call.rooms.keys.key(rules.key_url, name)
    headers = {"authorization": f"Bearer {token}"}
    return claims(replace(call.request, headers=headers, key=key), rules.audience, [rules.issuer])


def _context(claim: JsonValue) -> JsonValue:
    """Dynamics has an object written as a text there."""
    return read_answer(claim.encode("utf-8", "replace")) if isinstance(claim, str) else claim


def _arrival(call: Call, address: Address) -> Inbound:
    return Inbound(
        channel=call.account.channel,
        provider=call.account.provider,
        account=call.account.id,
        thread=address.id,
        event=address.id,
        kind=Kind.JOINED,
        sender=address,
        received_at=call.request.received_at,
    )
