"""SMS and MMS through Twilio: one form per message, and one per status of what we sent, on the same URL.

Follows https://www.twilio.com/docs/messaging/guides/webhook-request and
https://www.twilio.com/docs/messaging/api/message-resource.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from functions.channels import rules
from functions.channels.contract import (
    Account,
    Answer,
    Call,
    Capabilities,
    Outcome,
    Request,
    Response,
    Standing,
    Step,
)
from functions.channels.text import split
from functions.errors import Invalid
from functions.message import Address, Attachment, AttachmentKind, Delivery, Inbound, Kind, Outbound, Receipt
from functions.providers import twilio
from functions.providers.payload import fragment_id, read_json
from functions.providers.twilio_errors import reason

MEDIA_LIMIT = 10  # per message

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
_OPT = {"STOP": Kind.OPT_OUT, "START": Kind.OPT_IN}
# Twilio's standard words. YES also opts in there, but people say it to an agent's question.
_KEYWORDS = {
    **dict.fromkeys(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), Kind.OPT_OUT
    ),
    **dict.fromkeys(("START", "UNSTOP"), Kind.OPT_IN),
}
_CONTEXT = {
    "To": "to",
    "MessagingServiceSid": "messagingService",
    "FromCity": "city",
    "FromState": "state",
    "FromZip": "zip",
    "FromCountry": "country",
    "ToCountry": "toCountry",
    "NumSegments": "segments",
    "OptOutType": "optOutType",
}
_MEDIA = {"image": AttachmentKind.IMAGE, "audio": AttachmentKind.AUDIO, "video": AttachmentKind.VIDEO}
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")


class SmsSettings(twilio.TwilioSettings):
    """A number (+E.164), short code or alphanumeric name that sends, or a messaging service (MG…)."""

    sender: str = Field(
        pattern=r"^(\+[1-9][0-9]{1,14}|[0-9]{3,8}|MG[0-9A-Za-z]{32}|[0-9 ]{0,10}[A-Za-z][0-9A-Za-z ]{0,10})$"
    )


class TwilioSms:
    """SMS at Twilio."""

    channel = "sms"
    provider = "twilio"
    Settings = SmsSettings
    capabilities = Capabilities(
        address="sender",
        text_limit=1600,
        body_limit=256 * 1024,
        attachments=dict.fromkeys((*_MEDIA.values(), AttachmentKind.FILE), 5_000_000),
        receipts=frozenset({Delivery.SENT, Delivery.DELIVERED, Delivery.FAILED}),
    )

    def setup(self, account: Account[SmsSettings]) -> list[Step]:
        """List the one value that Twilio needs."""
        where = "Twilio console: number or messaging service > Messaging > A message comes in: Webhook, POST"
        return [Step(where, "URL", account.callback)]

    def api_base(self, account: Account[SmsSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[SmsSettings]) -> Response | None:
        """Twilio asks for no proof."""
        return None

    def authenticate(self, request: Request, account: Account[SmsSettings]) -> None:
        """Check X-Twilio-Signature; raises NotAuthentic."""
        twilio.authenticate(request, account.settings)

    def parse(self, request: Request, account: Account[SmsSettings]) -> Iterator[Inbound]:
        """Yield the message, opt-out, opt-in or status of the form; raises Invalid when it is no form."""
        if "json" in request.headers.get("content-type", ""):
            yield self._item(request, account, Kind.UNSUPPORTED, raw=read_json(request.body))
            return
        form = dict(twilio.read_form(request.body))
        if not form:
            raise Invalid("the form is empty")
        status = form.get("MessageStatus") or form.get("SmsStatus") or "received"
        if "MessageSid" not in form or (status != "received" and status not in _STATES):
            yield self._item(request, account, Kind.UNSUPPORTED, form, raw=dict(form))
        elif status == "received":
            yield self._message(request, account, form)
        else:
            yield self._status(request, account, form, _STATES[status])

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer with empty TwiML: plain text would be sent to the customer."""
        return Response(200, "<Response/>", "text/xml")

    def render(self, outbound: Outbound, account: Account[SmsSettings], standing: Standing) -> list[Call]:
        """Send the text in parts, media with the last; ten media go in one message."""
        rules.check(outbound, self.capabilities, standing)
        media = [rules.web_address(attachment) for attachment in outbound.attachments]
        batches = [media[start : start + MEDIA_LIMIT] for start in range(0, len(media), MEDIA_LIMIT)]
        texts = split(outbound.text, self.capabilities.text_limit)
        alone = [(text, list[str]()) for text in texts[:-1]]
        together = (texts[-1] if texts else "", batches[0] if batches else [])
        rest = [("", batch) for batch in batches[1:]]
        return [
            twilio.message_call(account.settings, _form(outbound, account, text, urls))
            for text, urls in (*alone, together, *rest)
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the answer of the Messages resource."""
        return twilio.receipt(answer)

    def media_hosts(self, account: Account[SmsSettings]) -> tuple[str, ...]:
        """Twilio's API, and where it redirects to."""
        return twilio.media_hosts(account.settings)

    def media_call(self, reference: str, account: Account[SmsSettings], now: datetime) -> Call | None:
        """Get the MediaUrl, with the credentials that Twilio may be set to ask for."""
        return twilio.media_call(account.settings, reference)

    def _message(self, request: Request, account: Account[SmsSettings], form: Mapping[str, str]) -> Inbound:
        text = form.get("Body", "")
        kind = _OPT.get(form.get("OptOutType", ""), Kind.MESSAGE)
        if not form.get("OptOutType"):
            kind = _KEYWORDS.get(text.strip().upper(), Kind.MESSAGE)
        return self._item(request, account, kind, form, text=text, attachments=_attachments(form))

    def _status(
        self, request: Request, account: Account[SmsSettings], form: Mapping[str, str], state: Delivery
    ) -> Inbound:
        code = form.get("ErrorCode", "")
        why = reason(code) if code else ""
        receipt = Receipt(state=state, message=form["MessageSid"], code=code, reason=why)
        turned = {**form, "From": form.get("To", ""), "To": form.get("From", "")}
        return self._item(request, account, Kind.RECEIPT, turned, receipt=receipt)

    def _item(
        self,
        request: Request,
        account: Account[SmsSettings],
        kind: Kind,
        form: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Inbound:
        form = form or {}
        customer = form.get("From", "")
        phone = customer if _E164.fullmatch(customer) else ""
        return Inbound(
            channel=self.channel,
            provider=self.provider,
            account=account.id,
            thread=customer,
            event=form.get("MessageSid") or fragment_id(more.get("raw")),
            kind=kind,
            sender=Address(id=customer, phone=phone),
            context={name: form[field] for field, name in _CONTEXT.items() if form.get(field)},
            received_at=request.received_at,
            **more,
        )


def _form(outbound: Outbound, account: Account[SmsSettings], text: str, media: list[str]) -> twilio.Form:
    sender = account.settings.sender
    by = "MessagingServiceSid" if re.fullmatch(r"MG\w{32}", sender) else "From"
    form = [("To", outbound.recipient), (by, sender)]
    form += [("Body", text)] if text else []
    form += [("MediaUrl", url) for url in media]
    return [*form, ("StatusCallback", account.callback)]


def _attachments(form: Mapping[str, str]) -> tuple[Attachment, ...]:
    """Take every MediaUrl there is: NumMedia is only a count."""
    found = sorted(
        (int(number), url)
        for name, url in form.items()
        if url
        and (number := name.removeprefix("MediaUrl")) != name
        and number.isdecimal()
        and len(number) < 4
    )
    return tuple(_attachment(url, form.get(f"MediaContentType{number}", "")) for number, url in found)


def _attachment(url: str, content_type: str) -> Attachment:
    kind = _MEDIA.get(content_type.partition("/")[0], AttachmentKind.FILE)
    return Attachment(kind=kind, url=url, content_type=content_type)
