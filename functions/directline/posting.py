"""What a customer posts: an activity becomes an item of `inbound-chat`, as a webhook's would.

https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-direct-line-3-0-send-activity.
A client that got no answer posts again with the same `clientActivityID`: that is the same item, stored once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import uuid4

from functions.channels.chat import ACTIVITY_LIMIT
from functions.channels.contract import Response
from functions.conversations.feed import CUSTOMER
from functions.conversations.layout import Place
from functions.conversations.states import OVER, PERSISTENT
from functions.directline.access import admit
from functions.directline.activities import Activity, greeting_id
from functions.directline.call import Call, Ended, answered
from functions.directline.sessions import Session, Sessions
from functions.directline.tokens import Grant
from functions.errors import Invalid, NotFound
from functions.intake.envelope import inbound_envelope
from functions.message import (
    Address,
    Attachment,
    AttachmentKind,
    Delivery,
    Inbound,
    Kind,
    Receipt,
    digest,
    thread_key,
)
from functions.providers.payload import at, children, text

READ = frozenset({"MessageRead", "messageRead", "application/vnd.microsoft.readReceipt"})
ID_LIMIT = 256  # characters of a clientActivityID
ATTACHMENTS = 10
# Ours to say, whatever the client says: the rest comes back as it was posted.
OURS = frozenset({"id", "from", "conversation", "recipient", "timestamp", "channelId", "serviceUrl"})
KINDS: Mapping[str, AttachmentKind] = MappingProxyType(
    {"image": AttachmentKind.IMAGE, "audio": AttachmentKind.AUDIO, "video": AttachmentKind.VIDEO}
)


@dataclass(frozen=True, slots=True)
class Posted:
    """An activity as it came; `id` is the same each time that its client posts it, if the client named it."""

    id: str
    kind: Kind
    activity: Activity


class Posting:
    """The endpoint that customers' activities come to."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def post(self, call: Call) -> Response:
        """Take an activity; 200 with its id when it is kept. Raises Ended when a live chat is over."""
        grant = await admit(call, self._sessions)
        posted = read_activity(grant, call.json(ACTIVITY_LIMIT))
        await self._take(call, grant, posted)
        return answered({"id": posted.id})

    async def _take(self, call: Call, grant: Grant, posted: Posted) -> None:
        if posted.kind is Kind.TYPING:
            await call.rooms.threads.typing(_key(call, grant), CUSTOMER)
        elif posted.kind is Kind.RECEIPT:
            read = Receipt(state=Delivery.READ, watermark=await _read_until(call, grant, posted.activity))
            await _send(call, _item(call, grant, posted).model_copy(update={"receipt": read}))
        elif posted.kind is Kind.LEFT:
            # In a persistent chat a visit ends, and the conversation goes on.
            if not call.account.settings.persistent:
                await _send(call, _item(call, grant, posted))
        else:
            linked = referred(posted.activity)
            await self.say(call, await self.still_on(call, grant), posted, linked)

    async def still_on(self, call: Call, grant: Grant) -> Session:
        """Give the session in which something may be said; raises NotFound, or Ended."""
        session = await self._sessions.get(call.account.id, grant.conversation)
        if not call.account.settings.persistent:
            await _still_on(call, grant)
        return session

    async def say(
        self, call: Call, session: Session, posted: Posted, attachments: tuple[Attachment, ...]
    ) -> None:
        """Take what is said, with what came along, in a session that is still on."""
        told: dict[str, object] = {
            "sender": session.customer,
            "text": _text(posted),
            "payload": _payload(posted.activity),
            "attachments": attachments,
            "context": _context(session, persistent=call.account.settings.persistent),
            "raw": {name: value for name, value in posted.activity.items() if name not in OURS},
        }
        await _send(call, _item(call, session, posted).model_copy(update=told))


