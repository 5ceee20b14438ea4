"""The one message format on the queues: what every channel's webhook becomes, and what every reply is.

The JSON of these models is the body of the Service Bus messages. It is versioned: a reader ignores
fields that it does not know, so that a newer webhook function may run beside an older router.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel

QUEUE_LIMIT = 200_000  # bytes of JSON; Service Bus Standard takes 256 KB with all its headers


class Model(BaseModel):
    """A frozen value whose JSON is camelCase."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        ser_json_bytes="base64",
        hide_input_in_errors=True,  # it may be a customer's word, and an error may reach a log
    )

    def json_text(self) -> str:
        """Give the JSON of the wire: camelCase, what is unset left out."""
        return self.model_dump_json(by_alias=True, exclude_defaults=True)


class Kind(StrEnum):
    """What an inbound item is. Everything but RECEIPT and TYPING is kept in the conversation."""

    MESSAGE = "message"
    POSTBACK = "postback"
    REACTION = "reaction"
    EDIT = "edit"
    DELETE = "delete"
    ECHO = "echo"
    JOINED = "joined"
    LEFT = "left"
    CALL = "call"  # a step of a phone call
    OPT_OUT = "optOut"
    OPT_IN = "optIn"
    RECEIPT = "receipt"
    TYPING = "typing"
    RECORD = "record"  # a business record changed: `raw` is a `RecordChange`
    UNSUPPORTED = "unsupported"


class AttachmentKind(StrEnum):
    """The media kinds that the channels share."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    FILE = "file"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    LINK = "link"


class Delivery(StrEnum):
    """How far an outbound message has come. UNCERTAIN: the provider may or may not have taken it."""

    QUEUED = "queued"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"

    @property
    def rank(self) -> int:
        """Statuses arrive in any order: only a higher rank replaces a lower one."""
        return tuple(Delivery).index(self)


class Attachment(Model):
    """A thing sent along. `url` is where it is, or a provider's reference such as `telegram:FILE_ID`.

    For a location `url` is a `geo:` URI (RFC 5870); for a contact the vCard is in `text`. Of what a customer
    sent, a copy is fetched: `blob` names it, or `error` says why there is none; before, both are empty.
    """

    kind: AttachmentKind
    url: str = ""
    content_type: str = ""
    name: str = ""
    size: int | None = None
    text: str = ""
    blob: str = ""
    error: str = ""


class Address(Model):
    """A person at one account: the provider's id, and what the provider tells about them."""

    id: str
    name: str = ""
    phone: str = ""
    email: str = ""
    locale: str = ""


class EntityRef(Model):
    """A business record by its logical name (contact, account, incident, quote, campaign …) and id."""

    entity: str
    id: str
    name: str = ""


class Receipt(Model):
    """News of messages we sent: of one (`message`, the provider's id), or of all up to `watermark`.

    `ours` is our own id of the message, where the provider gives it back; `whole`: it took this one call.
    """

    state: Delivery
    message: str = ""
    ours: str = ""
    whole: bool = False
    watermark: datetime | None = None
    code: str = ""
    reason: str = ""


class Inbound(Model):
    """One item of a webhook: what a customer, or the provider, told us.

    `event` is the provider's id of the item; with `kind` it is unique within the account for good.
    `target` is the provider's id of the message that a reply, reaction, edit or deletion is about; of an
    ECHO of what we sent it is our own id, where the provider gives it back.
    `thread` is empty only for a RECEIPT of a provider that does not tell whose message it was.
    `context` holds what the provider says beside the message, for routing rules.
    `raw` is the provider's own fragment, kept where the fields here do not say all.
    """

    version: Literal[1] = 1
    channel: str
    provider: str
    account: str
    thread: str
    event: str
    kind: Kind
    sender: Address
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    target: str = ""
    payload: str = ""
    receipt: Receipt | None = None
    context: Mapping[str, str] = {}
    sent_at: datetime | None = None
    received_at: datetime
    traceparent: str = ""  # W3C: of the webhook that brought it
    raw: JsonValue | None = None  # the None is said apart, for most have none: pydantic looks no further

    @property
    def id(self) -> str:
        """The Service Bus message id, the same for every delivery of the same item."""
        state = self.receipt.state if self.receipt else ""
        return digest(self.channel, self.account, self.event, self.kind, state)

    @property
    def session(self) -> str:
        """The Service Bus session id, which is also the thread's table partition.

        A status that does not name its thread has a session of its own until routing has found it.
        """
        if not self.thread and self.receipt:
            return digest(self.channel, self.account, "status", self.receipt.message)
        return thread_key(self.channel, self.account, self.thread)


class Choice(Model):
    """A quick reply or button: what is shown, and what comes back as a postback's payload."""

    title: str
    payload: str


class Template(Model):
    """A message that the provider approved beforehand: its name there, and what fills its places.

    `values` are texts for the places of its body, in their order. Places in headers and buttons, and those
    for media, are not filled: a template that has such is refused by the provider.
    """

    name: str
    language: str = ""
    values: tuple[str, ...] = ()


class Event(StrEnum):
    """News of a conversation itself, told to the customer's side where the channel carries it."""

    ACCEPTED = "accepted"  # an agent took it
    TYPING = "typing"  # an agent writes; never kept
    ENDED = "ended"  # the talk is over
    CLOSED = "closed"


class Tag(StrEnum):
    """A provider's permission to write outside its reply window."""

    HUMAN_AGENT = "humanAgent"


class Outbound(Model):
    """An agent's message on its way to the provider; `id` is the stored message's id.

    With an `event` it is news of the conversation instead, without a text: `Capabilities.events` lists which.
    """

    version: Literal[1] = 1
    id: str
    conversation: str
    channel: str
    provider: str
    account: str
    thread: str
    recipient: str
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    choices: tuple[Choice, ...] = ()
    reply_to: str = ""
    tag: Tag | None = None
    template: Template | None = None
    event: Event | None = None
    traceparent: str = ""  # W3C: of the request that asked for it
    created_at: datetime

    @property
    def session(self) -> str:
        """Replies keep the order of their thread too."""
        return thread_key(self.channel, self.account, self.thread)


def digest(*parts: str) -> str:
    """Hash parts to 32 hex characters; no two lists of parts give the same input."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def thread_key(channel: str, account: str, thread: str) -> str:
    """Name a thread: its session on the queues and its partition in the table."""
    return digest(channel, account, thread)
