"""WhatsApp through Twilio: the same forms as SMS, with what WhatsApp adds, on one URL.

Follows https://www.twilio.com/docs/whatsapp/api and
https://www.twilio.com/docs/whatsapp/key-concepts. A customer is the address that Twilio writes from, which is
the one to write to; WaId and the business-scoped user id (ExternalUserId) are told along. What
goes outside the reply window is a Content template, named by its SID; so are buttons, which are therefore not
made of choices. A message cannot be quoted.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
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
from functions.channels.text import split, units
from functions.message import Attachment, AttachmentKind, Delivery, Inbound, Kind, Outbound, Template
from functions.providers import twilio
from functions.providers.twilio.messages import MEDIA, OPT, Fields, Inbox, attachments, items

CAPTION_LIMIT = 1024  # characters

_PREFIX = "whatsapp:"
_CAPTIONED = (AttachmentKind.IMAGE, AttachmentKind.VIDEO)
_CONTEXT = {
    "To": "to",
    "WaId": "waId",
    "ExternalUserId": "userId",
    "MessagingServiceSid": "messagingService",
    "OptOutType": "optOutType",
    "Forwarded": "forwarded",
    "FrequentlyForwarded": "frequentlyForwarded",
    "ReferralSourceId": "referral",
    "ReferralSourceUrl": "referralSource",
    "ReferralSourceType": "referralType",
    "ReferralHeadline": "referralTitle",
    "ReferralCtwaClid": "referralClick",
}


class WhatsAppSettings(twilio.TwilioSettings):
    """A WhatsApp sender's number (+E.164, without `whatsapp:`), or a messaging service (MG…)."""

    sender: str = Field(pattern=r"^(\+[1-9][0-9]{1,14}|MG[0-9A-Za-z]{32})$")


class TwilioWhatsApp:
    """WhatsApp at Twilio."""

    channel = "whatsapp"
    provider = "twilio"
    Settings = WhatsAppSettings
    capabilities = Capabilities(
        templates=True,
        address="sender",
        text_limit=1600,
        body_limit=256 * 1024,
        attachments={
            **dict.fromkeys((*MEDIA.values(), AttachmentKind.FILE), 16_000_000),
            AttachmentKind.LOCATION: 0,
        },
        reply_window=timedelta(hours=24),
        receipts=frozenset({Delivery.SENT, Delivery.DELIVERED, Delivery.READ, Delivery.FAILED}),
    )

    def setup(self, account: Account[WhatsAppSettings]) -> list[Step]:
        """List the one value that Twilio needs."""
        where = "Twilio console: Messaging > Senders > WhatsApp senders: Webhook URL, POST"
        return [Step(where, "URL", account.callback)]

    def api_base(self, account: Account[WhatsAppSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[WhatsAppSettings]) -> Response | None:
        """Twilio asks for no proof."""
        return None

    def authenticate(self, request: Request, account: Account[WhatsAppSettings]) -> None:
        """Check X-Twilio-Signature; raises NotAuthentic."""
        twilio.authenticate(request, account.settings)

    def parse(self, request: Request, account: Account[WhatsAppSettings]) -> Iterator[Inbound]:
        """Yield the message, button, opt-out or status of the form; raises Invalid when it is no form."""
        return items(request, Inbox(self.channel, account.id, _CONTEXT, _said))

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer with empty TwiML: plain text would be sent to the customer."""
        return Response(200, "<Response/>", "text/xml")

    def render(
        self, outbound: Outbound, account: Account[WhatsAppSettings], standing: Standing
    ) -> list[Call]:
        """Send text parts, then each attachment; a short text is the caption of a first picture or video."""
        rules.check(outbound, self.capabilities, standing)
        return [
            twilio.message_call(account.settings, _form(outbound, account, content))
            for content in _contents(outbound, self.capabilities.text_limit)
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the answer of the Messages resource."""
        return twilio.receipt(answer)

    def media_hosts(self, account: Account[WhatsAppSettings]) -> tuple[str, ...]:
        """Twilio's API, and where it redirects to."""
        return twilio.media_hosts(account.settings)

    def media_call(self, reference: str, account: Account[WhatsAppSettings], now: datetime) -> Call | None:
        """Get the MediaUrl, with the credentials that Twilio may be set to ask for."""
        return twilio.media_call(account.settings, reference)


def _said(form: Fields) -> dict[str, Any]:
    media = (*(_typed(one) for one in attachments(form)), *_places(form))
    chosen = form.get("ButtonPayload") or form.get("ListId", "")
    said = form.get("Body") or form.get("ButtonText") or form.get("ListTitle", "")
    known = bool(said or chosen or media)
    kind = Kind.POSTBACK if chosen else Kind.MESSAGE if known else Kind.UNSUPPORTED
    return {
        "kind": OPT.get(form.get("OptOutType", ""), kind),
        "text": said,
        "attachments": media,
        "payload": chosen,
        "target": form.get("OriginalRepliedMessageSid", ""),
        "raw": None if known else dict(form),
    }


def _typed(attachment: Attachment) -> Attachment:
    sticker = attachment.content_type == "image/webp"  # pictures are never sent so
    return attachment.model_copy(update={"kind": AttachmentKind.STICKER}) if sticker else attachment


def _places(form: Fields) -> Iterator[Attachment]:
    latitude, longitude = form.get("Latitude"), form.get("Longitude")
    if latitude and longitude:
        yield Attachment(
            kind=AttachmentKind.LOCATION,
            url=f"geo:{latitude},{longitude}",
            name=form.get("Label", ""),
            text=form.get("Address", ""),
        )


def _form(outbound: Outbound, account: Account[WhatsAppSettings], content: twilio.Form) -> twilio.Form:
    sender = account.settings.sender
    by = ("MessagingServiceSid", sender) if sender.startswith("MG") else ("From", _PREFIX + sender)
    return [("To", _PREFIX + outbound.recipient), by, *content, ("StatusCallback", account.callback)]


def _contents(outbound: Outbound, limit: int) -> list[twilio.Form]:
    if outbound.template:
        return [_template(outbound.template)]
    texts = split(outbound.text, limit)
    media = [_medium(attachment) for attachment in outbound.attachments]
    captioned = media and outbound.attachments[0].kind in _CAPTIONED
    if captioned and len(texts) == 1 and units(texts[0]) <= CAPTION_LIMIT:
        media[0] = [("Body", texts.pop()), *media[0]]
    return [*([("Body", part)] for part in texts), *media]


def _template(template: Template) -> twilio.Form:
    """Name a Content template by its SID; its places are numbered from 1."""
    places = {str(number): value for number, value in enumerate(template.values, 1)}
    filled = [("ContentVariables", json.dumps(places, ensure_ascii=False))] if places else []
    return [("ContentSid", template.name), *filled]


def _medium(attachment: Attachment) -> twilio.Form:
    if attachment.kind is not AttachmentKind.LOCATION:
        return [("MediaUrl", rules.web_address(attachment))]
    latitude, longitude = rules.coordinates(attachment)
    place = f"{latitude},{longitude}"
    label = f"|{attachment.text}" if attachment.text else ""
    return [("Body", attachment.name or place), ("PersistentAction", f"geo:{place}{label}")]
