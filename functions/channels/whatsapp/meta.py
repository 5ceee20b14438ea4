"""WhatsApp through Meta's Cloud API: a phone number's conversations. One webhook call may hold many items.

Follows https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks and
https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages. The items are read in
`functions.providers.whatsapp_update`.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pydantic import Field, JsonValue

from functions.channels import rules
from functions.channels.contract import (
    Account,
    Answer,
    Call,
    Capabilities,
    Outcome,
    Refused,
    Request,
    Response,
    Standing,
    Step,
)
from functions.channels.text import split, units
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Choice, Delivery, Inbound, Outbound, Template
from functions.providers import meta
from functions.providers.payload import children, text
from functions.providers.settings import ApiBase, Secret, Settings
from functions.providers.whatsapp_content import REFERENCE
from functions.providers.whatsapp_update import Number, items, note

CAPTION_LIMIT = 1024  # characters; also of a text that has buttons
TITLE_LIMIT = 20  # characters of a button
PAYLOAD_LIMIT = 256

_TYPES = {
    AttachmentKind.IMAGE: "image",
    AttachmentKind.AUDIO: "audio",
    AttachmentKind.VIDEO: "video",
    AttachmentKind.FILE: "document",
    AttachmentKind.STICKER: "sticker",
}
_CAPTIONED = (AttachmentKind.IMAGE, AttachmentKind.VIDEO, AttachmentKind.FILE)
_USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]+")
_FIELDS = "messages, user_preferences, smb_message_echoes"
Content = tuple[str, dict[str, JsonValue]]


class WhatsAppSettings(Settings):
    """A number (its id, not the digits), its app, and `verify_token`: a secret of ours that Meta repeats."""

    phone_number_id: str = Field(pattern=r"^[0-9]{1,32}$")
    app_secret: Secret
    verify_token: Secret
    access_token: Secret
    api_base: ApiBase = "https://graph.facebook.com"
    api_version: str = Field(default="v25.0", pattern=r"^v[0-9]{1,3}\.[0-9]$")


class MetaWhatsApp:
    """WhatsApp at Meta."""

    channel = "whatsapp"
    provider = "meta"
    Settings = WhatsAppSettings
    capabilities = Capabilities(
        address="phone_number_id",
        text_limit=4096,
        body_limit=3 * 1024 * 1024,
        attachments={
            AttachmentKind.IMAGE: 5_000_000,
            AttachmentKind.AUDIO: 16_000_000,
            AttachmentKind.VIDEO: 16_000_000,
            AttachmentKind.FILE: 100_000_000,
            AttachmentKind.STICKER: 500_000,
            AttachmentKind.LOCATION: 0,
        },
        choices=3,
        templates=True,
        reply_window=timedelta(hours=24),
        receipts=frozenset({Delivery.SENT, Delivery.DELIVERED, Delivery.READ, Delivery.FAILED}),
        methods=frozenset({"GET", "POST"}),
    )

    def setup(self, account: Account[WhatsAppSettings]) -> list[Step]:
        """List the callback's URL and token, and the fields to subscribe."""
        where = "Meta app > WhatsApp > Configuration > Webhook"
        return [
            Step(where, "Callback URL", account.callback),
            Step(where, "Verify token", account.settings.verify_token.get_secret_value()),
            Step(f"{where} fields", "Subscribe", _FIELDS),
        ]

    def api_base(self, account: Account[WhatsAppSettings]) -> str:
        """Give the API's address, closed by a slash."""
        return account.settings.api_base + "/"

    def handshake(self, request: Request, account: Account[WhatsAppSettings]) -> Response | None:
        """Echo hub.challenge; raises Forbidden when the verify token is wrong."""
        return meta.handshake(request, account.settings.verify_token)

    def authenticate(self, request: Request, account: Account[WhatsAppSettings]) -> None:
        """Check X-Hub-Signature-256; raises NotAuthentic."""
        meta.authenticate(request, account.settings.app_secret)

    def parse(self, request: Request, account: Account[WhatsAppSettings]) -> Iterator[Inbound]:
        """Yield every item of every change; raises Invalid when the body is no JSON object."""
        number = Number(self.channel, account.id, account.settings.phone_number_id, request.received_at)
        return items(request.body, number)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer as Meta's samples do."""
        return Response(200, "EVENT_RECEIVED")

    def render(
        self, outbound: Outbound, account: Account[WhatsAppSettings], standing: Standing
    ) -> list[Call]:
        """Send text parts, then each attachment (a short text is the first one's caption).

        With buttons the text goes last, for they hang on it. Outside the window only a template would
        be taken, which an `Outbound` cannot name: that is NotDeliverable.
        """
        rules.check(outbound, self.capabilities, standing)
        settings = account.settings
        url = f"{settings.api_base}/{settings.api_version}/{settings.phone_number_id}/messages"
        envelope = _envelope(outbound)
        quoted: dict[str, JsonValue] = (
            {"context": {"message_id": outbound.reply_to}} if outbound.reply_to else {}
        )
        return [
            meta.graph_call(
                url,
                settings.access_token,
                {**envelope, **({} if index else quoted), "type": type_, type_: content},
            )
            for index, (type_, content) in enumerate(_contents(outbound, self.capabilities.text_limit))
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the answer of the messages call; accepted is not delivered yet."""
        return meta.receipt(answer, _named)

    def media_hosts(self, account: Account[WhatsAppSettings]) -> tuple[str, ...]:
        """The Graph API, and the hosts that it sends us to."""
        return (*meta.MEDIA_HOSTS, account.settings.api_base)

    def media_call(self, reference: str, account: Account[WhatsAppSettings], now: datetime) -> Call | None:
        """Ask where a medium is; Meta keeps it for some days."""
        settings = account.settings
        return meta.media_call(
            f"{settings.api_base}/{settings.api_version}",
            settings.access_token,
            reference.removeprefix(REFERENCE),
        )

    def media_place(self, answer: Answer, account: Account[WhatsAppSettings]) -> Call | Refused:
        """Read where it is; that address lasts five minutes, and wants the token again."""
        return meta.media_place(answer, account.settings.access_token)


def _named(answer: JsonValue) -> str:
    return next((text(message, "id") for message in children(answer, "messages")), "")


def _envelope(outbound: Outbound) -> dict[str, JsonValue]:
    """Address the thread: a user's id, a phone number, or a group."""
    to = outbound.thread
    user, phone = bool(_USER_ID.fullmatch(to)), to.isascii() and to.isdecimal()
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual" if user or phone else "group",
        "recipient" if user else "to": to,
        "biz_opaque_callback_data": note(outbound.id, outbound.thread),
    }


