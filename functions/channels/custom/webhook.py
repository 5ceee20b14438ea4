"""Any channel of one's own, by signed webhooks both ways: https://www.standardwebhooks.com.

The channel posts what its customers say, we post what agents answer; the JSON is `CustomEvent` and
`CustomMessage` (docs/custom-messaging.md). Each way has secrets of its own: with one secret for both, whoever
sees what we send could send it back as a customer's.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, ValidationError, model_validator

from functions.channels import rules
from functions.channels.contract import (
    FOREVER,
    Account,
    Answer,
    Call,
    Capabilities,
    Outcome,
    Refused,
    Request,
    Response,
    Sent,
    Standing,
    Step,
    written,
)
from functions.errors import Invalid
from functions.message import (
    Address,
    AttachmentKind,
    Delivery,
    Event,
    Inbound,
    Kind,
    Outbound,
)
from functions.providers.answers import by_status
from functions.providers.custom.event import CustomEvent, CustomMessage
from functions.providers.custom.standard_webhooks import SigningSecret, signed, verify
from functions.providers.payload import fragment_id, plain, read_answer, read_json, text
from functions.providers.settings import Settings, checked_base

LARGEST = 100_000_000  # bytes of an attachment
CARRIED = (
    AttachmentKind.IMAGE,
    AttachmentKind.AUDIO,
    AttachmentKind.VIDEO,
    AttachmentKind.FILE,
    AttachmentKind.LOCATION,
)
NAME_LIMIT = 256  # characters of an id that is answered


def _address(url: str) -> str:
    checked_base(url)
    return url if urlsplit(url).path else f"{url}/"


class CustomSettings(Settings):
    """Where we post, and the secrets of each way; a second one is for the days in which it is changed."""

    url: Annotated[str, AfterValidator(_address)]
    incoming_secrets: Annotated[tuple[SigningSecret, ...], Field(min_length=1, max_length=3)]
    outgoing_secrets: Annotated[tuple[SigningSecret, ...], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if set(self.incoming_secrets) & set(self.outgoing_secrets):
            raise ValueError("incomingSecrets and outgoingSecrets must have no secret in common")
        return self


class CustomWebhook:
    """A home-made channel."""

    channel = "custom"
    provider = "webhook"
    Settings = CustomSettings
    capabilities = Capabilities(
        text_limit=200_000,  # what a queue takes; nothing is split
        body_limit=180_000,  # bytes: whatever it holds, the queue takes it whole
        attachments=dict.fromkeys(CARRIED, LARGEST),
        choices=20,
        templates=True,
        receipts=frozenset({Delivery.SENT, Delivery.DELIVERED, Delivery.READ, Delivery.FAILED}),
        idempotent=FOREVER,
        patience=timedelta(hours=24),
        events=frozenset(Event),
    )

    def setup(self, account: Account[CustomSettings]) -> list[Step]:
        """List what the channel's makers need."""
        where = "Your channel: where it posts events, signed with one of incomingSecrets"
        return [Step(where, "URL", account.callback)]

    def api_base(self, account: Account[CustomSettings]) -> str:
        """Give the channel's origin."""
        parts = urlsplit(account.settings.url)
        return f"{parts.scheme}://{parts.netloc}/"

    def handshake(self, request: Request, account: Account[CustomSettings]) -> Response | None:
        """Know no proof but the signatures."""
        return None

    def authenticate(self, request: Request, account: Account[CustomSettings]) -> None:
        """Check the signature, and that it is fresh; raises NotAuthentic."""
        verify(request.headers, request.body, account.settings.incoming_secrets, request.received_at)

    def parse(self, request: Request, account: Account[CustomSettings]) -> Iterator[Inbound]:
        """Yield the event; raises Invalid when the body is no JSON object."""
        content = read_json(request.body)
        if not isinstance(content, dict):
            raise Invalid("the body is not a JSON object")
        try:
            event = CustomEvent.model_validate(content)
        except ValidationError:
            yield _unsupported(content, request, account)
        else:
            yield _item(event, content, request, account)

    def acknowledge(self, items: Iterable[Inbound]) -> Response:
        """Answer 200."""
        return Response()

    def render(self, outbound: Outbound, account: Account[CustomSettings], standing: Standing) -> list[Call]:
        """Make the one signed POST."""
        if not outbound.event:
            rules.check(outbound, self.capabilities, standing)
            _check_addresses(outbound)
        content = CustomMessage.of(outbound).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        headers = signed(outbound.id, standing.now, written(content), account.settings.outgoing_secrets)
        return [Call(account.settings.url, headers, json=content, name=outbound.id)]

    def receipt(self, answer: Answer) -> Outcome:
        """Take any 2xx, with the channel's own id of the message where it tells one.

        410 says that it wants nothing more.
        """
        if 200 <= answer.status < 300:
            return Sent(text(read_answer(answer.body), "id")[:NAME_LIMIT])
        if answer.status == 410:
            return Refused("410", "the channel has gone: it wants no more messages", retryable=False)
        return by_status("the channel", answer)


def _check_addresses(outbound: Outbound) -> None:
    for attachment in outbound.attachments:
        if attachment.kind is AttachmentKind.LOCATION:
            rules.coordinates(attachment)
        else:
            rules.web_address(attachment)


def _item(
    event: CustomEvent, content: JsonValue, request: Request, account: Account[CustomSettings]
) -> Inbound:
    return Inbound(
        channel=account.channel,
        provider=account.provider,
        account=account.id,
        thread=event.thread,
        event=event.id or _named(request, content),
        kind=event.kind,
        sender=event.customer,
        text=event.text,
        attachments=tuple(one.attachment() for one in event.attachments),
        target=event.reply_to,
        payload=event.payload,
        receipt=event.receipt(request.received_at),
        context=event.context,
        sent_at=event.sent_at,
        received_at=request.received_at,
    )


def _unsupported(
    content: dict[str, JsonValue], request: Request, account: Account[CustomSettings]
) -> Inbound:
    """Keep what we cannot read: in its thread, where it names one."""
    thread = text(content, "thread")[:NAME_LIMIT] or account.id
    return Inbound(
        channel=account.channel,
        provider=account.provider,
        account=account.id,
        thread=thread,
        event=text(content, "id")[:NAME_LIMIT] or _named(request, content),
        kind=Kind.UNSUPPORTED,
        sender=Address(id=text(content, "sender", "id")[:NAME_LIMIT] or thread),
        received_at=request.received_at,
        raw=content,
    )


def _named(request: Request, content: JsonValue) -> str:
    return plain(request.headers.get("webhook-id", "")) or fragment_id(content)
