"""WhatsApp through Meta's Cloud API: a phone number's conversations. One webhook call may hold many items.

Follows https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks and
https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages. The items are read in
`functions.providers.meta.whatsapp`, messages written in `functions.providers.meta.whatsapp_send`.
"""

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
from functions.message import AttachmentKind, Delivery, Inbound, Outbound
from functions.providers import meta
from functions.providers.meta import whatsapp_send
from functions.providers.meta.whatsapp import Number, items
from functions.providers.meta.whatsapp_content import REFERENCE
from functions.providers.payload import children, text
from functions.providers.settings import ApiBase, Secret, Settings

_FIELDS = "messages, user_preferences, smb_message_echoes"


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

        With buttons the text goes last, for they hang on it. Outside the window only a template is taken.
        """
        rules.check(outbound, self.capabilities, standing)
        settings = account.settings
        url = f"{settings.api_base}/{settings.api_version}/{settings.phone_number_id}/messages"
        contents = whatsapp_send.contents(outbound, self.capabilities.text_limit)
        envelope = whatsapp_send.envelope(outbound, len(contents))
        quoted: dict[str, JsonValue] = (
            {"context": {"message_id": outbound.reply_to}} if outbound.reply_to else {}
        )
        return [
            meta.graph_call(
                url,
                settings.access_token,
                {**envelope, **({} if index else quoted), "type": type_, type_: content},
            )
            for index, (type_, content) in enumerate(contents)
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
