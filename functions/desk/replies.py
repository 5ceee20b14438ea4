"""An agent's reply: checked against the channel's rules, recorded, and only then put on its queue.

    key ─▶ customer opted out? ─▶ would the channel take it? ─▶ record ─▶ outbound-<channel> ─▶ 202

A caller who got no answer repeats the request with the same Idempotency-Key: what is still queued is
enqueued again, which is harmless, for the envelope's id is the message's.
"""

from typing import Annotated, Any

from pydantic import Field

from functions.channels import adapter
from functions.channels.contract import Account, Standing
from functions.conversations.model import Conversation, StoredMessage
from functions.conversations.threads import Draft, Replied
from functions.delivery.outgoing import enqueue
from functions.desk.call import Body, Call, Nothing, Reply
from functions.desk.idempotency import key_of
from functions.errors import Conflict, Invalid, NotDeliverable, NotFound
from functions.message import Attachment, AttachmentKind, Choice, Delivery, Outbound, Tag, Template
from functions.services import Services
from functions.telemetry import Kind, span


class OptedOut(Conflict):
    """The customer asked us not to write."""

    code = "opted-out"


class NewAttachment(Body):
    """A thing to send along: `url` is where the provider fetches it, or a `geo:` URI."""

    kind: AttachmentKind
    url: str = Field(default="", max_length=2000)
    content_type: str = Field(default="", max_length=200)
    name: str = Field(default="", max_length=500)
    size: int | None = Field(default=None, ge=0)
    text: str = Field(default="", max_length=5000)


class NewChoice(Body):
    """A quick reply: what is shown, and what comes back when the customer takes it."""

    title: str = Field(min_length=1, max_length=200)
    payload: str = Field(min_length=1, max_length=1000)


class NewTemplate(Body):
    """A template that the provider approved: its name (Twilio: the Content SID), language and values."""

    name: str = Field(min_length=1, max_length=512)
    language: str = Field(default="", max_length=20)
    values: tuple[Annotated[str, Field(min_length=1, max_length=1024)], ...] = Field(
        default=(), max_length=50
    )


class NewReply(Body):
    """What to say. `replyTo` is the id of the message in this conversation that it answers."""

    text: str = Field(default="", max_length=20_000)
    attachments: tuple[NewAttachment, ...] = Field(default=(), max_length=20)
    choices: tuple[NewChoice, ...] = Field(default=(), max_length=50)
    reply_to: str = Field(default="", max_length=200)
    tag: Tag | None = None
    template: NewTemplate | None = None

    def draft(self) -> Draft:
        """Give the draft to record; raises Invalid when there is nothing to say."""
        if not self.text.strip() and not self.attachments and not self.template:
            raise Invalid("a reply needs a text, an attachment or a template")
        return Draft(
            text=self.text,
            attachments=tuple(Attachment(**dict(item)) for item in self.attachments),
            choices=tuple(Choice(**dict(item)) for item in self.choices),
            reply_to=self.reply_to,
            tag=self.tag,
            template=Template(**dict(self.template)) if self.template else None,
        )


async def post_reply(call: Call[Nothing, NewReply], services: Services) -> Reply[StoredMessage]:
    """Record and enqueue a reply: 202 when it is new, 200 when the same request came before."""
    key, draft = key_of(call.headers), call.body.draft()
    conversation = await services.threads.conversation(call.parameters["id"])
    # The reply belongs to what it answers, more than to the agent's request.
    with span("reply", Kind.PRODUCER, conversation.traceparent, channel=conversation.channel):
        replied = await _recorded(conversation, draft, key, call.caller.id, services)
        await _enqueue(replied, services)
    message = replied.message
    location = f"{call.path.rstrip('/')}/{message.id}"
    return Reply(message, 202 if replied.created else 200, {"Location": location})


async def _recorded(
    conversation: Conversation, draft: Draft, key: str, agent: str, services: Services
) -> Replied:
    try:
        await _refuse_undeliverable(conversation, draft, services)
        return await services.threads.reply(conversation.id, draft, key=key, agent=agent)
    except (OptedOut, NotDeliverable):
        # A repeated request is answered as at first, whatever has changed since.
        earlier = await services.threads.earlier_reply(conversation.id, draft, key=key)
        if earlier is None:
            raise
        return earlier


async def _refuse_undeliverable(conversation: Conversation, draft: Draft, services: Services) -> None:
    """Say now what delivery would find out later: an opt-out, a closed window, too many choices."""
    customer = conversation.customer.id
    identity = await services.identities.get(conversation.channel, conversation.account, customer)
    if identity and identity.opted_out_at:
        raise OptedOut("the customer has opted out of messages from this account")
    account = await _account(conversation, services)
    standing = Standing(services.clock(), conversation.last_inbound_at, conversation.context)
    adapter(conversation.channel, conversation.provider).render(
        _preview(conversation, draft, services), account, standing
    )


async def _account(conversation: Conversation, services: Services) -> Account[Any]:
    live = await services.configurations.current()
    try:
        return await live.account(conversation.channel, conversation.account)
    except NotFound as gone:
        raise NotDeliverable("no-account", gone.reason) from gone


def _preview(conversation: Conversation, draft: Draft, services: Services) -> Outbound:
    return Outbound(
        id=f"{conversation.id}-preview",
        conversation=conversation.id,
        channel=conversation.channel,
        provider=conversation.provider,
        account=conversation.account,
        thread=conversation.thread,
        recipient=conversation.customer.id,
        text=draft.text,
        attachments=draft.attachments,
        choices=draft.choices,
        tag=draft.tag,
        template=draft.template,
        created_at=services.clock(),
    )


async def _enqueue(replied: Replied, services: Services) -> None:
    queued = replied.message.delivery is Delivery.QUEUED
    reply = replied.outbound if replied.created or queued else None
    await enqueue(services.outbox, [replied.news, reply])