def read_activity(grant: Grant, content: Activity) -> Posted:
    """Read an activity; raises Invalid when it has no type, or says nothing."""
    name = text(content, "channelData", "clientActivityID")
    if len(name) > ID_LIMIT:
        raise Invalid(f"the clientActivityID is over {ID_LIMIT} characters")
    kind = _kind(content)
    if kind is Kind.MESSAGE and not (text(content, "text").strip() or children(content, "attachments")):
        raise Invalid("the message is empty")
    return Posted(digest(grant.conversation, name or uuid4().hex), kind, content)


def _kind(content: Activity) -> Kind:
    name = text(content, "type")
    if not name:
        raise Invalid("an activity has a type")
    if name == "message":
        pressed = at(content, "value") is not None or _posts_back(content)
        return Kind.POSTBACK if pressed else Kind.MESSAGE
    if name == "event":
        return Kind.RECEIPT if text(content, "name") in READ else Kind.POSTBACK
    return {"typing": Kind.TYPING, "endOfConversation": Kind.LEFT}.get(name, Kind.UNSUPPORTED)


def kind_of_file(content_type: str) -> AttachmentKind:
    """Tell the kind of a medium by its type."""
    return KINDS.get(content_type.partition("/")[0], AttachmentKind.FILE)


def referred(posted: Activity) -> tuple[Attachment, ...]:
    """Give the attachments that lie elsewhere on the web; they are links, which nobody fetches."""
    found = children(posted, "attachments")
    if len(found) > ATTACHMENTS:
        raise Invalid(f"a message has at most {ATTACHMENTS} attachments")
    return tuple(
        Attachment(
            kind=AttachmentKind.LINK,
            url=text(one, "contentUrl"),
            content_type=text(one, "contentType"),
            name=text(one, "name"),
        )
        for one in found
        if text(one, "contentUrl").startswith(("https://", "http://"))
    )


def _text(posted: Posted) -> str:
    said = text(posted.activity, "text")
    return said or (text(posted.activity, "name") if posted.kind is Kind.POSTBACK else "")


def _payload(content: Activity) -> str:
    value = at(content, "value")
    if value is None:
        return text(content, "text") if _posts_back(content) else ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _posts_back(content: Activity) -> bool:
    return at(content, "channelData", "postBack") is True


def _item(call: Call, author: Grant | Session, posted: Posted) -> Inbound:
    return Inbound(
        channel=call.account.channel,
        provider=call.account.provider,
        account=call.account.id,
        thread=author.conversation,
        event=posted.id,
        kind=posted.kind,
        sender=Address(id=author.user),
        received_at=call.request.received_at,
    )


def _context(session: Session, *, persistent: bool) -> dict[str, str]:
    """Give what the session tells; whether a chat is persistent is ours to say."""
    told = {name: value for name, value in session.context.items() if name != PERSISTENT}
    return {**told, PERSISTENT: "true"} if persistent else told


async def _send(call: Call, item: Inbound) -> None:
    await call.rooms.outbox.send(f"inbound-{item.channel}", [inbound_envelope(item)])


async def _read_until(call: Call, grant: Grant, told: Activity) -> datetime:
    """Give the time of the message up to which all was read: what came after it, nobody has seen."""
    name = text(told, "value", "messageId") or text(told, "value", "lastReadMessageId")
    if name == greeting_id(grant.conversation):
        return grant.began
    if name and not name.startswith(f"{_key(call, grant)}-"):
        raise Invalid("the message that was read is none of this conversation")
    return (await call.rooms.threads.message(name)).received_at if name else call.request.received_at


async def _still_on(call: Call, grant: Grant) -> None:
    """A live chat is one conversation of its thread: when that is over, so is the chat."""
    try:
        head = await call.rooms.threads.conversation(Place(_key(call, grant), 1).conversation)
    except NotFound:
        return
    if head.state in OVER:
        raise Ended("the conversation is over: start another one")


def _key(call: Call, grant: Grant) -> str:
    return thread_key(call.account.channel, call.account.id, grant.conversation)
