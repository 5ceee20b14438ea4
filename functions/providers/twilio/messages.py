"""Reading Twilio's messaging webhooks, whatever channel they carry: one form per message, or per status.

Follows https://www.twilio.com/docs/messaging/guides/webhook-request. Addresses of other channels than SMS
have the channel in front (`whatsapp:+358…`); it is left out here.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from functions.channels.contract import Request
from functions.errors import Invalid
from functions.message import Address, Attachment, AttachmentKind, Delivery, Inbound, Kind, Receipt
from functions.providers.payload import fragment_id, read_json
from functions.providers.twilio import read_form
from functions.providers.twilio.errors import reason

MEDIA = {"image": AttachmentKind.IMAGE, "audio": AttachmentKind.AUDIO, "video": AttachmentKind.VIDEO}
OPT = {"STOP": Kind.OPT_OUT, "START": Kind.OPT_IN}  # OptOutType, where Twilio heeds the words itself

_STATES = {
    "accepted": Delivery.QUEUED,
    "scheduled": Delivery.QUEUED,
    "queued": Delivery.QUEUED,
    "sending": Delivery.QUEUED,
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.READ,
    "undelivered": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "canceled": Delivery.FAILED,
}
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
Fields = Mapping[str, str]


class Inbox(NamedTuple):
    """Whose webhook it is; `context` gives our names of the fields that are kept beside the message."""

    channel: str
    account: str
    context: Mapping[str, str]
    said: Callable[[Fields], dict[str, Any]]  # the Inbound's fields by a message's form, `kind` among them


def items(request: Request, inbox: Inbox) -> Iterator[Inbound]:
    """Yield the message or status of the form; raises Invalid when it is no form."""
    if "json" in request.headers.get("content-type", ""):
        yield _item(request, inbox, {}, kind=Kind.UNSUPPORTED, raw=read_json(request.body))
        return
    form = dict(read_form(request.body))
    if not form:
        raise Invalid("the form is empty")
    status = form.get("MessageStatus") or form.get("SmsStatus") or "received"
    if "MessageSid" not in form or (status != "received" and status not in _STATES):
        yield _item(request, inbox, form, kind=Kind.UNSUPPORTED, raw=dict(form))
    elif status == "received":
        yield _item(request, inbox, form, **inbox.said(form))
    else:
        yield _status(request, inbox, form, _STATES[status])


def attachments(form: Fields) -> tuple[Attachment, ...]:
    """Take every MediaUrl there is: NumMedia is only a count."""
    named = [name for name in form if name[:8] == "MediaUrl"]
    if not named:
        return ()
    found = [
        (int(number), url)
        for name in named
        if (url := form[name]) and (number := name[8:]).isdecimal() and len(number) < 4
    ]
    return tuple(
        [_attachment(url, form.get(f"MediaContentType{number}", "")) for number, url in sorted(found)]
    )


def address(value: str) -> str:
    """Give a customer's address without the channel in front."""
    return value.removeprefix("whatsapp:")


def _attachment(url: str, content_type: str) -> Attachment:
    kind = MEDIA.get(content_type.partition("/")[0], AttachmentKind.FILE)
    return Attachment(kind=kind, url=url, content_type=content_type)


def _status(request: Request, inbox: Inbox, form: Fields, state: Delivery) -> Inbound:
    code = form.get("ErrorCode", "")
    why = reason(code) if code else ""
    receipt = Receipt(state=state, message=form["MessageSid"], code=code, reason=why)
    turned = {**form, "From": form.get("To", ""), "To": form.get("From", "")}
    return _item(request, inbox, turned, kind=Kind.RECEIPT, receipt=receipt)


def _item(request: Request, inbox: Inbox, form: Fields, **more: Any) -> Inbound:
    # What names nobody is about the account itself.
    customer = address(form.get("From") or form.get("ExternalUserId", "")) or inbox.account
    phone = customer if _E164.fullmatch(customer) else ""
    return Inbound(
        channel=inbox.channel,
        provider="twilio",
        account=inbox.account,
        thread=customer,
        event=form.get("MessageSid") or fragment_id(more.get("raw") or dict(form)),
        sender=Address(id=customer, phone=phone, name=form.get("ProfileName", "")),
        context=_context(form, inbox.context),
        received_at=request.received_at,
        **more,
    )


def _context(form: Fields, names: Mapping[str, str]) -> dict[str, str]:
    return {name: value for field, name in names.items() if (value := form.get(field)) and value != "false"}
