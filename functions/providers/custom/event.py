"""The JSON of a home-made channel: what it tells us and is told. See docs/custom-messaging.md."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from functions.message import (
    Address,
    Attachment,
    AttachmentKind,
    Choice,
    Delivery,
    Kind,
    Model,
    Outbound,
    Receipt,
    Template,
)

Id = Annotated[str, Field(min_length=1, max_length=256)]
Word = Annotated[str, Field(max_length=500)]
# Agents are shown links: none of them may run.
Url = Annotated[str, Field(max_length=4096, pattern="^(|https?://.*|geo:.*)$")]


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond the calendar") from None


class EventType(StrEnum):
    """What happened at the channel. Of another type the whole event is kept as unsupported."""

    MESSAGE = "message"
    POSTBACK = "postback"  # a choice of ours was taken: `payload` is what it held
    REACTION = "reaction"  # `text` is the emoji; empty: taken back
    EDIT = "edit"
    DELETE = "delete"
    STATUS = "status"  # how far a message of ours came
    READ = "read"  # the customer has seen `replyTo`, or everything until `sentAt`
    TYPING = "typing"
    JOINED = "joined"
    LEFT = "left"
    OPT_OUT = "optOut"
    OPT_IN = "optIn"


class Progress(StrEnum):
    """How far a message of ours came at the channel."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class Sender(Model):
    """The customer; `id` is the thread's when it is not given."""

    id: Word = ""
    name: Word = ""
    phone: Word = ""
    email: Word = ""
    locale: Word = ""


class Medium(Model):
    """Something sent along; of a location `url` is a `geo:` URI, of a contact `text` is the vCard."""

    kind: AttachmentKind
    url: Url = ""
    content_type: Word = ""
    name: Word = ""
    size: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    text: str = ""

    def attachment(self) -> Attachment:
        """Give it as the service keeps it."""
        return Attachment(**self.model_dump())


class CustomEvent(Model):
    """One event of a home-made channel.

    `id` tells repetitions (without it, the header `webhook-id` does); `thread` keeps the order and names the
    conversation; `replyTo` is the message that the event is about: answered, edited, deleted, read …
    """

    id: Annotated[str, Field(max_length=256)] = ""
    type: EventType
    thread: Id
    sender: Sender = Sender()
    text: str = ""
    attachments: Annotated[tuple[Medium, ...], Field(max_length=50)] = ()
    payload: str = ""
    reply_to: Annotated[str, Field(max_length=256)] = ""
    state: Progress | None = None
    code: Word = ""
    reason: Word = ""
    sent_at: Annotated[AwareDatetime, AfterValidator(_utc)] | None = None
    context: Annotated[Mapping[str, str], Field(max_length=100)] = {}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = {
            EventType.MESSAGE: not self.text and not self.attachments,
            EventType.POSTBACK: not self.payload,
            EventType.STATUS: not self.reply_to or self.state is None,
        }
        about = {EventType.REACTION, EventType.EDIT, EventType.DELETE}
        if missing.get(self.type) or (self.type in about and not self.reply_to):
            raise ValueError(f"lacks what an event of the type {self.type} needs")
        return self

    @property
    def kind(self) -> Kind:
        """What the service calls it."""
        return Kind.RECEIPT if self.type in (EventType.STATUS, EventType.READ) else Kind(self.type.value)

    @property
    def customer(self) -> Address:
        """Who it is from."""
        return Address(**{**self.sender.model_dump(), "id": self.sender.id or self.thread})

    def receipt(self, received_at: datetime) -> Receipt | None:
        """Give what it says of messages of ours."""
        if self.type is EventType.STATUS and self.state:
            state = Delivery(self.state.value)
            return Receipt(state=state, message=self.reply_to, code=self.code, reason=self.reason)
        if self.type is not EventType.READ:
            return None
        until = None if self.reply_to else self.sent_at or received_at
        return Receipt(state=Delivery.READ, message=self.reply_to, watermark=until)


class CustomMessage(Model):
    """What the channel is told: `type` is message, or an `Event`: news of the conversation.

    `id` is also the header `webhook-id`: the same again is a repetition.
    """

    id: str
    type: str
    thread: str
    recipient: str
    conversation: str
    text: str = ""
    attachments: tuple[Medium, ...] = ()
    choices: tuple[Choice, ...] = ()
    reply_to: str = ""
    template: Template | None = None
    created_at: datetime

    @classmethod
    def of(cls, outbound: Outbound) -> "CustomMessage":
        """Give an agent's message, or news, as the channel is told it."""
        return cls(
            id=outbound.id,
            type=outbound.event.value if outbound.event else "message",
            thread=outbound.thread,
            recipient=outbound.recipient,
            conversation=outbound.conversation,
            text=outbound.text,
            attachments=tuple(Medium.model_validate(one.model_dump()) for one in outbound.attachments),
            choices=outbound.choices,
            reply_to=outbound.reply_to,
            template=outbound.template,
            created_at=outbound.created_at,
        )