def _contents(outbound: Outbound, limit: int) -> list[Content]:
    if outbound.template:
        return [_template(outbound.template)]
    texts = split(outbound.text, limit)
    media = [_medium(attachment) for attachment in outbound.attachments]
    if outbound.choices:
        return [*media, *_asked(texts, outbound.choices)]
    captioned = media and outbound.attachments[0].kind in _CAPTIONED
    if captioned and len(texts) == 1 and units(texts[0]) <= CAPTION_LIMIT:
        media[0][1]["caption"] = texts.pop()
    return [*(_text(part) for part in texts), *media]


def _asked(texts: list[str], choices: Iterable[Choice]) -> list[Content]:
    if not texts:
        raise NotDeliverable("choices-text", "buttons of WhatsApp need a text to stand under")
    *before, question = (*texts[:-1], *split(texts[-1], CAPTION_LIMIT))
    action: JsonValue = {"buttons": [_button(choice) for choice in choices]}
    asked: Content = "interactive", {"type": "button", "action": action, "body": {"text": question}}
    return [*(_text(part) for part in before), asked]


def _template(template: Template) -> Content:
    if not template.language:
        raise NotDeliverable("template", "a template of WhatsApp needs its language")
    values: JsonValue = [{"type": "text", "text": value} for value in template.values]
    content: dict[str, JsonValue] = {"name": template.name, "language": {"code": template.language}}
    if template.values:
        content["components"] = [{"type": "body", "parameters": values}]
    return "template", content


def _text(part: str) -> Content:
    return "text", {"body": part, "preview_url": False}


def _medium(attachment: Attachment) -> Content:
    if attachment.kind is AttachmentKind.LOCATION:
        latitude, longitude = rules.coordinates(attachment)
        place: dict[str, JsonValue] = {"latitude": latitude, "longitude": longitude}
        named = {"name": attachment.name, "address": attachment.text}
        return "location", place | {name: value for name, value in named.items() if value}
    reference = attachment.url.removeprefix(REFERENCE)
    known = reference != attachment.url
    content: dict[str, JsonValue] = {"id": reference} if known else {"link": rules.web_address(attachment)}
    if attachment.kind is AttachmentKind.FILE and attachment.name:
        content["filename"] = attachment.name
    return _TYPES[attachment.kind], content


def _button(choice: Choice) -> JsonValue:
    if not 1 <= len(choice.title) <= TITLE_LIMIT or not 1 <= len(choice.payload) <= PAYLOAD_LIMIT:
        raise NotDeliverable(
            "choice-length",
            f"a button has a title of 1 to {TITLE_LIMIT} characters and a payload of 1 to {PAYLOAD_LIMIT}",
        )
    return {"type": "reply", "reply": {"id": choice.payload, "title": choice.title}}
