"""Reading WeChat's messages and events: one for each webhook call.

Follows https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
and https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_event_pushes.html.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import JsonValue

from functions.errors import Invalid
from functions.message import Address, Attachment, AttachmentKind, Delivery, Inbound, Kind, Receipt
from functions.providers.payload import digits, fragment_id, moment, text
from functions.providers.wechat.media import REFERENCE
from functions.providers.wechat.xml import read_xml

SCENE = "qrscene_"  # stands before a QR code's scene when its reader subscribes

# What the customer did in the menu, to be answered; and what is only noted.
_ASKED = ("click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin")
_NOTED = ("view", "view_miniprogram", "scan", "location", "location_select")
_STATES = {"success": Delivery.DELIVERED}


class Official(NamedTuple):
    """Whose webhook it is: the account, and the official account's original id."""

    channel: str
    account: str
    id: str
    received_at: datetime


class _Item(NamedTuple):
    official: Official
    content: dict[str, JsonValue]

    def make(self, kind: Kind, context: Mapping[str, str] | None = None, **more: Any) -> Inbound:
        customer = text(self.content, "FromUserName") or self.official.id
        return Inbound(
            channel=self.official.channel,
            provider="wechat",
            account=self.official.account,
            thread=customer,
            event=self._name(),
            kind=kind,
            sender=Address(id=customer),
            context=context or {},
            sent_at=moment(digits(self.content, "CreateTime")),
            received_at=self.official.received_at,
            **more,
        )

    def unsupported(self, note: str = "") -> Inbound:
        return self.make(Kind.UNSUPPORTED, {"note": note} if note else None, raw=self.content)

    def _name(self) -> str:
        """A message has an id; an event is known by who did what in which second."""
        if name := text(self.content, "MsgId"):
            return name
        parts = [text(self.content, name) for name in ("FromUserName", "CreateTime", "Event", "EventKey")]
        return ":".join(parts) if all(parts[:3]) else fragment_id(self.content)


def item(xml: bytes, official: Official) -> Inbound:
    """Read the decrypted XML, another account's as UNSUPPORTED; raises Invalid when it is none."""
    content = read_xml(xml)
    if not content:
        raise Invalid("the XML has no elements")
    found = _Item(official, content)
    if text(content, "ToUserName") not in ("", official.id):
        return found.unsupported("the item is for another official account than this account's")
    kind = text(content, "MsgType").lower()
    if kind == "event":
        return _event(found, text(content, "Event").lower())
    return _READERS[kind](found) if kind in _READERS else found.unsupported()


def _text(found: _Item) -> Inbound:
    """A text; or the choice of a menu that we sent, which names what was chosen."""
    choice = text(found.content, "bizmsgmenuid")
    kind = Kind.POSTBACK if choice else Kind.MESSAGE
    return found.make(kind, text=text(found.content, "Content"), payload=choice)


def _medium(kind: AttachmentKind, content_type: str = "") -> Callable[[_Item], Inbound]:
    def read(found: _Item) -> Inbound:
        name = text(found.content, "MediaId")
        if not name:
            return found.unsupported()
        form = text(found.content, "Format").lower()
        attachment = Attachment(
            kind=kind, url=REFERENCE + name, content_type=f"audio/{form}" if form else content_type
        )
        return found.make(Kind.MESSAGE, text=text(found.content, "Recognition"), attachments=(attachment,))

    return read


def _location(found: _Item) -> Inbound:
    place = _place(found, "Location_X", "Location_Y", text(found.content, "Label"))
    return found.make(Kind.MESSAGE, attachments=place) if place else found.unsupported()


def _link(found: _Item) -> Inbound:
    if not text(found.content, "Url"):
        return found.unsupported()
    link = Attachment(
        kind=AttachmentKind.LINK,
        url=text(found.content, "Url"),
        name=text(found.content, "Title"),
        text=text(found.content, "Description"),
    )
    return found.make(Kind.MESSAGE, attachments=(link,))


_READERS: Mapping[str, Callable[[_Item], Inbound]] = {
    "text": _text,
    "image": _medium(AttachmentKind.IMAGE, "image/jpeg"),
    "voice": _medium(AttachmentKind.AUDIO),
    "video": _medium(AttachmentKind.VIDEO, "video/mp4"),
    "shortvideo": _medium(AttachmentKind.VIDEO, "video/mp4"),
    "location": _location,
    "link": _link,
}


def _event(found: _Item, event: str) -> Inbound:
    key = text(found.content, "EventKey")
    if event == "subscribe":
        return found.make(Kind.OPT_IN, context=_referral(key.removeprefix(SCENE)))
    if event == "unsubscribe":
        return found.make(Kind.OPT_OUT)
    if event == "templatesendjobfinish":
        return _finished(found)
    if event in _ASKED:
        said = text(found.content, "ScanCodeInfo", "ScanResult")
        return found.make(Kind.POSTBACK, text=said, payload=key)
    if event in _NOTED:
        place = _place(found, "Latitude", "Longitude")
        context = _referral(key) if event == "scan" else {}
        return found.make(Kind.JOINED, payload=key, context=context, attachments=place)
    return found.unsupported()


def _finished(found: _Item) -> Inbound:
    """How a template message fared; its id is spelled otherwise than a message's."""
    name, status = text(found.content, "MsgID"), text(found.content, "Status").lower()
    if not name or not status:
        return found.unsupported()
    state = _STATES.get(status, Delivery.FAILED)
    reason = "" if state is Delivery.DELIVERED else "WeChat could not deliver it: the customer may block it"
    code = "" if state is Delivery.DELIVERED else status.partition(":")[2].strip() or status
    return found.make(Kind.RECEIPT, receipt=Receipt(state=state, message=name, code=code, reason=reason))


def _place(found: _Item, latitude: str, longitude: str, name: str = "") -> tuple[Attachment, ...]:
    where = [text(found.content, field) for field in (latitude, longitude)]
    if not all(where):
        return ()
    return (Attachment(kind=AttachmentKind.LOCATION, url=f"geo:{','.join(where)}", name=name),)


def _referral(scene: str) -> dict[str, str]:
    return {"referral": scene} if scene else {}
