"""WhatsApp through Azure Communication Services (Advanced Messaging); events come through Event Grid.

Follows https://learn.microsoft.com/azure/event-grid/communication-services-advanced-messaging-events and
https://learn.microsoft.com/rest/api/communication/advancedmessaging. The events are read in
`functions.providers.acs.whatsapp`.
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
    KeyId,
    Outcome,
    Request,
    Response,
    Sent,
    Standing,
    Step,
)
from functions.channels.text import split
from functions.errors import NotDeliverable
from functions.message import Attachment, AttachmentKind, Delivery, Inbound, Outbound, Template
from functions.providers import acs, eventgrid
from functions.providers.acs.events import Incoming
from functions.providers.acs.whatsapp import RECEIVED, REFERENCE, UPDATED, read
from functions.providers.answers import UNNAMED
from functions.providers.eventgrid.events import events
from functions.providers.payload import children, read_answer, text

VERSION = "api-version=2024-08-30"
PATH = f"/messages/notifications:send?{VERSION}"

_REFERENCE = re.compile(REFERENCE + r"([0-9A-Za-z_-]{1,128})")
_KINDS = {
    AttachmentKind.IMAGE: "image",
    AttachmentKind.AUDIO: "audio",
    AttachmentKind.VIDEO: "video",
    AttachmentKind.FILE: "document",
}


class AcsWhatsAppSettings(acs.AcsSettings):
    """`channel_id` is the channel registration's, a GUID."""

    channel_id: str = Field(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")


class AcsWhatsApp:
    """WhatsApp at Azure Communication Services."""

    channel = "whatsapp"
    provider = "acs"
    Settings = AcsWhatsAppSettings
    capabilities = Capabilities(
        address="channel_id",
        text_limit=4096,
        body_limit=eventgrid.BODY_LIMIT,
        attachments={
            AttachmentKind.IMAGE: 5_000_000,
            AttachmentKind.AUDIO: 16_000_000,
            AttachmentKind.VIDEO: 16_000_000,
            AttachmentKind.FILE: 100_000_000,
        },
        templates=True,
        reply_window=timedelta(hours=24),
        receipts=frozenset({Delivery.SENT, Delivery.DELIVERED, Delivery.READ, Delivery.FAILED}),
        idempotent=acs.KNOWN_FOR,
        methods=frozenset({"POST", "OPTIONS"}),
    )

    def setup(self, account: Account[AcsWhatsAppSettings]) -> list[Step]:
        """List the two event subscriptions: unfiltered, each would bring every channel of the resource."""
        channel = account.settings.channel_id
        filters = {RECEIVED: f"data.to is in {channel}", UPDATED: f"data.from is in {channel}"}
        return eventgrid.setup(account.settings, account.callback, filters)

    def api_base(self, account: Account[AcsWhatsAppSettings]) -> str:
        """Give the resource's address, closed by a slash."""
        return acs.base(account.settings) + "/"

    def handshake(self, request: Request, account: Account[AcsWhatsAppSettings]) -> Response | None:
        """Answer Event Grid's validation; raises Forbidden."""
        return eventgrid.handshake(request, account.settings)

    def key_id(self, request: Request, account: Account[AcsWhatsAppSettings]) -> KeyId | None:
        """Name the tenant's key, when deliveries carry tokens."""
        return eventgrid.key_id(request, account.settings)

    def authenticate(self, request: Request, account: Account[AcsWhatsAppSettings]) -> None:
        """Check the delivery's secret or token, or both; raises NotAuthentic."""
        eventgrid.authenticate(request, account.settings)

    def parse(self, request: Request, account: Account[AcsWhatsAppSettings]) -> Iterator[Inbound]:
        """Yield the message or status of each event; raises Invalid when the body holds no events."""
        for event in events(request.body):
            incoming = Incoming(self.channel, account.id, request.received_at, event)
            yield read(incoming, account.settings.channel_id)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200; Event Grid reads no body."""
        return Response(200)

    def render(
        self, outbound: Outbound, account: Account[AcsWhatsAppSettings], standing: Standing
    ) -> list[Call]:
        """Send text parts, then each attachment; or a template, as which alone goes outside the window."""
        rules.check(outbound, self.capabilities, standing)
        settings, now = account.settings, standing.now
        to: dict[str, JsonValue] = {"channelRegistrationId": settings.channel_id, "to": [outbound.recipient]}
        return [
            acs.signed_call(settings, PATH, {**to, **content}, now, _repeatability(outbound, part, now))
            for part, content in enumerate(_contents(outbound, self.capabilities.text_limit))
        ]

    def receipt(self, answer: Answer) -> Outcome:
        """Read the receipt of the only recipient."""
        if answer.status >= 300:
            return acs.refusal(answer)
        taken = next(iter(children(read_answer(answer.body), "receipts")), None)
        message = text(taken, "messageId")
        return Sent(message) if message else UNNAMED

    def media_hosts(self, account: Account[AcsWhatsAppSettings]) -> tuple[str, ...]:
        """Media lie at the resource itself."""
        return (acs.base(account.settings),)

    def media_call(self, reference: str, account: Account[AcsWhatsAppSettings], now: datetime) -> Call | None:
        """Make the signed GET of a medium; None for what is none of WhatsApp's."""
        found = _REFERENCE.fullmatch(reference)
        path = f"/messages/streams/{found[1]}?{VERSION}" if found else ""
        return acs.signed_get(account.settings, path, now) if path else None


def _contents(outbound: Outbound, text_limit: int) -> list[dict[str, JsonValue]]:
    if outbound.template:
        return [_template(outbound.template)]
    said: list[dict[str, JsonValue]] = [
        {"kind": "text", "content": part} for part in split(outbound.text, text_limit)
    ]
    return said + [_medium(attachment) for attachment in outbound.attachments]


def _template(template: Template) -> dict[str, JsonValue]:
    """Fill the places of the body in their order: each value has a name, which a binding puts there."""
    if not template.language:
        raise NotDeliverable("template", "a template of WhatsApp needs its language")
    content: dict[str, JsonValue] = {"name": template.name, "language": template.language}
    if template.values:
        names = [str(number) for number, _ in enumerate(template.values, 1)]
        filled = zip(names, template.values, strict=True)
        content["values"] = [{"kind": "text", "name": name, "text": value} for name, value in filled]
        content["bindings"] = {"kind": "whatsApp", "body": [{"refValue": name} for name in names]}
    return {"kind": "template", "template": content}


def _medium(attachment: Attachment) -> dict[str, JsonValue]:
    content: dict[str, JsonValue] = {
        "kind": _KINDS[attachment.kind],
        "mediaUri": rules.web_address(attachment),
    }
    if attachment.kind is AttachmentKind.FILE and attachment.name:
        content["fileName"] = attachment.name
    return content


def _repeatability(outbound: Outbound, part: int, now: datetime) -> dict[str, str]:
    name, first_sent = acs.repeatability(outbound, part, now)
    return {"Repeatability-Request-ID": name, "Repeatability-First-Sent": first_sent}
