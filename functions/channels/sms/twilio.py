"""SMS and MMS through Twilio: one form per message, and one per status of what we sent, on the same URL.

Follows https://www.twilio.com/docs/messaging/guides/webhook-request and
https://www.twilio.com/docs/messaging/api/message-resource.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pydantic import Field

from functions.channels import rules
from functions.channels.consent import consent
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
from functions.message import AttachmentKind, Delivery, Inbound, Kind, Outbound
from functions.providers import twilio
from functions.providers.twilio.messages import MEDIA, OPT, Fields, Inbox, attachments, items

MEDIA_LIMIT = 10  # per message

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
        attachments=dict.fromkeys((*MEDIA.values(), AttachmentKind.FILE), 5_000_000),
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
        return items(request, Inbox(self.channel, account.id, _CONTEXT, _said))

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


def _said(form: Fields) -> dict[str, Any]:
    """Read a message. What Twilio itself heeds it says; else the carriers' words count."""
    text, heeded = form.get("Body", ""), form.get("OptOutType", "")
    kind = OPT.get(heeded, Kind.MESSAGE) if heeded else consent(text)
    return {"kind": kind, "text": text, "attachments": attachments(form)}


def _form(outbound: Outbound, account: Account[SmsSettings], text: str, media: list[str]) -> twilio.Form:
    sender = account.settings.sender
    by = "MessagingServiceSid" if re.fullmatch(r"MG\w{32}", sender) else "From"
    form = [("To", outbound.recipient), (by, sender)]
    form += [("Body", text)] if text else []
    form += [("MediaUrl", url) for url in media]
    return [*form, ("StatusCallback", account.callback)]
