"""Reading what Google tells an RCS agent: one message or event for each webhook call.

Follows https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/UserMessage
and https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/UserEvent.
Only the signed data is read: the envelope around it, with its attributes, is anybody's word.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Attachment, AttachmentKind, Delivery, Inbound, Kind, Receipt
from functions.providers.payload import child, digits, fragment_id, instant, read_json, text

_MEDIA = {"image": AttachmentKind.IMAGE, "audio": AttachmentKind.AUDIO, "video": AttachmentKind.VIDEO}
_STATES = {"DELIVERED": Delivery.DELIVERED, "READ": Delivery.READ}
_PLAIN = {"IS_TYPING": Kind.TYPING, "UNSUBSCRIBE": Kind.OPT_OUT, "SUBSCRIBE": Kind.OPT_IN}
_EXPIRED = "TTL_EXPIRATION_REVOKED"


@dataclass(frozen=True, slots=True)
class Agent:
    """Whose webhook it is: the account, and the agent's id, which Google writes with its domain there."""

    channel: str
    account: str
    id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Item:
    agent: Agent
    content: dict[str, JsonValue]

    def make(self, kind: Kind, **more: Any) -> Inbound:
        phone = text(self.content, "senderPhoneNumber") or text(self.content, "phoneNumber")
        customer = phone or self.agent.id  # what names nobody is about the agent itself
        event = text(self.content, "eventId") or text(self.content, "messageId")
        return Inbound(
            channel=self.agent.channel,
            provider="google",
            account=self.agent.account,
            thread=customer,
            event=event or fragment_id(self.content),
            kind=kind,
            sender=Address(id=customer, phone=phone),
            sent_at=instant(text(self.content, "sendTime")),
            received_at=self.agent.received_at,
            **more,
        )

    def unsupported(self, **more: Any) -> Inbound:
        return self.make(Kind.UNSUPPORTED, raw=self.content, **more)


def item(data: bytes, agent: Agent) -> Inbound:
    """Read the decoded data; raises Invalid when it is no JSON object. Another agent's is UNSUPPORTED."""
    content = read_json(data)
    if not isinstance(content, dict):
        raise Invalid("the data is not a JSON object")
    found = _Item(agent, content)
    addressed = text(content, "agentId")
    if addressed and addressed.partition("@")[0] != agent.id:
        note = "the item belongs to another agent than this account's"
        return found.unsupported(context={"agent": addressed, "note": note})
    if "eventType" in content:
        return _event(found)
    reader = next((read for name, read in _READERS.items() if name in content), None)
    return reader(found) if reader else found.unsupported()


def _event(found: _Item) -> Inbound:
    kind = text(found.content, "eventType")
    message = text(found.content, "messageId")
    if kind in _STATES and message:
        return found.make(Kind.RECEIPT, receipt=Receipt(state=_STATES[kind], message=message))
    if kind == _EXPIRED and message:
        reason = "it was not delivered in its time to live, and was withdrawn"
        receipt = Receipt(state=Delivery.FAILED, message=message, code="expired", reason=reason)
        return found.make(Kind.RECEIPT, receipt=receipt)
    return found.make(_PLAIN[kind]) if kind in _PLAIN else found.unsupported()


def _text(found: _Item) -> Inbound:
    return found.make(Kind.MESSAGE, text=text(found.content, "text"))


def _suggestion(found: _Item) -> Inbound:
    response = child(found.content, "suggestionResponse")
    return found.make(Kind.POSTBACK, text=text(response, "text"), payload=text(response, "postbackData"))


def _location(found: _Item) -> Inbound:
    place = child(found.content, "location")
    latitude, longitude = (text(place, name) for name in ("latitude", "longitude"))
    if not latitude or not longitude:
        return found.unsupported()
    where = Attachment(kind=AttachmentKind.LOCATION, url=f"geo:{latitude},{longitude}")
    return found.make(Kind.MESSAGE, attachments=(where,))


def _file(found: _Item) -> Inbound:
    file = child(found.content, "userFile", "payload")
    url, media = text(file, "fileUri"), text(file, "mimeType")
    if not url:
        return found.unsupported()
    attachment = Attachment(
        kind=_MEDIA.get(media.partition("/")[0], AttachmentKind.FILE),
        url=url,
        content_type=media,
        name=text(file, "fileName"),
        size=digits(file, "fileSizeBytes"),
    )
    return found.make(Kind.MESSAGE, text=text(found.content, "text"), attachments=(attachment,))


_READERS: dict[str, Callable[[_Item], Inbound]] = {
    "suggestionResponse": _suggestion,
    "location": _location,
    "userFile": _file,
    "text": _text,
}
