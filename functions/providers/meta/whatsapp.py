"""Reading the items of WhatsApp Cloud API webhooks: batches of entries, changes, messages and statuses.

Follows https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components and
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids. A customer
is known by the business-scoped user id; the phone number, which may be missing, is only told along.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Delivery, Inbound, Kind, Receipt
from functions.providers.meta.errors import reason
from functions.providers.meta.whatsapp_content import content
from functions.providers.payload import at, child, children, digits, fragment_id, moment, read_json, text

_STATES = {
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.READ,
    "played": Delivery.READ,
    "failed": Delivery.FAILED,
}
# They are about marketing only: who stops it may still ask something, and be answered.
_PREFERENCES = {"stop": Kind.LEFT, "resume": Kind.JOINED}
_REFERRAL = {
    "source_id": "referral",
    "source_url": "referralSource",
    "source_type": "referralType",
    "headline": "referralTitle",
    "ctwa_clid": "referralClick",
}
_MARKS = {"forwarded": "forwarded", "frequently_forwarded": "frequentlyForwarded"}


class Number(NamedTuple):
    """Whose webhook it is: the account, and the id of the phone number that it is for."""

    channel: str
    account: str
    id: str
    received_at: datetime


class _Item(NamedTuple):
    number: Number
    value: JsonValue  # of the change that the fragment stands in
    fragment: JsonValue
    context: Mapping[str, str]

    def make(
        self,
        kind: Kind,
        customer: Address,
        event: str = "",
        thread: str | None = None,
        context: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Inbound:
        if not customer.id:  # it is about the number itself
            customer = customer.model_copy(update={"id": self.number.id})
        return Inbound(
            channel=self.number.channel,
            provider="meta",
            account=self.number.account,
            thread=text(self.fragment, "group_id") or customer.id if thread is None else thread,
            event=event or text(self.fragment, "id") or fragment_id(self.fragment),
            kind=kind,
            sender=customer,
            context={**self.context, **(context or {})},
            sent_at=moment(digits(self.fragment, "timestamp")),
            received_at=self.number.received_at,
            **more,
        )

    def person(self, user: str, phone: str) -> Address:
        """Describe whom the fields of these names tell of; a lone contact is meant where both are missing."""
        id_, number = text(self.fragment, user), text(self.fragment, phone)
        contact = _contact(children(self.value, "contacts"), id_, number)
        id_, number = id_ or text(contact, "user_id"), number or text(contact, "wa_id")
        dialled = f"+{number}" if number.isascii() and number.isdecimal() else ""
        name = text(contact, "profile", "name") or text(contact, "profile", "username")
        return Address(id=id_ or number, name=name, phone=dialled)


def items(body: bytes, number: Number) -> Iterator[Inbound]:
    """Yield every item of every change; raises Invalid when the body is no JSON object."""
    whole = read_json(body)
    if not isinstance(whole, dict):
        raise Invalid("the body is not a JSON object")
    entries = at(whole, "entry")
    if whole.get("object") != "whatsapp_business_account" or not isinstance(entries, list):
        yield _unknown(_Item(number, None, whole, {}))
        return
    for entry in entries:
        changes = at(entry, "changes")
        for change in changes if isinstance(changes, list) and changes else [entry]:
            yield from _change(change, number)


def _change(change: JsonValue, number: Number) -> list[Inbound]:
    value, field = child(change, "value"), text(change, "field")
    owner = text(value, "metadata", "phone_number_id")
    context = {} if field == "messages" else {"field": field or "entry"}
    if owner and owner != number.id:
        note = "the item belongs to another number than this account's"
        context |= {"phoneNumber": owner, "note": note}
    found = [
        (_READERS[name] if owner == number.id else _unknown)(_Item(number, value, fragment, context))
        for name in value
        if name in _READERS
        for fragment in children(value, name)
    ]
    return found or [_unknown(_Item(number, value, change, context))]


def _message(item: _Item) -> Inbound:
    return _said(item, item.person("from_user_id", "from"))


def _echo(item: _Item) -> Inbound:
    """Something that the business wrote on its own phone."""
    found = _said(item, item.person("to_user_id", "to"))
    own = Address(id=item.number.id)
    kind = Kind.ECHO if found.kind in (Kind.MESSAGE, Kind.POSTBACK) else found.kind
    return found.model_copy(update={"kind": kind, "sender": own})


def _said(item: _Item, customer: Address) -> Inbound:
    found, quoted = content(item.fragment), child(item.fragment, "context")
    return item.make(
        found.kind,
        customer,
        text=found.text,
        attachments=found.attachments,
        target=found.target or text(quoted, "id"),
        payload=found.payload,
        context={**_facts(quoted, child(item.fragment, "referral")), **found.context},
        raw=None if found.whole else item.fragment,
    )


def _facts(quoted: dict[str, JsonValue], referral: dict[str, JsonValue]) -> dict[str, str]:
    if not quoted and not referral:
        return {}
    facts = {
        name: found for key in referral if (name := _REFERRAL.get(key)) and (found := text(referral, key))
    }
    facts |= {name: "true" for key in quoted if (name := _MARKS.get(key)) and quoted[key] is True}
    product = text(quoted, "referred_product", "product_retailer_id")
    return facts | ({"product": product} if product else {})


def _status(item: _Item) -> Inbound:
    state = _STATES.get(text(item.fragment, "status"))
    message, customer = text(item.fragment, "id"), item.person("recipient_user_id", "recipient_id")
    if not state or not message:
        return item.make(Kind.UNSUPPORTED, customer, event=fragment_id(item.fragment), raw=item.fragment)
    codes = [text(error, "code") for error in children(item.fragment, "errors")]
    code = next(filter(None, codes), "")
    pricing, noted = text(item.fragment, "pricing", "category"), _noted(item.fragment)
    return item.make(
        Kind.RECEIPT,
        customer,
        thread=noted.thread or customer.id,
        receipt=Receipt(
            state=state,
            message=message,
            ours=noted.message,
            whole=noted.calls == "1",
            code=code,
            reason=reason(code) if code else "",
        ),
        context={"pricing": pricing} if pricing else {},
    )


class _Note(NamedTuple):
    message: str = ""
    thread: str = ""
    calls: str = ""


def note(message: str, thread: str, calls: int) -> str:
    """Give what is sent along with a message of ours, of so many calls, and comes back with its statuses."""
    return f"{message} {thread} {calls}"


def _noted(status: JsonValue) -> _Note:
    """Read that note; its thread may have the other of a customer's two ids. Another program's is nothing."""
    words = text(status, "biz_opaque_callback_data").split(" ")
    found = _Note(*words) if len(words) <= len(_Note._fields) else _Note()
    told = {text(status, name) for name in ("recipient_user_id", "recipient_id")} - {""}
    return found if found.thread in told or not told else _Note()


def _preference(item: _Item) -> Inbound:
    kind = _PREFERENCES.get(text(item.fragment, "value"), Kind.UNSUPPORTED)
    category = text(item.fragment, "category")
    return item.make(
        kind,
        item.person("user_id", "wa_id"),
        text=text(item.fragment, "detail"),
        context={"preference": category} if category else {},
        raw=item.fragment,
    )


def _unknown(item: _Item) -> Inbound:
    return item.make(Kind.UNSUPPORTED, item.person("from_user_id", "from"), raw=item.fragment)


_READERS: dict[str, Callable[[_Item], Inbound]] = {
    "messages": _message,
    "message_echoes": _echo,
    "statuses": _status,
    "user_preferences": _preference,
    "errors": _unknown,
}


def _contact(contacts: list[JsonValue], user: str, phone: str) -> JsonValue:
    if not user and not phone:
        return contacts[0] if len(contacts) == 1 else None
    for contact in contacts:
        if (phone and phone == text(contact, "wa_id")) or (user and user == text(contact, "user_id")):
            return contact
    return None
