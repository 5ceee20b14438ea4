"""Reading the Advanced Messaging events: WhatsApp's messages and statuses in the words of Azure.

Follows https://learn.microsoft.com/azure/event-grid/communication-services-advanced-messaging-events.
The names in the data are lower case here. A text may come without a message id: the event's id stands in,
which two subscriptions that bring the same event share.
"""

from pydantic import JsonValue

from functions.message import Attachment, AttachmentKind, Delivery, Inbound, Kind, Receipt
from functions.providers.acs import same_address
from functions.providers.acs.events import Incoming
from functions.providers.meta import errors
from functions.providers.payload import child, text

RECEIVED = "Microsoft.Communication.AdvancedMessageReceived"
UPDATED = "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated"
REFERENCE = "acs:"  # in front of a media id; the API's /messages/streams/ID has the medium

_STATES = {
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.READ,
    "failed": Delivery.FAILED,
}
_MEDIA = {
    "image": AttachmentKind.IMAGE,
    "audio": AttachmentKind.AUDIO,
    "voice": AttachmentKind.AUDIO,
    "video": AttachmentKind.VIDEO,
    "document": AttachmentKind.FILE,
    "sticker": AttachmentKind.STICKER,
}


def read(incoming: Incoming, channel_id: str) -> Inbound:
    """Turn an event into an item: UNSUPPORTED when it is unknown, or for another channel of the resource."""
    data, kind = incoming.event.data, incoming.event.type
    if kind == UPDATED.lower():
        return _status(incoming)
    if kind != RECEIVED.lower() or not text(data, "from"):
        return incoming.unsupported()
    if not same_address(text(data, "to"), channel_id):
        return incoming.unsupported("the message is for another channel than this account's")
    if child(data, "reaction"):
        return _reaction(incoming)
    pressed = child(data, "button") or child(data, "interactive")
    return _pressed(incoming, pressed) if pressed else _message(incoming)


def _message(incoming: Incoming) -> Inbound:
    data = incoming.event.data
    media = _attachment(child(data, "media"), text(data, "messagetype"))
    said = text(data, "content") or text(data, "media", "caption")
    if not said and not media:
        return incoming.unsupported()
    return incoming.make(
        Kind.MESSAGE,
        context=_context(data),
        text=said,
        attachments=(media,) if media else (),
        target=text(data, "context", "id"),
    )


def _pressed(incoming: Incoming, pressed: JsonValue) -> Inbound:
    """A button of a template, or a button or line of an interactive message."""
    data = incoming.event.data
    chosen = child(pressed, "buttonreply") or child(pressed, "listreply") or pressed
    title = text(chosen, "title") or text(chosen, "text")
    payload = text(chosen, "payload") or text(chosen, "id")
    if not title and not payload:
        return incoming.unsupported()
    description = {"description": text(chosen, "description")}
    return incoming.make(
        Kind.POSTBACK,
        context={**_context(data), **description},
        text=title,
        payload=payload or title,
        target=text(data, "context", "id"),
    )


def _reaction(incoming: Incoming) -> Inbound:
    reaction = child(incoming.event.data, "reaction")
    return incoming.make(
        Kind.REACTION,
        context=_context(incoming.event.data),
        text=text(reaction, "emoji"),
        target=text(reaction, "messageid"),
    )


def _status(incoming: Incoming) -> Inbound:
    data = incoming.event.data
    state, message = _STATES.get(text(data, "status").lower()), text(data, "messageid")
    if not state or not message:
        return incoming.make(Kind.UNSUPPORTED, "to", raw=incoming.event.raw)
    code = text(data, "error", "channelcode") if state is Delivery.FAILED else ""
    reason = "WhatsApp did not deliver the message" if state is Delivery.FAILED else ""
    receipt = Receipt(state=state, message=message, code=code, reason=errors.reason(code) if code else reason)
    return incoming.make(Kind.RECEIPT, "to", receipt=receipt)


def _attachment(media: JsonValue, type_: str) -> Attachment | None:
    name, content_type = text(media, "id"), text(media, "mimetype")
    if not name:
        return None
    kind = _MEDIA.get(type_.lower()) or _MEDIA.get(content_type.partition("/")[0], AttachmentKind.FILE)
    return Attachment(
        kind=kind, url=REFERENCE + name, content_type=content_type, name=text(media, "filename")
    )


def _context(data: JsonValue) -> dict[str, str]:
    animated = child(data, "media").get("animated") is True
    return {"to": text(data, "to"), "animated": "true" if animated else ""}
